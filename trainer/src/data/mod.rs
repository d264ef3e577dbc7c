//! Data sets of labelled faces, held in memory as 8-bit pixels.

mod error;
mod fer2013;
mod folder;
mod inspect;

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use mien_engine::expression::Expression;

pub use error::DataError;
pub use fer2013::{Fer2013, read as read_fer2013};
pub use folder::read as read_folder;
pub use inspect::{Inspection, SplitCounts};
pub use mien_engine::fer2013::{FACE_PIXELS, RowError, RowFault};

/// Labelled grayscale faces of 48 x 48 pixels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataSet {
    pixels: Vec<u8>,
    labels: Vec<Expression>,
}

impl DataSet {
    /// Adds a face, row-major.
    ///
    /// # Panics
    /// If it does not have [`FACE_PIXELS`] pixels.
    pub fn push(&mut self, face: &[u8], label: Expression) {
        assert_eq!(face.len(), FACE_PIXELS);
        self.pixels.extend_from_slice(face);
        self.labels.push(label);
    }

    /// Number of faces.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no face.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The pixels of a face, row-major, 0 to 255.
    ///
    /// # Panics
    /// If there are not more than `index` faces.
    #[must_use]
    pub fn face(&self, index: usize) -> &[u8] {
        &self.pixels[index * FACE_PIXELS..][..FACE_PIXELS]
    }

    /// The pixels of a face as floats, row-major, 0 to 255.
    ///
    /// # Panics
    /// If there are not more than `index` faces.
    #[must_use]
    pub fn pixels(&self, index: usize) -> Vec<f32> {
        self.face(index)
            .iter()
            .map(|&pixel| f32::from(pixel))
            .collect()
    }

    /// The label of each face.
    #[must_use]
    pub fn labels(&self) -> &[Expression] {
        &self.labels
    }

    /// Moves another set's faces behind these.
    pub fn append(&mut self, mut other: Self) {
        self.pixels.append(&mut other.pixels);
        self.labels.append(&mut other.labels);
    }
}

/// Which part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// What networks learn from.
    Training,
    /// FER2013's validation set: everything is chosen on it.
    PublicTest,
    /// FER2013's test set: scored once for a finished network.
    PrivateTest,
    /// All faces; the only split of a folder.
    All,
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Training => "training",
            Self::PublicTest => "public-test",
            Self::PrivateTest => "private-test",
            Self::All => "all",
        })
    }
}

impl FromStr for Split {
    type Err = DataError;

    /// Takes the names that are displayed and FER2013's own (`PublicTest`), in any letter case.
    fn from_str(text: &str) -> Result<Self, DataError> {
        match text.to_ascii_lowercase().replace('-', "").as_str() {
            "training" => Ok(Self::Training),
            "publictest" => Ok(Self::PublicTest),
            "privatetest" => Ok(Self::PrivateTest),
            "all" => Ok(Self::All),
            _ => Err(DataError::UnknownSplit(text.to_owned())),
        }
    }
}

/// Reads one split of FER2013's CSV (plain or gzip) or of a folder with one subfolder per class.
/// Without a split it is the only one of a folder, or FER2013's [`Split::PublicTest`].
/// Returns the split that was read as well.
pub fn load(path: &Path, split: Option<Split>) -> Result<(DataSet, Split), DataError> {
    let (data, split) = if path.is_dir() {
        match split {
            None | Some(Split::All) => (read_folder(path)?, Split::All),
            Some(split) => {
                return Err(DataError::FolderSplit {
                    path: path.to_owned(),
                    split,
                });
            }
        }
    } else {
        let fer = read_fer2013(path)?;
        let split = split.unwrap_or(Split::PublicTest);
        (fer.into_split(split), split)
    };
    if data.is_empty() {
        return Err(DataError::NoFaces {
            path: path.to_owned(),
            split,
        });
    }
    Ok((data, split))
}
