//! The systems of the published studies side by side: what `mien study` measures and the page's
//! comparison shows.

use serde::{Deserialize, Serialize};

use crate::expression::Expression;
use crate::metrics::{ConfusionMatrix, Evaluation};

/// Every system that has been measured, all under the same protocol.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StudyReport {
    /// CPU-minutes that a single network may learn for.
    pub budget_minutes: f64,
    /// A row a system, study by study.
    pub rows: Vec<StudyRow>,
}

/// What one system is worth and what it costs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudyRow {
    /// `S0` to `S4`.
    pub study: String,
    /// The system's name, different in every row; its file is named by it.
    pub name: String,
    /// How a table calls it.
    pub title: String,
    /// Names of the classes it tells apart, in the order of its outputs.
    pub labels: Vec<String>,
    /// Names of the members, for systems that ask several networks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// Number of learned numbers; the sum over an ensemble's members.
    pub parameters: usize,
    /// Multiply-adds for one face; the sum over an ensemble's members.
    pub macs: u64,
    /// Bytes of the weights in 16 bits.
    pub bytes: u64,
    /// Faces it has learned from, counted each time, over the training faces.
    pub epochs: f64,
    /// CPU time of its training, in minutes; the sum over an ensemble's members.
    pub cpu_minutes: f64,
    /// CPU time for one face on one core, in milliseconds, when faces come one by one.
    pub milliseconds: f64,
    /// The split on which the epoch was chosen.
    pub public_test: StudyFigures,
    /// The split that is scored once.
    pub private_test: StudyFigures,
    /// Which faces of the private test split are recognised, in their order: a hexadecimal digit
    /// for four faces, the first of them its highest bit. With it any two systems can be compared
    /// face by face.
    pub hits: String,
    /// A balanced sample of the private test split as small as the study's, where the study had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub small_sample: Option<StudyFigures>,
    /// What the study reports of the system on its own data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<Reported>,
    /// Name of the file with its weights, where it ships.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// A system's figures on one split; shares are 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudyFigures {
    /// Number of faces.
    pub faces: usize,
    /// Share whose class is the most probable one.
    pub top1: f64,
    /// From where to where `top1` may lie: its 95 % interval over resampled faces.
    pub interval: [f64; 2],
    /// Share whose class is one of the two most probable ones.
    pub top2: f64,
    /// Mean recall of the classes.
    pub balanced_accuracy: f64,
    /// Mean F1 of the classes.
    pub macro_f1: f64,
    /// Expected calibration error, 15 bins of equal width.
    pub calibration_error: f64,
    /// Share of each class that is not recognised, in the order of the labels.
    pub class_errors: Vec<f64>,
    /// Truth in rows, prediction in columns.
    pub confusion: ConfusionMatrix,
}

/// What a study reports; shares are 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reported {
    /// Top-1 accuracy.
    pub top1: f64,
    /// Top-2 accuracy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top2: Option<f64>,
    /// On which faces.
    pub data: String,
}

impl StudyRow {
    /// Whether it tells FER2013's classes apart, and not only some of them: the easier task.
    #[must_use]
    pub fn has_all_classes(&self) -> bool {
        self.labels.len() == Expression::FER2013.len()
    }

    /// [`hits`](Self::hits) as one bit a face.
    #[must_use]
    pub fn face_hits(&self) -> Vec<bool> {
        let digits = self.hits.chars().filter_map(|digit| digit.to_digit(16));
        let bits = digits.flat_map(|digit| (0..4).rev().map(move |bit| digit >> bit & 1 == 1));
        bits.take(self.private_test.faces).collect()
    }

    /// One bit a face as [`hits`](Self::hits) keeps it.
    #[must_use]
    pub fn pack_hits(hits: &[bool]) -> String {
        let digit = |four: &[bool]| {
            let bits = (0..4).fold(0, |sum, bit| {
                2 * sum + u32::from(four.get(bit).is_some_and(|&hit| hit))
            });
            char::from_digit(bits, 16).unwrap_or('0')
        };
        hits.chunks(4).map(digit).collect()
    }
}

impl StudyFigures {
    /// The figures out of an evaluation; `interval` is that of its accuracy.
    #[must_use]
    pub fn new(evaluation: &Evaluation, interval: [f64; 2]) -> Self {
        Self {
            faces: evaluation.samples,
            top1: evaluation.accuracy,
            interval,
            top2: evaluation.top2_accuracy,
            balanced_accuracy: evaluation.balanced_accuracy,
            macro_f1: evaluation.macro_f1,
            calibration_error: evaluation.expected_calibration_error,
            class_errors: evaluation
                .classes
                .iter()
                .map(|class| 1.0 - class.recall.unwrap_or(1.0))
                .collect(),
            confusion: evaluation.confusion.clone(),
        }
    }
}
