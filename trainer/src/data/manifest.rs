//! A table that names images: header `path,label` or `path,label,split`, then one image a row.
//!
//! Paths are relative to the table's folder. Labels and splits go by any of their names (see
//! [`names`]); without a split, or with an empty one, a face is for training.

use std::path::Path;

use mien_engine::expression::Expression;

use super::{DataError, Split, Splits, TableFault, image, names, table};

/// The table's columns; the last may be missing.
const HEADER: [&str; 3] = ["path", "label", "split"];

/// Whether a file's first line is this table's header.
pub fn is_header(line: &str) -> bool {
    let columns = table::values(&line.to_ascii_lowercase());
    columns == HEADER || columns == HEADER[..2]
}

/// Reads every image; all malformed rows are reported at once.
pub fn read(path: &Path) -> Result<Splits, DataError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut splits = Splits::default();
    // Whoever asks for a table has seen its header.
    table::read(
        path,
        |_| Ok(()),
        |columns| {
            let (file, label, split) = parse(columns)?;
            let face = image::read_face(&folder.join(file))?;
            splits.get_mut(split).push(&face, label);
            Ok(())
        },
    )?;
    Ok(splits)
}

fn parse<'a>(columns: &[&'a str]) -> Result<(&'a str, Expression, Split), TableFault> {
    let (file, label, split) = match *columns {
        [file, label] => (file, label, ""),
        [file, label, split] => (file, label, split),
        _ => {
            return Err(TableFault::ManifestColumns {
                found: columns.len(),
            });
        }
    };
    let class = names::class(label).ok_or_else(|| TableFault::ClassName {
        found: label.to_owned(),
    })?;
    let split = match split {
        "" => Split::Training,
        name => names::split(name).ok_or_else(|| TableFault::SplitName {
            found: name.to_owned(),
        })?,
    };
    Ok((file, class, split))
}
