//! FER2013's CSV: header `emotion,pixels,Usage`, then one face a row.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use mien_engine::fer2013::{Columns, HeaderError, Usage};

use super::{DataError, DataSet, FACE_PIXELS, RowError, Split};

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// FER2013's three splits.
#[derive(Clone, Debug, Default)]
pub struct Fer2013 {
    /// What networks learn from.
    pub training: DataSet,
    /// The validation set.
    pub public_test: DataSet,
    /// The test set.
    pub private_test: DataSet,
}

impl Fer2013 {
    /// One split.
    #[must_use]
    pub fn into_split(self, split: Split) -> DataSet {
        match split {
            Split::Training => self.training,
            Split::PublicTest => self.public_test,
            Split::PrivateTest => self.private_test,
            Split::All => {
                let mut all = self.training;
                all.append(self.public_test);
                all.append(self.private_test);
                all
            }
        }
    }
}

/// Reads the whole file, plain or gzip. A byte order mark, Windows line ends and blank lines are
/// tolerated; every malformed row is reported.
pub fn read(path: &Path) -> Result<Fer2013, DataError> {
    let read_error = |source| DataError::Read {
        path: path.to_owned(),
        source,
    };
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
    let mut lines = BufReader::with_capacity(1 << 16, reader);

    let mut line = Vec::new();
    lines.read_until(b'\n', &mut line).map_err(read_error)?;
    let columns = read_header(path, &line)?;

    let mut fer = Fer2013::default();
    let mut faulty = Vec::new();
    let mut face = Vec::with_capacity(FACE_PIXELS);
    for number in 2.. {
        line.clear();
        if lines.read_until(b'\n', &mut line).map_err(read_error)? == 0 {
            break;
        }
        let row = line.trim_ascii();
        if row.is_empty() {
            continue;
        }
        let read = columns.row(row).and_then(|row| {
            row.read_pixels(&mut face)?;
            Ok((row.label, row.usage))
        });
        match read {
            Ok((label, usage)) => {
                let set = match usage {
                    Usage::Training => &mut fer.training,
                    Usage::PublicTest => &mut fer.public_test,
                    Usage::PrivateTest => &mut fer.private_test,
                };
                set.push(&face, label);
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
