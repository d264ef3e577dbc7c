//! A table that names images with the groups that their people belong to: header `path,label` and
//! any further columns, each of which sorts the images into groups.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use mien_engine::expression::Expression;

use super::{DataError, TableFault, names, table};

/// An image of such a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupedImage {
    /// Its file.
    pub path: PathBuf,
    /// Its class.
    pub label: Expression,
    /// Its group in each column; empty where the table says nothing.
    pub groups: Vec<String>,
}

/// The images of such a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupedImages {
    /// Names of the columns that hold groups.
    pub columns: Vec<String>,
    /// The images.
    pub images: Vec<GroupedImage>,
}

/// Reads the table; paths are relative to its folder. A column `split` is passed over. All
/// malformed rows are reported at once.
pub fn read_grouped(path: &Path) -> Result<GroupedImages, DataError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    // Written by the header, read by the rows after it.
    let header: RefCell<Vec<String>> = RefCell::default();
    let mut images = Vec::new();
    table::read(
        path,
        |columns| {
            let columns: Vec<String> = columns.iter().map(|it| it.to_ascii_lowercase()).collect();
            let has = |name: &str| columns.iter().any(|it| it == name);
            if !(has("path") && has("label")) || groups(&columns).next().is_none() {
                return Err(DataError::GroupHeader {
                    path: path.to_owned(),
                });
            }
            header.replace(columns);
            Ok(())
        },
        |row| {
            let header = header.borrow();
            if row.len() != header.len() {
                return Err(TableFault::GroupColumns {
                    found: row.len(),
                    expected: header.len(),
                }
                .into());
            }
            let value = |name: &str| {
                let place = header.iter().position(|it| it == name);
                place.map_or("", |place| row[place])
            };
            let label = names::class(value("label")).ok_or_else(|| TableFault::ClassName {
                found: value("label").to_owned(),
            })?;
            images.push(GroupedImage {
                path: folder.join(value("path")),
                label,
                groups: groups(&header).map(|place| row[place].to_owned()).collect(),
            });
            Ok(())
        },
    )?;
    let header = header.into_inner();
    Ok(GroupedImages {
        columns: groups(&header).map(|place| header[place].clone()).collect(),
        images,
    })
}

/// The places of the columns that hold groups.
fn groups(header: &[String]) -> impl Iterator<Item = usize> {
    let is_group = |name: &str| !["path", "label", "split"].contains(&name);
    (0..header.len()).filter(move |&place| is_group(&header[place]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Result<GroupedImages, DataError> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("table.csv");
        std::fs::write(&path, text).expect("a file");
        read_grouped(&path)
    }

    #[test]
    fn further_columns_are_groups() {
        let text = "path,label,Age,split,skin\na.png,happy,20-29,test,\"I, II\"\nb.png,fear,,,V\n";
        let found = table(text).expect("a table");
        assert_eq!(found.columns, ["age", "skin"]);
        assert_eq!(found.images[0].label, Expression::Happy);
        assert_eq!(found.images[0].groups, ["20-29", "I, II"]);
        assert_eq!(found.images[1].groups, ["", "V"]);
        assert!(found.images[1].path.ends_with("b.png"));
    }

    #[test]
    fn a_table_without_groups_or_with_broken_rows_is_refused() {
        for header in ["path,label\n", "path,label,split\n", "label,age\n"] {
            assert!(matches!(table(header), Err(DataError::GroupHeader { .. })));
        }
        let broken = "path,label,age\na.png,happy\nb.png,bored,3\nc.png,sad,4\n";
        let Err(DataError::Table { rows, .. }) = table(broken) else {
            panic!("two broken rows");
        };
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 3]);
    }
}
