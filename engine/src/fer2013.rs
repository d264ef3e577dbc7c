//! FER2013's CSV, row by row: a header that names the columns `emotion`, `pixels` and `Usage`, in
//! any order, then one face a row.
//!
//! [`Columns`] reads one row; [`read_piece`] reads as many as a piece of the file holds, so that
//! no more than a piece is ever in memory. Byte order marks, Windows line ends and blank lines are
//! tolerated; every other deviation is a [`RowFault`] of its row and harms no other.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::crop::SIDE;
use crate::expression::Expression;

/// Pixels of one face: 48 x 48.
pub const FACE_PIXELS: usize = SIDE * SIDE;

/// Longer rows are malformed: a well-formed one has less than 10 kB.
pub const MAX_ROW_BYTES: usize = 1 << 16;

const BOM: [u8; 3] = [0xef, 0xbb, 0xbf];
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Characters of foreign text that errors quote.
const QUOTED: usize = 40;

/// FER2013's own split of its faces, under its own names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Usage {
    /// What networks learn from.
    Training,
    /// The validation set.
    PublicTest,
    /// The test set.
    PrivateTest,
}

impl Usage {
    /// Every split, in FER2013's order.
    pub const ALL: [Self; 3] = [Self::Training, Self::PublicTest, Self::PrivateTest];

    /// The name in the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Training => "Training",
            Self::PublicTest => "PublicTest",
            Self::PrivateTest => "PrivateTest",
        }
    }

    /// The split with this [`name`](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|usage| usage.name() == name)
    }
}

/// Why a file is not FER2013's CSV.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum HeaderError {
    /// It holds nothing: fetch it again.
    #[error("the file is empty")]
    Empty,
    /// It is compressed: unpack it first.
    #[error("the file is compressed with gzip")]
    Gzip,
    /// It begins otherwise: choose another file, or name the columns in its first line.
    #[error("the file begins with {found:?} instead of the header \"emotion,pixels,Usage\"")]
    Columns {
        /// Its first line, shortened.
        found: String,
    },
}

/// A malformed row.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[error("line {line}: {fault}")]
pub struct RowError {
    /// Line in the file; the header is line 1.
    pub line: usize,
    /// What is wrong with it.
    pub fault: RowFault,
}

/// What is wrong with a row. Foreign text is shortened.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum RowFault {
    /// Not three columns.
    #[error("{found} columns instead of 3 (emotion, pixels, Usage)")]
    Columns {
        /// How many there are.
        found: usize,
    },
    /// Not a label.
    #[error("the emotion is {found:?} instead of a number from 0 to 6")]
    Label {
        /// What stands there.
        found: String,
    },
    /// Too few or too many pixels.
    #[error("{found} pixels instead of {FACE_PIXELS}")]
    PixelCount {
        /// How many there are.
        found: usize,
    },
    /// Not a pixel value.
    #[error("pixel {position} is {found:?} instead of a number from 0 to 255")]
    Pixel {
        /// Which one, from 1.
        position: usize,
        /// What stands there.
        found: String,
    },
    /// Not one of FER2013's splits.
    #[error("the Usage is {found:?} instead of Training, PublicTest or PrivateTest")]
    Usage {
        /// What stands there.
        found: String,
    },
    /// Not text.
    #[error("the row is not UTF-8 text")]
    Encoding,
    /// Longer than [`MAX_ROW_BYTES`], or than a piece of the file.
    #[error("the row is far too long")]
    Length,
}

/// Where each column stands, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Columns {
    emotion: usize,
    pixels: usize,
    usage: usize,
}

/// A row whose pixels have not been read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// The face's class.
    pub label: Expression,
    /// The split it belongs to.
    pub usage: Usage,
    pixels: &'a str,
}

impl Columns {
    /// Reads the first line of a file.
    pub fn from_header(line: &[u8]) -> Result<Self, HeaderError> {
        if line.is_empty() {
            return Err(HeaderError::Empty);
        }
        if line.starts_with(&GZIP_MAGIC) {
            return Err(HeaderError::Gzip);
        }
        let text = String::from_utf8_lossy(line.strip_prefix(&BOM).unwrap_or(line));
        let names: Vec<_> = text.trim().split(',').map(str::trim).collect();
        let place = |name: &str| names.iter().position(|found| *found == name);
        match (
            place("emotion"),
            place("pixels"),
            place("Usage"),
            names.len(),
        ) {
            (Some(emotion), Some(pixels), Some(usage), 3) => Ok(Self {
                emotion,
                pixels,
                usage,
            }),
            _ => Err(HeaderError::Columns {
                found: shortened(text.trim()),
            }),
        }
    }

