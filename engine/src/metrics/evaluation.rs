//! All figures about a network on one set of samples, as reports and model cards show them.

use serde::{Deserialize, Serialize};

use super::{ConfusionMatrix, Predictions, ReliabilityBin, ThresholdFigures};

/// All figures about a network on one set of samples. Shares are from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Number of samples.
    pub samples: usize,
    /// Share whose class is the most probable one.
    pub accuracy: f64,
    /// Share whose class is one of the two most probable ones.
    pub top2_accuracy: f64,
    /// Mean recall of the classes that occur.
    pub balanced_accuracy: f64,
    /// Mean F1 of the classes that occur.
    pub macro_f1: f64,
    /// Mean cross entropy, in nats.
    pub negative_log_likelihood: f64,
    /// Expected calibration error, 15 bins of equal width.
    pub expected_calibration_error: f64,
    /// Figures of each class, in label order.
    pub classes: Vec<ClassFigures>,
    /// Truth in rows, prediction in columns.
    pub confusion: ConfusionMatrix,
    /// The reliability diagram: bins of equal width. Empty in what was written before it was kept.
    #[serde(default)]
    pub reliability: Vec<ReliabilityBin>,
    /// What is left when predictions below a threshold count as no answer. Empty in what was
    /// written before it was kept.
    #[serde(default)]
    pub thresholds: Vec<ThresholdFigures>,
}

/// Figures of one class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassFigures {
    /// The class's name.
    pub label: String,
    /// How many samples are of this class.
    pub samples: u32,
    /// Share of them that was recognised; absent without samples.
    pub recall: Option<f64>,
    /// Share of its predictions that was right; absent if it was never predicted.
    pub precision: Option<f64>,
    /// Harmonic mean of the two; absent without samples.
    pub f1: Option<f64>,
}

impl Evaluation {
    /// Computes every figure; `labels` names the classes in order.
    #[must_use]
    pub fn new(predictions: &Predictions, labels: &[String]) -> Self {
        let confusion = predictions.confusion();
        let figures = |(class, label): (usize, &String)| ClassFigures {
            label: label.clone(),
            samples: confusion.counts()[class].iter().sum(),
            recall: confusion.recall(class),
            precision: confusion.precision(class),
            f1: confusion.f1(class),
        };
        Self {
            samples: predictions.len(),
            accuracy: predictions.accuracy(),
            top2_accuracy: predictions.top_k_accuracy(2),
            balanced_accuracy: confusion.balanced_accuracy(),
            macro_f1: confusion.macro_f1(),
            negative_log_likelihood: predictions.negative_log_likelihood(1.0),
            expected_calibration_error: predictions.expected_calibration_error(1.0),
            classes: (labels.iter().enumerate())
                .take(confusion.counts().len())
                .map(figures)
                .collect(),
            confusion,
            reliability: predictions.reliability(1.0),
            thresholds: predictions.by_threshold(),
        }
    }
}
