//! Tables of comma-separated values, read row by row. A value in double quotes may hold commas,
//! and doubled quotes for one (RFC 4180); no value reaches over a line's end.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use super::error::MAX_FAULTY;
use super::{DataError, TableFault, TableRowError};
use crate::files::read_line;

/// Longer rows are malformed.
const MAX_ROW_BYTES: usize = 1 << 16;

/// Reads a table: `header` sees the first row, `row` every other one that is not empty. Malformed
/// rows are reported at once, up to [`MAX_FAULTY`] of them; other errors end the reading.
pub fn read(
    path: &Path,
    header: impl FnOnce(&[String]) -> Result<(), DataError>,
    mut row: impl FnMut(&[&str]) -> Result<(), RowOrData>,
) -> Result<(), DataError> {
    let read_error = |source| DataError::Read {
        path: path.to_owned(),
        source,
    };
    let mut lines = BufReader::new(File::open(path).map_err(read_error)?);
    let mut header = Some(header);
    let mut faulty = Vec::new();
    let mut line = Vec::new();
    for number in 1.. {
        let length = read_line(&mut lines, &mut line, MAX_ROW_BYTES).map_err(read_error)?;
        if length == 0 || faulty.len() == MAX_FAULTY {
            break;
        }
        let mut fail = |fault| {
            faulty.push(TableRowError {
                line: number,
                fault,
            });
        };
        if length > MAX_ROW_BYTES {
            fail(TableFault::Length);
            continue;
        }
        let Ok(text) = str::from_utf8(&line) else {
            fail(TableFault::Encoding);
            continue;
        };
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            continue;
        }
        let values = values(text);
        if let Some(check) = header.take() {
            check(&values)?;
            continue;
        }
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        match row(&values) {
            Ok(()) => {}
            Err(RowOrData::Data(error)) => return Err(error),
            Err(RowOrData::Row(fault)) => fail(fault),
        }
    }
    if faulty.is_empty() {
        return Ok(());
    }
    Err(DataError::Table {
        path: path.to_owned(),
        rows: faulty,
    })
}

/// What may be wrong when a row is taken in.
#[derive(Debug)]
pub enum RowOrData {
    /// The row itself.
    Row(TableFault),
    /// Something that ends the reading.
    Data(DataError),
}

impl From<TableFault> for RowOrData {
    fn from(fault: TableFault) -> Self {
        Self::Row(fault)
    }
}

impl From<DataError> for RowOrData {
    fn from(error: DataError) -> Self {
        Self::Data(error)
    }
}

/// The values of a line, without the space around them.
pub fn values(line: &str) -> Vec<String> {
    let mut values = vec![String::new()];
    let mut quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        let value = values.len() - 1;
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                values[value].push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => values.push(String::new()),
            _ => values[value].push(character),
        }
    }
    values
        .into_iter()
        .map(|value| value.trim().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_commas_together() {
        assert_eq!(values("a, b ,"), ["a", "b", ""]);
        assert_eq!(values(r#""a, b",c"#), ["a, b", "c"]);
        assert_eq!(values(r#""say ""so""",1"#), [r#"say "so""#, "1"]);
    }
}