    /// Reads a line, all but its pixels.
    pub fn row(self, line: &[u8]) -> Result<Row<'_>, RowFault> {
        let text = str::from_utf8(line).map_err(|_| RowFault::Encoding)?;
        let mut fields = text.split(',');
        let (Some(first), Some(second), Some(third), None) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Err(RowFault::Columns {
                found: text.split(',').count(),
            });
        };
        let field = |place: usize| [first, second, third][place].trim();
        let label = field(self.emotion);
        let label = (label.parse().ok())
            .and_then(|label: usize| Expression::FER2013.get(label).copied())
            .ok_or_else(|| RowFault::Label {
                found: shortened(label),
            })?;
        let usage = field(self.usage);
        let usage = Usage::from_name(usage).ok_or_else(|| RowFault::Usage {
            found: shortened(usage),
        })?;
        Ok(Row {
            label,
            usage,
            pixels: field(self.pixels),
        })
    }
}

impl Row<'_> {
    /// The pixels, row-major, put in the place of what `face` holds.
    pub fn read_pixels(&self, face: &mut Vec<u8>) -> Result<(), RowFault> {
        face.clear();
        for (index, pixel) in self.pixels.split_ascii_whitespace().enumerate() {
            face.push(pixel.parse().map_err(|_| RowFault::Pixel {
                position: index + 1,
                found: shortened(pixel),
            })?);
        }
        if face.len() == FACE_PIXELS {
            Ok(())
        } else {
            Err(RowFault::PixelCount { found: face.len() })
        }
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(QUOTED).collect()
}

/// How far a file has been read. Begins before the first byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Bytes read.
    pub byte: u64,
    /// Lines read.
    pub line: usize,
    /// What the header says; `None` before it has been read.
    columns: Option<Columns>,
    /// Whether it stands inside a row that is too long.
    is_skipping: bool,
}

/// A face of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelledFace {
    /// Its line in the file; the header is line 1.
    pub line: usize,
    /// Its class.
    pub label: Expression,
    /// The split it belongs to.
    pub usage: Usage,
    /// [`FACE_PIXELS`] values, row-major.
    pub pixels: Vec<u8>,
}

/// What a piece of the file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// The faces that were wanted.
    pub faces: Vec<LabelledFace>,
    /// Rows of other splits.
    pub passed_over: usize,
    /// The malformed rows.
    pub faulty: Vec<RowError>,
    /// Where the next piece begins: behind the last whole line.
    pub end: Cursor,
}

