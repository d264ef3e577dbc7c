//! Why a run stops before its end.

use std::path::PathBuf;

use thiserror::Error;

use super::CheckpointError;
use crate::evaluate::EvaluateError;
use crate::files::LockError;
use crate::pretrained::PretrainedError;
use crate::teacher::SoftLabelsError;

/// Why a run stopped before its end. Its last checkpoint is intact.
#[derive(Debug, Error)]
pub enum TrainError {
    /// A checkpoint cannot be written or read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Another run works in the folder.
    #[error(transparent)]
    Busy(#[from] LockError),
    /// The loss is not a number.
    #[error(
        "the loss became {loss} in epoch {epoch}, step {step}; lower optimizer.learning_rate or \
         raise optimizer.warmup_epochs; the checkpoint before it is intact"
    )]
    Diverged {
        /// Counted from 1.
        epoch: usize,
        /// Counted from 1.
        step: usize,
        /// The loss.
        loss: f32,
    },
    /// The checkpoint was made with other settings.
    #[error(
        "{} was made with other settings; choose another --out, or remove it to start afresh",
        path.display()
    )]
    OtherSettings {
        /// The checkpoint.
        path: PathBuf,
    },
    /// The checkpoint was made with other faces.
    #[error(
        "{} was made with other data; choose another --out, or remove it to start afresh",
        path.display()
    )]
    OtherData {
        /// The checkpoint.
        path: PathBuf,
    },
    /// The checkpoint to start from is of another network.
    #[error("the run starts from the weights of another network; choose another start")]
    OtherNetwork,
    /// The weights from elsewhere to start from cannot be used.
    #[error(transparent)]
    Pretrained(#[from] PretrainedError),
    /// The soft labels cannot be used.
    #[error(transparent)]
    SoftLabels(#[from] SoftLabelsError),
    /// The network cannot be evaluated.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// A layer that is to be frozen does not exist.
    #[error("the network has no layer {name} to freeze; choose among {layers} and what is in them")]
    NoSuchLayer {
        /// Its name.
        name: String,
        /// Names of layers.
        layers: String,
    },
    /// Too few faces to learn from.
    #[error("a run needs training and validation faces, at least one batch of the former")]
    NoFaces,
}
