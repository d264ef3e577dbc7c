//! What a teacher says of each view of each training face, in a file.
//!
//! Layout: [`MAGIC`], SHA-256 of all that follows, length of the header (32 bits, little-endian),
//! header (JSON), then natural logarithms of probabilities as 16-bit floats, little-endian:
//! `[views, faces, classes]`.

use std::fs;
use std::path::{Path, PathBuf};

use half::f16;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::Member;
use crate::augment::{Augmentation, face_rng};
use crate::data::DataSet;
use crate::files::{WriteError, write_atomically};
use crate::train::fingerprint;

const MAGIC: &[u8; 8] = b"MIENSFT1";
const DIGEST_BYTES: usize = 32;

/// The least logarithm that is kept: smaller probabilities than `e^-30` teach nothing.
const LEAST: f32 = -30.0;

/// What stands beside the numbers. With it, anyone who has the faces can make the views anew that
/// the teacher has seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SoftHeader {
    /// The teacher's name.
    pub name: String,
    /// Views of each face.
    pub views: usize,
    /// Number of faces.
    pub faces: usize,
    /// Number of classes.
    pub classes: usize,
    /// Where the views' random numbers come from.
    pub seed: u64,
    /// How a view is changed.
    pub augmentation: Augmentation,
    /// SHA-256 of the faces with their labels.
    pub data: String,
    /// The networks that were asked.
    pub members: Vec<Member>,
}

/// A teacher's answers.
#[derive(Clone, Debug, PartialEq)]
pub struct SoftLabels {
    header: SoftHeader,
    logarithms: Vec<f16>,
}

/// Why soft labels cannot be used.
#[derive(Debug, Error)]
pub enum SoftLabelsError {
    /// The file cannot be read.
    #[error("cannot read the soft labels {}; check the path", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The file holds no soft labels, or damaged ones.
    #[error(
        "{} holds no soft labels, or damaged ones; fetch it again or make it with `mien teach`",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The labels are for other faces.
    #[error("the soft labels are for other training faces; make new ones with `mien teach`")]
    OtherData,
}

impl SoftLabels {
    /// Labels of no view yet.
    #[must_use]
    pub fn new(header: SoftHeader) -> Self {
        Self {
            header,
            logarithms: Vec::new(),
        }
    }

    /// Adds the probabilities of the next faces, view after view, `[faces, classes]`.
    pub fn extend(&mut self, probabilities: &[f32]) {
        let logarithms = probabilities
            .iter()
            .map(|p| f16::from_f32(p.ln().max(LEAST)));
        self.logarithms.extend(logarithms);
    }

    /// What stands beside the numbers.
    #[must_use]
    pub fn header(&self) -> &SoftHeader {
        &self.header
    }

    /// Whether the labels are for these faces.
    #[must_use]
    pub fn are_for(&self, training: &DataSet) -> bool {
        self.header.faces == training.len() && self.header.data == fingerprint(&[training])
    }

    /// A face as the teacher has seen it, `[48, 48]`, 0 to 255.
    ///
    /// # Panics
    /// If `out` does not have as many pixels as a face.
    pub fn view(&self, training: &DataSet, view: usize, index: usize, out: &mut [f32]) {
        let mut rng = face_rng(self.header.seed, view, index);
        let augmentation = &self.header.augmentation;
        augmentation.apply(&training.pixels(index), &mut rng, out);
    }

