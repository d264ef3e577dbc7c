//! Folders with one subfolder per class, as many data sets are copied.

use std::fs;
use std::path::{Path, PathBuf};

use mien_engine::crop::FaceCrop;
use mien_engine::expression::Expression;

use super::{DataError, DataSet};
use crate::photo::decode_photo;

/// Reads every image of the subfolders named after a class, as
/// [`Expression::from_folder_name`] understands it, as gray faces of 48 x 48 pixels. Files whose name begins with a dot are passed over; so are other subfolders.
pub fn read(path: &Path) -> Result<DataSet, DataError> {
    let mut data = DataSet::default();
    let mut found_class = false;
    for folder in sorted_entries(path)? {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let Some(label) = Expression::from_folder_name(&name).filter(|_| folder.is_dir()) else {
            continue;
        };
        found_class = true;
        for file in sorted_entries(&folder)? {
            data.push(&read_face(&file)?, label);
        }
    }
    if found_class {
        Ok(data)
    } else {
        Err(DataError::NoClasses {
            path: path.to_owned(),
        })
    }
}

/// Visible entries by name, so that the order does not depend on the file system.
fn sorted_entries(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let read_error = |source| DataError::Read {
        path: folder.to_owned(),
        source,
    };
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(read_error)? {
        let entry = entry.map_err(read_error)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            entries.push(entry.path());
        }
    }
    entries.sort();
    Ok(entries)
}

/// The picture as the page takes it too.
fn read_face(path: &Path) -> Result<Vec<u8>, DataError> {
    let bytes = fs::read(path).map_err(|source| DataError::Read {
        path: path.to_owned(),
        source,
    })?;
    let photo = decode_photo(&bytes).map_err(|source| DataError::Image {
        path: path.to_owned(),
        source,
    })?;
    Ok(FaceCrop::whole(&photo).to_gray())
}
