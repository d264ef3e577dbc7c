//! A network's logits beside the true classes.

use thiserror::Error;

use super::calibration::{self, Outcome};
use super::{ConfusionMatrix, ReliabilityBin, ThresholdFigures};
use crate::classify::Probabilities;
use crate::expression::Expression;

/// Bins of the expected calibration error and of the reliability diagram.
pub const CALIBRATION_BINS: usize = 15;
/// Thresholds of confidence at which accuracy is told: 0, 0.05, up to 0.95.
pub const THRESHOLDS: usize = 20;

/// Why logits and labels do not make predictions.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PredictionsError {
    /// Not one row of logits a label.
    #[error("{logits} logits do not make {classes} classes for each of {labels} labels")]
    Length {
        /// How many logits there are.
        logits: usize,
        /// How many labels there are.
        labels: usize,
        /// Number of classes.
        classes: usize,
    },
    /// A label that is not a class.
    #[error("the label {label} is not below the number of classes, {classes}")]
    Label {
        /// The label.
        label: usize,
        /// Number of classes.
        classes: usize,
    },
}

/// Logits of a network for samples whose class is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictions {
    /// `[sample, class]`, row-major.
    logits: Vec<f32>,
    labels: Vec<usize>,
    classes: usize,
}

impl Predictions {
    /// Takes one row of `classes` logits for each label.
    pub fn new(
        logits: Vec<f32>,
        labels: Vec<usize>,
        classes: usize,
    ) -> Result<Self, PredictionsError> {
        if classes == 0 || Some(logits.len()) != labels.len().checked_mul(classes) {
            return Err(PredictionsError::Length {
                logits: logits.len(),
                labels: labels.len(),
                classes,
            });
        }
        match labels.iter().find(|&&label| label >= classes) {
            Some(&label) => Err(PredictionsError::Label { label, classes }),
            None => Ok(Self {
                logits,
                labels,
                classes,
            }),
        }
    }

    /// `[sample, class]`, row-major.
    #[must_use]
    pub fn logits(&self) -> &[f32] {
        &self.logits
    }

    /// The class of each sample.
    #[must_use]
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// Number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Takes the probabilities of each label's sample. Their logarithms are logits; a probability
    /// of 0 counts as the smallest above it, so that every figure stays finite.
    pub fn from_probabilities(
        probabilities: &[Probabilities],
        labels: &[Expression],
    ) -> Result<Self, PredictionsError> {
        let classes = probabilities.first().copied().unwrap_or_default().len();
        let logits = (probabilities.iter().flat_map(|row| row.iter()))
            .map(|probability| probability.max(f32::MIN_POSITIVE).ln())
            .collect();
        let labels = labels.iter().map(|label| label.index()).collect();
        Self::new(logits, labels, classes)
    }