    /// The teacher's probabilities for a view of a face, softened:
    /// `softmax(log(p) / temperature)` (Hinton et al. 2015, "Distilling the knowledge in a neural
    /// network", equation 1).
    ///
    /// # Panics
    /// If there is no such view or face.
    pub fn target(
        &self,
        view: usize,
        index: usize,
        temperature: f32,
    ) -> impl Iterator<Item = f32> + '_ {
        let classes = self.header.classes;
        let row = &self.logarithms[(view * self.header.faces + index) * classes..][..classes];
        let power = move |value: &f16| (value.to_f32() / temperature).exp();
        let total: f32 = row.iter().map(power).sum();
        row.iter().map(move |value| power(value) / total)
    }

    /// Writes the file.
    pub fn save(&self, path: &Path) -> Result<(), WriteError> {
        let header = serde_json::json!(self.header).to_string().into_bytes();
        let mut body = (header.len() as u32).to_le_bytes().to_vec();
        body.extend(header);
        body.extend(self.logarithms.iter().flat_map(|value| value.to_le_bytes()));
        let mut bytes = MAGIC.to_vec();
        bytes.extend(Sha256::digest(&body));
        bytes.extend(body);
        write_atomically(path, &bytes)
    }

    /// Reads a file.
    pub fn load(path: &Path) -> Result<Self, SoftLabelsError> {
        let bytes = fs::read(path).map_err(|source| SoftLabelsError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::decode(&bytes).ok_or_else(|| SoftLabelsError::Damaged {
            path: path.to_owned(),
        })
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (digest, body) = rest.split_at_checked(DIGEST_BYTES)?;
        if Sha256::digest(body).as_slice() != digest {
            return None;
        }
        let (length, body) = body.split_first_chunk()?;
        let (header, body) = body.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        let header: SoftHeader = serde_json::from_slice(header).ok()?;
        let (values, rest) = body.as_chunks();
        let count = header
            .views
            .checked_mul(header.faces)?
            .checked_mul(header.classes)?;
        (rest.is_empty() && values.len() == count && count > 0).then(|| Self {
            header,
            logarithms: values
                .iter()
                .map(|&value| f16::from_le_bytes(value))
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use mien_engine::expression::Expression;

    use super::*;
    use crate::data::FACE_PIXELS;

    fn faces() -> DataSet {
        let mut faces = DataSet::default();
        for shade in [10, 200] {
            faces.push(&[shade; FACE_PIXELS], Expression::Happy);
        }
        faces
    }

    fn labels() -> SoftLabels {
        let mut labels = SoftLabels::new(SoftHeader {
            name: "teacher".to_owned(),
            views: 2,
            faces: 2,
            classes: 2,
            seed: 3,
            augmentation: Augmentation::default(),
            data: fingerprint(&[&faces()]),
            members: Vec::new(),
        });
        labels.extend(&[0.5, 0.5, 0.9, 0.1]);
        labels.extend(&[0.2, 0.8, 1.0, 0.0]);
        labels
    }

    #[test]
    fn a_file_gives_back_what_was_saved() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("labels");
        labels().save(&path).expect("a saved file");
        let loaded = SoftLabels::load(&path).expect("the file");
        assert_eq!(loaded, labels());
        assert!(loaded.are_for(&faces()));
        assert!(!loaded.are_for(&DataSet::default()));
    }

    #[test]
    fn a_damaged_file_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("labels");
        labels().save(&path).expect("a saved file");
        let mut bytes = fs::read(&path).expect("the file");
        bytes.pop();
        fs::write(&path, bytes).expect("a damaged file");
        let error = SoftLabels::load(&path).expect_err("a damaged file");
        assert!(matches!(error, SoftLabelsError::Damaged { .. }));
    }

    #[test]
    fn targets_are_softened_probabilities() {
        let target: Vec<f32> = labels().target(1, 0, 1.0).collect();
        assert!((target[0] - 0.2).abs() < 1e-3 && (target[1] - 0.8).abs() < 1e-3);
        // Square roots of 0.2 and 0.8 are as 1 to 2.
        let soft: Vec<f32> = labels().target(1, 0, 2.0).collect();
        assert!((soft[0] - 1.0 / 3.0).abs() < 1e-3, "{soft:?}");
        let certain: Vec<f32> = labels().target(1, 1, 1.0).collect();
        assert!(certain[1] < 1e-6 && certain[1] >= 0.0);
    }
}
