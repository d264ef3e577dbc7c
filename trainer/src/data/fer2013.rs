//! FER2013's CSV: header `emotion,pixels,Usage`, then one face a row.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use mien_engine::expression::Expression;

use super::{DataError, DataSet, FACE_PIXELS, RowError, RowFault, Split};

const HEADER: [&str; 3] = ["emotion", "pixels", "Usage"];
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const BOM: [u8; 3] = [0xef, 0xbb, 0xbf];

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
    check_header(path, &line)?;

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
        match parse_row(row, &mut face) {
            Ok((label, split)) => {
                let set = match split {
                    Split::PublicTest => &mut fer.public_test,
                    Split::PrivateTest => &mut fer.private_test,
                    Split::Training | Split::All => &mut fer.training,
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

fn check_header(path: &Path, line: &[u8]) -> Result<(), DataError> {
    if line.is_empty() {
        return Err(DataError::Empty {
            path: path.to_owned(),
        });
    }
    let text = String::from_utf8_lossy(line.strip_prefix(&BOM).unwrap_or(line));
    if text.trim().split(',').map(str::trim).eq(HEADER) {
        return Ok(());
    }
    Err(DataError::Header {
        path: path.to_owned(),
        found: text.trim().chars().take(40).collect(),
    })
}

/// Writes the row's pixels to `face`.
fn parse_row(row: &[u8], face: &mut Vec<u8>) -> Result<(Expression, Split), RowFault> {
    let row = str::from_utf8(row).map_err(|_| RowFault::Encoding)?;
    let mut columns = row.split(',');
    let (Some(label), Some(pixels), Some(usage), None) = (
        columns.next(),
        columns.next(),
        columns.next(),
        columns.next(),
    ) else {
        return Err(RowFault::Columns {
            found: row.split(',').count(),
        });
    };
    let label = label.trim();
    let label = label
        .parse()
        .ok()
        .and_then(Expression::from_index)
        .ok_or_else(|| RowFault::Label {
            found: label.to_owned(),
        })?;
    let split = match usage.trim() {
        "Training" => Split::Training,
        "PublicTest" => Split::PublicTest,
        "PrivateTest" => Split::PrivateTest,
        other => {
            return Err(RowFault::Usage {
                found: other.to_owned(),
            });
        }
    };
    face.clear();
    for (index, pixel) in pixels.split_ascii_whitespace().enumerate() {
        face.push(pixel.parse().map_err(|_| RowFault::Pixel {
            position: index + 1,
            found: pixel.to_owned(),
        })?);
    }
    if face.len() == FACE_PIXELS {
        Ok((label, split))
    } else {
        Err(RowFault::PixelCount { found: face.len() })
    }
}