    /// Number of samples.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no sample.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    fn samples(&self) -> impl Iterator<Item = (&[f32], usize)> {
        self.logits
            .chunks_exact(self.classes)
            .zip(self.labels.iter().copied())
    }

    /// Mean over the samples; 0 without samples.
    fn mean(&self, figure: impl Fn(&[f32], usize) -> f64) -> f64 {
        let sum: f64 = self
            .samples()
            .map(|(logits, label)| figure(logits, label))
            .sum();
        sum / self.len().max(1) as f64
    }

    /// The confusion matrix of the most probable classes.
    #[must_use]
    pub fn confusion(&self) -> ConfusionMatrix {
        let mut matrix = ConfusionMatrix::new(self.classes);
        for (logits, label) in self.samples() {
            matrix.add(label, argmax(logits));
        }
        matrix
    }

    /// Share of samples whose class is the most probable one.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        self.mean(|logits, label| f64::from(u8::from(argmax(logits) == label)))
    }

    /// Share of samples whose class is among the `k` most probable ones.
    #[must_use]
    pub fn top_k_accuracy(&self, k: usize) -> f64 {
        self.mean(|logits, label| {
            let ahead = |(class, &logit): (usize, &f32)| {
                let first_of_equals = class < label && logit >= logits[label];
                first_of_equals || logit > logits[label]
            };
            let rank = logits
                .iter()
                .enumerate()
                .filter(|&entry| ahead(entry))
                .count();
            f64::from(u8::from(rank < k))
        })
    }

    /// Mean cross entropy in nats of `softmax(logits / temperature)`.
    #[must_use]
    pub fn negative_log_likelihood(&self, temperature: f64) -> f64 {
        self.mean(|logits, label| -log_probability(logits, label, temperature))
    }

    /// Expected calibration error of `softmax(logits / temperature)`: the mean distance between
    /// confidence and accuracy over [`CALIBRATION_BINS`] bins of equal width, weighted by their
    /// samples (Naeini et al. 2015, "Obtaining well calibrated probabilities using Bayesian
    /// binning"; Guo et al. 2017, "On calibration of modern neural networks", equation 3).
    #[must_use]
    pub fn expected_calibration_error(&self, temperature: f64) -> f64 {
        let gap = |bin: &ReliabilityBin| match (bin.confidence, bin.accuracy) {
            (Some(confidence), Some(accuracy)) => {
                bin.samples as f64 * (confidence - accuracy).abs()
            }
            _ => 0.0,
        };
        let gaps: f64 = self.reliability(temperature).iter().map(gap).sum();
        gaps / self.len().max(1) as f64
    }

    /// The reliability diagram of `softmax(logits / temperature)`: [`CALIBRATION_BINS`] bins of
    /// equal width.
    #[must_use]
    pub fn reliability(&self, temperature: f64) -> Vec<ReliabilityBin> {
        calibration::reliability(self.outcomes(temperature), CALIBRATION_BINS)
    }

    /// What is left when predictions below each of [`THRESHOLDS`] thresholds count as no answer.
    #[must_use]
    pub fn by_threshold(&self) -> Vec<ThresholdFigures> {
        calibration::by_threshold(&self.outcomes(1.0).collect::<Vec<_>>(), THRESHOLDS)
    }

    /// The lowest confidence at which at least the share `accuracy` of the answers is right; `None`
    /// where no confidence will do.
    #[must_use]
    pub fn threshold_for(&self, accuracy: f64) -> Option<ThresholdFigures> {
        calibration::threshold_for(self.outcomes(1.0).collect(), accuracy)
    }

    /// What is left when predictions below a threshold count as no answer.
    #[must_use]
    pub fn at_threshold(&self, threshold: f64) -> ThresholdFigures {
        calibration::at_threshold(&self.outcomes(1.0).collect::<Vec<_>>(), threshold)
    }

    /// Each sample's most probable class.
    pub fn answers(&self) -> impl Iterator<Item = usize> {
        self.samples().map(|(logits, _)| argmax(logits))
    }

    /// Whether each sample's most probable class is the true one.
    pub fn hits(&self) -> impl Iterator<Item = bool> {
        self.samples()
            .map(|(logits, label)| argmax(logits) == label)
    }

    /// The confidence of each sample in `softmax(logits / temperature)`, and whether it was right.
    fn outcomes(&self, temperature: f64) -> impl Iterator<Item = Outcome> {
        self.samples().map(move |(logits, label)| {
            let predicted = argmax(logits);
            let confidence = log_probability(logits, predicted, temperature).exp();
            (confidence, predicted == label)
        })
    }

    /// The temperature between 0.1 and 10 that gives the least
    /// [`negative_log_likelihood`](Self::negative_log_likelihood) (Guo et al. 2017, section 4.2),
    /// found by golden-section search: the function has one minimum.
    #[must_use]
    pub fn fit_temperature(&self) -> f64 {
        let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
        let cost = |log_temperature: f64| self.negative_log_likelihood(log_temperature.exp());
        let (mut low, mut high) = (0.1_f64.ln(), 10.0_f64.ln());
        let mut left = high - golden * (high - low);
        let mut right = low + golden * (high - low);
        let (mut cost_left, mut cost_right) = (cost(left), cost(right));
        while high - low > 1e-5 {
            if cost_left < cost_right {
                high = right;
                (right, cost_right) = (left, cost_left);
                left = high - golden * (high - low);
                cost_left = cost(left);
            } else {
                low = left;
                (left, cost_left) = (right, cost_right);
                right = low + golden * (high - low);
                cost_right = cost(right);
            }
        }
        f64::midpoint(low, high).exp()
    }
}

/// The class with the largest logit; the first of equal ones.
fn argmax(logits: &[f32]) -> usize {
    let mut best = 0;
    for (class, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = class;
        }
    }
    best
}

