//! Data sets of labelled faces, held in memory as 8-bit pixels.

mod annotators;
mod error;
mod fer2013;
mod ferplus;
mod folder;
mod grouped;
mod image;
mod inspect;
mod manifest;
mod names;
mod near;
mod source;
mod splits;
mod table;

use std::path::Path;

use mien_engine::expression::Expression;

pub use annotators::LabelModel;
pub use error::{DataError, TableFault, TableRowError};
pub use fer2013::{read as read_fer2013, write as write_fer2013};
pub use ferplus::{Votes, read_votes};
pub use folder::read as read_folder;
pub use grouped::{GroupedImage, GroupedImages, read_grouped};
pub use inspect::{Duplicates, Inspection, SplitCounts};
pub use manifest::read as read_manifest;
pub use mien_engine::fer2013::{FACE_PIXELS, RowError, RowFault};
pub use source::{DataConfig, Labels, Prepared, VOTES_FILE, drop_cross_split, prepare};
pub use splits::{Split, Splits};

/// Classes of FER+.
pub const FERPLUS_CLASSES: usize = Expression::FERPLUS.len();

/// Labelled grayscale faces of 48 x 48 pixels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataSet {
    pixels: Vec<u8>,
    labels: Vec<Expression>,
    /// One for each face, or none at all.
    distributions: Vec<[f32; FERPLUS_CLASSES]>,
    /// The classes that are told apart, where they are not all; see [`classes`](Self::classes).
    some: Vec<Expression>,
}

impl DataSet {
    /// Adds a face, row-major.
    ///
    /// # Panics
    /// If it does not have [`FACE_PIXELS`] pixels.
    pub fn push(&mut self, face: &[u8], label: Expression) {
        assert_eq!(face.len(), FACE_PIXELS);
        assert!(
            self.distributions.is_empty(),
            "all faces have distributions"
        );
        self.pixels.extend_from_slice(face);
        self.labels.push(label);
    }

    /// Adds a face, row-major, with the share of people who see each class in it, in label order.
    /// Its label is the class with the largest share, the first of equal ones.
    ///
    /// # Panics
    /// If it does not have [`FACE_PIXELS`] pixels, or other faces have no distributions.
    pub fn push_distribution(&mut self, face: &[u8], shares: [f32; FERPLUS_CLASSES]) {
        let largest = shares.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let label = Expression::FERPLUS
            .into_iter()
            .find(|class| shares[class.index()] >= largest);
        self.push_labelled(face, label.unwrap_or(Expression::Neutral), shares);
    }

    /// As [`push_distribution`](Self::push_distribution), with a label of its own.
    pub(super) fn push_labelled(
        &mut self,
        face: &[u8],
        label: Expression,
        shares: [f32; FERPLUS_CLASSES],
    ) {
        assert_eq!(face.len(), FACE_PIXELS);
        assert_eq!(self.distributions.len(), self.labels.len());
        self.pixels.extend_from_slice(face);
        self.labels.push(label);
        self.distributions.push(shares);
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

    /// The classes that are told apart, in the order of a network's outputs: all of FER+, of which
    /// FER2013's come first, unless [`keep`](Self::keep) has chosen some.
    #[must_use]
    pub fn classes(&self) -> &[Expression] {
        if self.some.is_empty() {
            &Expression::FERPLUS
        } else {
            &self.some
        }
    }

    /// The label of each face as a position among [`classes`](Self::classes).
    #[must_use]
    pub fn targets(&self) -> Vec<usize> {
        (0..self.len()).map(|index| self.target(index)).collect()
    }

    /// The label of a face as a position among [`classes`](Self::classes).
    ///
    /// # Panics
    /// If there are not more than `index` faces.
    #[must_use]
    pub fn target(&self, index: usize) -> usize {
        let label = self.labels[index];
        if self.some.is_empty() {
            return label.index();
        }
        let position = self.some.iter().position(|&class| class == label);
        position.expect("keep has removed the faces of other classes")
    }

    /// Leaves only the faces of some classes, which become the ones that are told apart, and says
    /// how many faces were removed. What people see in a face is forgotten: it is of other classes.
    pub fn keep(&mut self, classes: &[Expression]) -> usize {
        let before = self.len();
        let known = |&index: &usize| classes.contains(&self.labels[index]);
        *self = self.select((0..before).filter(known));
        self.distributions.clear();
        self.some = classes.to_vec();
        before - self.len()
    }

    /// The share of people who see each class in a face, in label order; `None` where only labels
    /// are known.
    #[must_use]
    pub fn distribution(&self, index: usize) -> Option<&[f32; FERPLUS_CLASSES]> {
        self.distributions.get(index)
    }

    /// The pixels of every face.
    pub fn faces(&self) -> impl Iterator<Item = &[u8]> {
        self.pixels.chunks_exact(FACE_PIXELS)
    }

    /// Some of the faces.
    ///
    /// # Panics
    /// If there are not as many faces.
    #[must_use]
    pub fn select(&self, indices: impl Iterator<Item = usize>) -> Self {
        let mut selected = Self {
            some: self.some.clone(),
            ..Self::default()
        };
        for index in indices {
            selected.pixels.extend_from_slice(self.face(index));
            selected.labels.push(self.labels[index]);
            selected.distributions.extend(self.distribution(index));
        }
        selected
    }

    /// Moves another set's faces behind these. Distributions are kept where both sets have them.
    pub fn append(&mut self, mut other: Self) {
        let both = self.is_empty() || self.distributions.len() == self.labels.len();
        self.distributions.append(&mut other.distributions);
        self.pixels.append(&mut other.pixels);
        self.labels.append(&mut other.labels);
        if !both || self.distributions.len() != self.labels.len() {
            self.distributions.clear();
        }
    }
}

/// Reads FER2013's CSV (plain or gzip), a table of images (header `path,label,split`), or a folder
/// of images by class.
pub fn read(path: &Path) -> Result<Splits, DataError> {
    if path.is_dir() {
        read_folder(path)
    } else if fer2013::first_line(path)?.is_some_and(|line| manifest::is_header(&line)) {
        read_manifest(path)
    } else {
        read_fer2013(path)
    }
}

/// Reads one split of a data set, as [`read`] does. Without a split it is [`Split::PublicTest`]
/// where there is one, else all faces. Returns the split that was read as well.
pub fn load(path: &Path, split: Option<Split>) -> Result<(DataSet, Split), DataError> {
    let (data, split) = read(path)?.take(split);
    if data.is_empty() {
        return Err(DataError::NoFaces {
            path: path.to_owned(),
            split,
        });
    }
    Ok((data, split))
}