/// Reads the whole lines of a piece of a file: its bytes from `start.byte` on, as many as one
/// likes, but the same number each time. `is_last` says that the file ends with it. Faces of
/// another split than `wanted` are passed over.
pub fn read_piece(
    bytes: &[u8],
    start: Cursor,
    is_last: bool,
    wanted: Option<Usage>,
) -> Result<Piece, HeaderError> {
    let mut piece = Piece {
        end: start,
        ..Piece::default()
    };
    let end = &mut piece.end;
    let whole = match bytes.iter().rposition(|&byte| byte == b'\n') {
        Some(last) if !is_last => last + 1,
        None if !is_last && end.columns.is_some() => {
            // Not one line fits: it is no row, and the next piece begins in its midst.
            if !end.is_skipping {
                piece.faulty.push(RowError {
                    line: end.line + 1,
                    fault: RowFault::Length,
                });
            }
            end.byte += bytes.len() as u64;
            end.is_skipping = true;
            return Ok(piece);
        }
        _ => bytes.len(),
    };
    let mut pixels = Vec::with_capacity(FACE_PIXELS);
    for line in bytes[..whole].split_inclusive(|&byte| byte == b'\n') {
        end.byte += line.len() as u64;
        end.line += 1;
        let number = end.line;
        let mut fail = |fault| {
            piece.faulty.push(RowError {
                line: number,
                fault,
            });
        };
        let Some(columns) = end.columns else {
            end.columns = Some(Columns::from_header(line)?);
            continue;
        };
        let line = line.trim_ascii();
        if std::mem::take(&mut end.is_skipping) || line.is_empty() {
            continue;
        }
        match columns.row(line) {
            Ok(row) if wanted.is_some_and(|wanted| wanted != row.usage) => piece.passed_over += 1,
            Ok(row) => match row.read_pixels(&mut pixels) {
                Ok(()) => piece.faces.push(LabelledFace {
                    line: number,
                    label: row.label,
                    usage: row.usage,
                    pixels: pixels.clone(),
                }),
                Err(fault) => fail(fault),
            },
            Err(fault) => fail(fault),
        }
    }
    if is_last && end.columns.is_none() {
        return Err(HeaderError::Empty);
    }
    Ok(piece)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(label: &str, value: &str, usage: &str) -> String {
        format!("{label},{},{usage}", vec![value; FACE_PIXELS].join(" "))
    }

    /// Reads a file in pieces of `length` bytes.
    fn read(file: &[u8], length: usize, wanted: Option<Usage>) -> Result<Piece, HeaderError> {
        let mut all = Piece::default();
        loop {
            let start = all.end.byte as usize;
            let end = (start + length).min(file.len());
            let is_last = end == file.len();
            let piece = read_piece(&file[start..end], all.end, is_last, wanted)?;
            assert!(is_last || piece.end.byte > all.end.byte, "no progress");
            all.faces.extend(piece.faces);
            all.faulty.extend(piece.faulty);
            all.passed_over += piece.passed_over;
            all.end = piece.end;
            if is_last {
                return Ok(all);
            }
        }
    }

    #[test]
    fn the_length_of_pieces_changes_nothing() {
        let rows = [
            "\u{feff}emotion,pixels,Usage\r".to_owned(),
            row("3", "7", "Training"),
            String::new(),
            row("7", "7", "Training"),
            row("6", "9", "PublicTest") + "\r",
            "3,1 2 3,Training".to_owned(),
            row("0", "256", "Training"),
            row("4", "1", "PrivateTest"),
        ];
        let file = rows.join("\n").into_bytes();
        let whole = read(&file, file.len(), None).expect("a header");
        let faces: Vec<_> = (whole.faces.iter())
            .map(|face| (face.line, face.label, face.usage, face.pixels[0]))
            .collect();
        assert_eq!(
            faces,
            [
                (2, Expression::Happy, Usage::Training, 7),
                (5, Expression::Neutral, Usage::PublicTest, 9),
                (8, Expression::Sad, Usage::PrivateTest, 1),
            ]
        );
        let lines: Vec<_> = whole.faulty.iter().map(|row| row.line).collect();
        assert_eq!(lines, [4, 6, 7]);
        for length in [10_000, 12_345, 20_000, file.len() - 1] {
            assert_eq!(read(&file, length, None), Ok(whole.clone()));
        }
        let public = read(&file, 12_000, Some(Usage::PublicTest)).expect("a header");
        assert_eq!((public.faces.len(), public.passed_over), (1, 4));
    }

    #[test]
    fn a_row_without_end_is_one_fault() {
        let file = format!(
            "emotion,pixels,Usage\n{}\n{}\n",
            "1 ".repeat(30_000),
            row("1", "2", "Training")
        );
        let read = read(file.as_bytes(), 12_000, None).expect("a header");
        let fault = RowFault::Length;
        assert_eq!(read.faulty, [RowError { line: 2, fault }]);
        assert_eq!((read.faces.len(), read.faces[0].line), (1, 3));
    }

    #[test]
    fn columns_may_stand_in_any_order() {
        let columns = Columns::from_header(b"emotion, Usage, pixels\n").expect("three names");
        let line = format!("2,Training,{}", vec!["5"; FACE_PIXELS].join(" "));
        let row = columns.row(line.as_bytes()).expect("a row");
        assert_eq!((row.label, row.usage), (Expression::Fear, Usage::Training));
        let mut face = vec![1];
        row.read_pixels(&mut face).expect("pixels");
        assert_eq!(face, [5; FACE_PIXELS]);
    }

    #[test]
    fn other_files_are_refused() {
        for (file, error) in [
            (&b""[..], HeaderError::Empty),
            (&[0x1f, 0x8b, 8, 0, 0], HeaderError::Gzip),
            (
                b"id,name\n1,x\n",
                HeaderError::Columns {
                    found: "id,name".to_owned(),
                },
            ),
            (
                b"no line end at all",
                HeaderError::Columns {
                    found: "no line end at all".to_owned(),
                },
            ),
        ] {
            assert_eq!(read_piece(file, Cursor::default(), true, None), Err(error));
        }
    }

    #[test]
    fn foreign_text_is_shortened() {
        let columns = Columns::from_header(b"emotion,pixels,Usage").expect("three names");
        let line = format!("{},1,Training", "x".repeat(500));
        assert_eq!(
            columns.row(line.as_bytes()),
            Err(RowFault::Label {
                found: "x".repeat(QUOTED)
            })
        );
    }
}
