//! Folders of images, as many data sets are copied.
//!
//! An image is of the class after which the nearest folder above it is named (see
//! [`names::class`]): `happy/1.png`, FERG's `aia/aia_joy/aia_joy_1.png` and Oulu-CASIA's
//! `Strong/P001/Happiness/000.jpeg` alike. Folders `0` to `7` count as classes where all eight are
//! there, as in copies of `AffectNet`; fewer are ambiguous, because every data set has its own
//! order. JAFFE's files carry the class in their own names.
//!
//! A folder at the top that is named after a split (see [`names::split`]) holds that split; all
//! other faces are for training. Files that are no images, hidden ones, and images without a
//! class are passed over.

use std::fs;
use std::path::{Path, PathBuf};

use mien_engine::expression::Expression;

use super::{DataError, Split, Splits, image, names};

/// Reads every image that has a class as a gray face of 48 x 48 pixels.
pub fn read(path: &Path) -> Result<Splits, DataError> {
    let mut splits = Splits::default();
    let mut walk = Walk {
        splits: &mut splits,
        numbered: false,
    };
    for entry in sorted_entries(path)? {
        let split = names::split(&name(&entry)).filter(|_| entry.is_dir());
        match split {
            Some(split) => walk.folder(&entry, split, None)?,
            None => walk.entry(&entry, path, Split::Training, None)?,
        }
    }
    let numbered = walk.numbered;
    if !splits.is_empty() {
        return Ok(splits);
    }
    let path = path.to_owned();
    Err(if numbered {
        DataError::NumberedClasses { path }
    } else {
        DataError::NoClasses { path }
    })
}

/// The walk through all folders.
struct Walk<'a> {
    splits: &'a mut Splits,
    /// Whether there were folders with numbers that could not be told.
    numbered: bool,
}

impl Walk<'_> {
    fn folder(
        &mut self,
        folder: &Path,
        split: Split,
        class: Option<Expression>,
    ) -> Result<(), DataError> {
        for entry in sorted_entries(folder)? {
            self.entry(&entry, folder, split, class)?;
        }
        Ok(())
    }

    fn entry(
        &mut self,
        entry: &Path,
        parent: &Path,
        split: Split,
        class: Option<Expression>,
    ) -> Result<(), DataError> {
        if entry.is_dir() {
            let class = self.class_of(entry, parent).or(class);
            return self.folder(entry, split, class);
        }
        let class = class.or_else(|| names::jaffe_class(entry));
        if let Some(class) = class.filter(|_| image::is_image(entry)) {
            let face = image::read_face(entry)?;
            self.splits.get_mut(split).push(&face, class);
        }
        Ok(())
    }

    fn class_of(&mut self, folder: &Path, parent: &Path) -> Option<Expression> {
        let name = name(folder);
        let Ok(number) = name.parse::<usize>() else {
            return names::class(&name);
        };
        let is_affectnet = (0..names::AFFECTNET.len()).all(|n| parent.join(n.to_string()).is_dir());
        self.numbered |= !is_affectnet;
        names::AFFECTNET
            .get(number)
            .copied()
            .filter(|_| is_affectnet)
    }
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
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
