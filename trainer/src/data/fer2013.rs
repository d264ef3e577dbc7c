//! FER2013's CSV: header `emotion,pixels,Usage`, then one face a row.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use mien_engine::expression::Expression;
use mien_engine::fer2013::{Columns, HeaderError, MAX_ROW_BYTES, RowFault, Usage};

use super::error::MAX_FAULTY;
use super::{DataError, FACE_PIXELS, RowError, Splits};
use crate::files::{read_line, write_atomically};

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// More faces are refused: bounds what a small compressed file can ask for to 2.5 GB.
const MAX_FACES: usize = 1 << 20;
/// Headers are shorter.
const FIRST_LINE_BYTES: u64 = 4096;

/// Reads the whole file, plain or gzip. A byte order mark, Windows line ends and blank lines are
/// tolerated; every malformed row is reported, until there are [`MAX_FAULTY`].
pub fn read(path: &Path) -> Result<Splits, DataError> {
    let read_error = |source| read_error(path, source);
    let mut lines = open(path)?;
    let mut line = Vec::new();
    read_line(&mut lines, &mut line, MAX_ROW_BYTES).map_err(read_error)?;
    let columns = read_header(path, &line)?;

    let mut fer = Splits::default();
    let mut faulty = Vec::new();
    let mut face = Vec::with_capacity(FACE_PIXELS);
    let mut faces = 0;
    for number in 2.. {
        let length = read_line(&mut lines, &mut line, MAX_ROW_BYTES).map_err(read_error)?;
        if length == 0 || faulty.len() == MAX_FAULTY {
            break;
        }
        let row = line.trim_ascii();
        if row.is_empty() {
            continue;
        }
        let read = if length > MAX_ROW_BYTES {
            Err(RowFault::Length)
        } else {
            columns.row(row).and_then(|row| {
                row.read_pixels(&mut face)?;
                Ok((row.label, row.usage))
            })
        };
        match read {
            Ok(_) if faces == MAX_FACES => {
                return Err(DataError::TooManyFaces {
                    path: path.to_owned(),
                    most: MAX_FACES,
                });
            }
            Ok((label, usage)) => {
                faces += 1;
                fer.get_mut(usage.into()).push(&face, label);
            }
            Err(fault) => faulty.push(RowError {
                line: number,
                fault,
            }),
        }
    }
    if faulty.is_empty() {
        Ok(fer)
    } else {
        Err(DataError::Rows {
            path: path.to_owned(),
            rows: faulty,
        })
    }
}

/// The file's first line, plain or gzip; `None` where it is empty.
pub(super) fn first_line(path: &Path) -> Result<Option<String>, DataError> {
    let mut line = Vec::new();
    let lines = open(path)?;
    lines
        .take(FIRST_LINE_BYTES)
        .read_until(b'\n', &mut line)
        .map_err(|source| read_error(path, source))?;
    let text = String::from_utf8_lossy(&line);
    let text = text.trim_start_matches('\u{feff}').to_owned();
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// Writes a data set in FER2013's layout.
pub fn write(path: &Path, splits: &Splits) -> Result<(), DataError> {
    let mut text = "emotion,pixels,Usage\n".to_owned();
    for usage in Usage::ALL {
        let data = splits.get(usage.into());
        for (face, label) in data.faces().zip(data.labels()) {
            if !Expression::FER2013.contains(label) {
                return Err(DataError::NoLabel { class: *label });
            }
            let pixels: Vec<String> = face.iter().map(u8::to_string).collect();
            let row = [&label.index().to_string(), &pixels.join(" "), usage.name()].join(",");
            text += &row;
            text.push('\n');
        }
    }
    Ok(write_atomically(path, text.as_bytes())?)
}

fn read_error(path: &Path, source: io::Error) -> DataError {
    DataError::Read {
        path: path.to_owned(),
        source,
    }
}

/// Opens a file, plain or gzip.
fn open(path: &Path) -> Result<BufReader<Box<dyn Read>>, DataError> {
    let read_error = |source| read_error(path, source);
    let mut file = BufReader::new(File::open(path).map_err(read_error)?);
    let is_gzip = file
        .fill_buf()
        .map_err(read_error)?
        .starts_with(&GZIP_MAGIC);
    let reader: Box<dyn Read> = if is_gzip {
        Box::new(MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    };
    Ok(BufReader::with_capacity(1 << 16, reader))
}

fn read_header(path: &Path, line: &[u8]) -> Result<Columns, DataError> {
    let path = path.to_owned();
    Columns::from_header(line).map_err(|error| match error {
        HeaderError::Empty => DataError::Empty { path },
        HeaderError::Columns { found } => DataError::Header { path, found },
        HeaderError::Gzip => DataError::Header {
            path,
            found: "gzip inside gzip".to_owned(),
        },
    })
}