/// Logarithm of a class's probability in `softmax(logits / temperature)`.
fn log_probability(logits: &[f32], class: usize, temperature: f64) -> f64 {
    let scaled = |logit: f32| f64::from(logit) / temperature;
    let largest = scaled(logits[argmax(logits)]);
    let sum: f64 = logits
        .iter()
        .map(|&logit| (scaled(logit) - largest).exp())
        .sum();
    scaled(logits[class]) - largest - sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(a: f64, b: f64, tolerance: f64) {
        assert!((a - b).abs() < tolerance, "{a} is not {b}");
    }

    fn predictions(rows: &[([f32; 3], usize)]) -> Predictions {
        let logits = rows.iter().flat_map(|(logits, _)| *logits).collect();
        let labels = rows.iter().map(|(_, label)| *label).collect();
        Predictions::new(logits, labels, 3).expect("rows of three logits")
    }

    #[test]
    fn lengths_and_labels_are_checked() {
        assert!(matches!(
            Predictions::new(vec![0.0; 5], vec![0, 1], 3),
            Err(PredictionsError::Length { .. })
        ));
        assert!(matches!(
            Predictions::new(vec![0.0; 3], vec![3], 3),
            Err(PredictionsError::Label { .. })
        ));
    }

    #[test]
    fn accuracy_and_top_two_follow_the_ranks() {
        let predictions = predictions(&[
            ([3.0, 2.0, 1.0], 0),
            ([3.0, 2.0, 1.0], 1),
            ([3.0, 2.0, 1.0], 2),
            ([0.0, 0.0, 0.0], 2),
        ]);
        assert_close(predictions.accuracy(), 0.25, 1e-12);
        assert_close(predictions.top_k_accuracy(1), 0.25, 1e-12);
        assert_close(predictions.top_k_accuracy(2), 0.5, 1e-12);
        assert_close(predictions.top_k_accuracy(3), 1.0, 1e-12);
        assert_eq!(predictions.confusion().counts()[1], [1, 0, 0]);
    }

    #[test]
    fn likelihood_of_a_uniform_guess_is_the_logarithm_of_the_classes() {
        let predictions = predictions(&[([7.0, 7.0, 7.0], 1)]);
        assert_close(
            predictions.negative_log_likelihood(1.0),
            3.0_f64.ln(),
            1e-12,
        );
    }

    #[test]
    fn calibration_error_is_the_gap_between_confidence_and_accuracy() {
        // Confidence 0.8 in each of ten samples, seven of them right: the gap is 0.1.
        let logits = [0.8_f32.ln(), 0.1_f32.ln(), 0.1_f32.ln()];
        let rows: Vec<_> = (0..10).map(|i| (logits, usize::from(i >= 7))).collect();
        let predictions = predictions(&rows);
        assert_close(predictions.expected_calibration_error(1.0), 0.1, 1e-6);
    }

    #[test]
    fn probabilities_are_taken_as_they_are() {
        let certain = Probabilities::from([0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
        let unsure = Probabilities::from([0.3, 0.1, 0.1, 0.2, 0.1, 0.1, 0.1]);
        let labels = [Expression::Happy, Expression::Happy, Expression::Sad];
        let predictions = Predictions::from_probabilities(&[certain, unsure, certain], &labels);
        let predictions = predictions.expect("a label for each");
        assert_eq!(predictions.hits().collect::<Vec<_>>(), [true, false, false]);
        assert!(predictions.negative_log_likelihood(1.0).is_finite());
        let thresholds = predictions.by_threshold();
        assert_eq!(thresholds.len(), THRESHOLDS);
        assert_close(thresholds[5].coverage, 1.0, 1e-12);
        assert_close(thresholds[7].coverage, 2.0 / 3.0, 1e-12);
        assert_eq!(thresholds[7].accuracy, Some(0.5));
        assert_eq!(
            predictions.reliability(1.0)[CALIBRATION_BINS - 1].samples,
            2
        );
    }

    #[test]
    fn the_fitted_temperature_undoes_a_scale() {
        // Right with probability 0.8 as the logits say, then multiplied by 2.5.
        let logits = [0.8_f32.ln(), 0.1_f32.ln(), 0.1_f32.ln()].map(|logit| 2.5 * logit);
        let rows: Vec<_> = (0..10)
            .map(|i| (logits, [0, 0, 0, 0, 0, 0, 0, 0, 1, 2][i]))
            .collect();
        let predictions = predictions(&rows);
        let temperature = predictions.fit_temperature();
        assert_close(temperature, 2.5, 1e-3);
        assert!(predictions.expected_calibration_error(temperature) < 1e-3);
    }
}
