//! A run's state after an epoch, in one file that is replaced atomically.
//!
//! Layout: [`MAGIC`], SHA-256 of all that follows, length of the header (32 bits, little-endian),
//! header (JSON), then vectors of 32-bit floats, little-endian, of equal length: weights, momentum,
//! mean of the weights, best weights, and where the optimiser has them, means of squares.

use std::path::{Path, PathBuf};
use std::{fs, io};

use mien_engine::nets::NetworkConfig;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::config::RunConfig;
use crate::files::{WriteError, write_atomically};

const MAGIC: &[u8; 8] = b"MIENCKP1";
const DIGEST_BYTES: usize = 32;
/// Vectors that every run has.
const VECTORS: usize = 4;

/// What one epoch achieved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Counted from 1.
    pub epoch: usize,
    /// Learning rate of its last step.
    pub learning_rate: f64,
    /// Mean loss over the augmented training faces, while the weights moved.
    pub train_loss: f64,
    /// Share recognised of the augmented training faces, while the weights moved, 0 to 1.
    pub train_accuracy: f64,
    /// Mean cross entropy over the validation faces, after the epoch.
    pub valid_loss: f64,
    /// Share recognised of the validation faces, after the epoch, 0 to 1.
    pub valid_accuracy: f64,
    /// Wall-clock time of the epoch.
    pub seconds: f64,
    /// CPU time of the epoch; 0 in what was written before it was kept.
    #[serde(default)]
    pub cpu_seconds: f64,
    /// The part of `seconds` that was spent on augmentation and loading.
    pub loading_seconds: f64,
}

impl EpochRecord {
    /// The record with nine decimals: so short, numbers are read from JSON as they were written, and
    /// a resumed run has the history of one that was not interrupted.
    #[must_use]
    pub fn rounded(self) -> Self {
        let round = |value: f64| (value * 1e9).round() / 1e9;
        Self {
            epoch: self.epoch,
            learning_rate: round(self.learning_rate),
            train_loss: round(self.train_loss),
            train_accuracy: round(self.train_accuracy),
            valid_loss: round(self.valid_loss),
            valid_accuracy: round(self.valid_accuracy),
            seconds: round(self.seconds),
            cpu_seconds: round(self.cpu_seconds),
            loading_seconds: round(self.loading_seconds),
        }
    }
}

/// A run's state after an epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Settings, data and history.
    pub header: Header,
    /// The weights as they move.
    pub weights: Vec<f32>,
    /// The optimiser's momentum.
    pub momentum: Vec<f32>,
    /// The mean of the weights, which is what was evaluated.
    pub mean: Vec<f32>,
    /// The mean of the weights after the best epoch.
    pub best: Vec<f32>,
    /// The optimiser's means of squares; empty where it has none.
    pub squares: Vec<f32>,
}

/// What stands in a checkpoint beside the numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The run's settings.
    pub config: RunConfig,
    /// SHA-256 of the training and validation faces with their labels.
    pub data: String,
    /// Every epoch so far.
    pub history: Vec<EpochRecord>,
    /// The epoch with the highest validation accuracy; the first of equal ones.
    pub best_epoch: usize,
}

impl Header {
    /// The history as JSON, a line an epoch.
    #[must_use]
    pub fn history_lines(&self) -> String {
        let mut lines = String::new();
        for record in &self.history {
            // Numbers under fixed names always have a JSON form.
            lines += &serde_json::json!(record).to_string();
            lines.push('\n');
        }
        lines
    }
}

/// Why a checkpoint cannot be written or read.
#[derive(Debug, Error)]
pub enum CheckpointError {
    /// Writing failed; what was there before is intact.
    #[error("the run stops; started again, it goes on from the last checkpoint")]
    Write(#[from] WriteError),
    /// Reading failed.
    #[error("cannot read the checkpoint {}; check its permissions", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The file is no checkpoint, or damaged.
    #[error("{} is not a checkpoint, or damaged; remove it to start the run afresh", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

impl Checkpoint {
    /// Whether a run with these settings may go on from here.
    #[must_use]
    pub fn continues(&self, config: &RunConfig) -> bool {
        config.continues(&self.header.config, self.header.history.len())
    }

    /// The same run with the mean of its best weights and `weights`, which are those of `network`;
    /// none where the run's network is another one.
    #[must_use]
    pub fn mean_with(mut self, network: &NetworkConfig, weights: &[f32]) -> Option<Self> {
        if self.header.config.network != *network {
            return None;
        }
        for (own, other) in self.best.iter_mut().zip(weights) {
            *own = 0.5 * (*own + other);
        }
        Some(self)
    }

    /// Replaces the file: a reader finds the old state or the new one, whatever happens meanwhile.
    pub fn save(&self, path: &Path) -> Result<(), CheckpointError> {
        let header = serde_json::json!(self.header).to_string().into_bytes();
        let mut body = (header.len() as u32).to_le_bytes().to_vec();
        body.extend(header);
        for vector in [
            &self.weights,
            &self.momentum,
            &self.mean,
            &self.best,
            &self.squares,
        ] {
            body.extend(vector.iter().flat_map(|value| value.to_le_bytes()));
        }
        let mut bytes = MAGIC.to_vec();
        bytes.extend(Sha256::digest(&body));
        bytes.extend(body);
        Ok(write_atomically(path, &bytes)?)
    }

    /// Reads a checkpoint; `None` where there is no file.
    pub fn load(path: &Path) -> Result<Option<Self>, CheckpointError> {
        match fs::read(path) {
            Ok(bytes) => match Self::decode(&bytes) {
                Some(checkpoint) => Ok(Some(checkpoint)),
                None => Err(CheckpointError::Damaged {
                    path: path.to_owned(),
                }),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(CheckpointError::Read {
                path: path.to_owned(),
                source,
            }),
        }
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (digest, body) = rest.split_at_checked(DIGEST_BYTES)?;
        if Sha256::digest(body).as_slice() != digest {
            return None;
        }
        let (length, body) = body.split_first_chunk()?;
        let (header, body) = body.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        let values: Vec<f32> = body
            .chunks_exact(size_of::<f32>())
            .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
            .collect();
        let header: Header = serde_json::from_slice(header).ok()?;
        let has_squares = header.config.optimizer.kind.has_squares();
        let count = VECTORS + usize::from(has_squares);
        let each = values.len() / count;
        if each == 0 || body.len() != count * each * size_of::<f32>() {
            return None;
        }
        let mut vectors = values.chunks_exact(each).map(<[f32]>::to_vec);
        Some(Self {
            header,
            weights: vectors.next()?,
            momentum: vectors.next()?,
            mean: vectors.next()?,
            best: vectors.next()?,
            squares: vectors.next().unwrap_or_default(),
        })
    }
}
