//! What can be wrong with a data set; each message says what to do.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

use super::{RowError, Split};
use crate::photo::PhotoFileError;

/// Why a data set cannot be read.
#[derive(Debug, Error)]
pub enum DataError {
    /// The file or folder does not exist or cannot be read.
    #[error("cannot read {}; check the path given as --data", path.display())]
    Read {
        /// What was read.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The file holds nothing.
    #[error("{} is empty; fetch FER2013's CSV again", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file does not begin as FER2013's CSV does.
    #[error(
        "{} begins with {found:?} instead of the header \"emotion,pixels,Usage\"; \
         --data takes FER2013's CSV, plain or gzip, or a folder with one subfolder per class",
        path.display()
    )]
    Header {
        /// The file.
        path: PathBuf,
        /// Its first line, shortened.
        found: String,
    },
    /// Some rows are malformed.
    #[error("{} has {} malformed rows; mend or remove them:{}", path.display(), rows.len(), List(rows))]
    Rows {
        /// The file.
        path: PathBuf,
        /// Every malformed row.
        rows: Vec<RowError>,
    },
    /// No subfolder is named after a class.
    #[error(
        "{} has no subfolder named angry, disgust, fear, happy, sad, surprise or neutral",
        path.display()
    )]
    NoClasses {
        /// The folder.
        path: PathBuf,
    },
    /// A file in a class's folder is not an image that we can decode.
    #[error("cannot decode {}; mend the image or remove it", path.display())]
    Image {
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: PhotoFileError,
    },
    /// The split that was asked for holds no face.
    #[error("{} has no faces in the split {split}; choose another with --split", path.display())]
    NoFaces {
        /// The data set.
        path: PathBuf,
        /// The split.
        split: Split,
    },
    /// Folders have one split only.
    #[error("{} is a folder and has no split {split}; leave --split out", path.display())]
    FolderSplit {
        /// The folder.
        path: PathBuf,
        /// The split that was asked for.
        split: Split,
    },
    /// A split that does not exist.
    #[error("there is no split {0:?}; choose training, public-test, private-test or all")]
    UnknownSplit(String),
}

/// The first few rows, each on its own line.
struct List<'a>(&'a [RowError]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 10;
        for row in self.0.iter().take(SHOWN) {
            write!(f, "\n  {row}")?;
        }
        match self.0.len().checked_sub(SHOWN) {
            None | Some(0) => Ok(()),
            Some(more) => write!(f, "\n  and {more} more"),
        }
    }
}
