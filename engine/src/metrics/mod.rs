//! How good predictions are: accuracy, the confusion matrix and what follows from it, calibration.

mod confusion;
mod evaluation;
mod predictions;

pub use confusion::ConfusionMatrix;
pub use evaluation::{ClassFigures, Evaluation};
pub use predictions::{CALIBRATION_BINS, Predictions, PredictionsError};
