//! How good predictions are: accuracy, the confusion matrix and what follows from it, calibration,
//! the comparison of two models.

mod bootstrap;
mod calibration;
mod confusion;
mod evaluation;
mod mcnemar;
mod predictions;

pub use bootstrap::interval;
pub use calibration::{ReliabilityBin, ThresholdFigures};
pub use confusion::{Confusion, ConfusionMatrix};
pub use evaluation::{ClassFigures, Evaluation};
pub use mcnemar::McNemar;
pub use predictions::{CALIBRATION_BINS, Predictions, PredictionsError, THRESHOLDS};
