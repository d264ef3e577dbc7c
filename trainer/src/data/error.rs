//! What can be wrong with a data set; each message says what to do.

use std::fmt;
use std::path::PathBuf;

use mien_engine::expression::Expression;
use thiserror::Error;

use super::{RowError, Split};
use crate::files::WriteError;
use crate::photo::PhotoFileError;

/// Reading ends when so many rows are malformed: who mends them has the rest named next time.
pub const MAX_FAULTY: usize = 1000;

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
        "{} begins with {found:?} instead of the header \"emotion,pixels,Usage\"; --data takes \
         FER2013's CSV, plain or gzip, a table with the header \"path,label,split\", or a folder \
         with one subfolder per class",
        path.display()
    )]
    Header {
        /// The file.
        path: PathBuf,
        /// Its first line, shortened.
        found: String,
    },
    /// Some rows are malformed.
    #[error("{} has {} malformed rows; mend or remove them:{}", path.display(), Count(rows.len()), List(rows))]
    Rows {
        /// The file.
        path: PathBuf,
        /// The malformed rows, the first [`MAX_FAULTY`] of them.
        rows: Vec<RowError>,
    },
    /// There are more faces than memory is meant for.
    #[error("{} holds more than {most} faces; split the file", path.display())]
    TooManyFaces {
        /// The file.
        path: PathBuf,
        /// How many there may be.
        most: usize,
    },
    /// Some rows of a table are malformed.
    #[error("{} has {} malformed rows; mend or remove them:{}", path.display(), Count(rows.len()), List(rows))]
    Table {
        /// The file.
        path: PathBuf,
        /// The malformed rows, the first [`MAX_FAULTY`] of them.
        rows: Vec<TableRowError>,
    },
    /// No image lies below a folder named after a class.
    #[error(
        "{} has no images in a subfolder named angry, disgust, fear, happy, sad, surprise, \
         neutral or contempt",
        path.display()
    )]
    NoClasses {
        /// The folder.
        path: PathBuf,
    },
    /// The folders have numbers, and which class a number means is not known.
    #[error(
        "{} has numbered subfolders, whose order differs between data sets; name them after \
         their classes",
        path.display()
    )]
    NumberedClasses {
        /// The folder.
        path: PathBuf,
    },
    /// The file does not begin as FER+'s votes do.
    #[error(
        "{} does not hold FER+'s votes; give the path of fer2013new.csv with --votes",
        path.display()
    )]
    VotesHeader {
        /// The file.
        path: PathBuf,
    },
    /// The table names no groups.
    #[error(
        "{} needs a header with path, label and at least one further column that names groups",
        path.display()
    )]
    GroupHeader {
        /// The file.
        path: PathBuf,
    },
    /// FER+ goes with the original FER2013, row for row.
    #[error(
        "{} has {votes} rows for the split {split}, but there are {faces} faces; give FER2013's \
         original CSV with --data",
        path.display()
    )]
    VotesRows {
        /// The file with the votes.
        path: PathBuf,
        /// The split.
        split: Split,
        /// Faces of the split.
        faces: usize,
        /// Rows of the split.
        votes: usize,
    },
    /// A file is not an image that we can decode.
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
    /// FER2013's layout has no label for a class.
    #[error(
        "FER2013's layout has no label for {}; remove its faces, or keep to the run setting \
         data.drop_cross_split",
        class.name()
    )]
    NoLabel {
        /// The class.
        class: Expression,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A split that does not exist.
    #[error("there is no split {0:?}; choose training, public-test, private-test or all")]
    UnknownSplit(String),
}

/// A malformed row of a table.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {fault}")]
pub struct TableRowError {
    /// Line in the file; the header is line 1.
    pub line: usize,
    /// What is wrong with it.
    pub fault: TableFault,
}

/// What is wrong with a row of a table.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TableFault {
    /// Neither two nor three columns in a table of images.
    #[error("{found} columns instead of 2 or 3 (path, label, split)")]
    ManifestColumns {
        /// How many there are.
        found: usize,
    },
    /// Not as many columns as the header has.
    #[error("{found} columns instead of {expected}, as the header has")]
    GroupColumns {
        /// How many there are.
        found: usize,
        /// How many the header has.
        expected: usize,
    },
    /// Not a class.
    #[error("the label is {found:?} instead of a class such as angry or happy")]
    ClassName {
        /// What stands there.
        found: String,
    },
    /// Not a split.
    #[error("the split is {found:?} instead of training, validation or test")]
    SplitName {
        /// What stands there.
        found: String,
    },
    /// Not the columns of FER+'s votes.
    #[error("{found} columns instead of 12 (Usage, Image name, votes for ten choices)")]
    VoteColumns {
        /// How many there are.
        found: usize,
    },
    /// Not a number of votes.
    #[error("{found:?} instead of a number of votes")]
    Vote {
        /// What stands there.
        found: String,
    },
    /// Not text.
    #[error("the row is not UTF-8 text")]
    Encoding,
    /// Longer than any row.
    #[error("the row is far too long")]
    Length,
}

/// How many malformed rows there are.
struct Count(usize);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let least = if self.0 < MAX_FAULTY { "" } else { "at least " };
        write!(f, "{least}{}", self.0)
    }
}

/// The first few rows, each on its own line.
struct List<'a, T>(&'a [T]);

impl<T: fmt::Display> fmt::Display for List<'_, T> {
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
