//! Ensembles at the level of decisions: how the answers of several networks become one.

use mien_engine::classify::softmax_in_place;
use mien_engine::metrics::{Predictions, PredictionsError};
use serde::Deserialize;

/// How answers become one. What the weights need is measured on the public test split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The mean of the probabilities.
    Mean,
    /// Their mean weighted by each network's accuracy.
    Accuracy,
    /// Their mean weighted class by class, by the share of a network's answers of that class which
    /// is right.
    ClassConfidence,
}

impl Rule {
    /// The weight of each member for each class: `[members, classes]`.
    #[must_use]
    pub fn weights(self, measured: &[Predictions]) -> Vec<Vec<f64>> {
        let weights = |member: &Predictions| {
            let confusion = member.confusion();
            let weight = |class| match self {
                Self::Mean => 1.0,
                Self::Accuracy => member.accuracy(),
                Self::ClassConfidence => confusion.precision(class).unwrap_or(0.0),
            };
            (0..member.classes()).map(weight).collect()
        };
        measured.iter().map(weights).collect()
    }
}

/// The weighted sum of the members' probabilities, brought to a sum of 1, as logarithms.
///
/// # Panics
/// If `members` is empty, or not as long as `weights`.
pub fn vote(
    members: &[Predictions],
    weights: &[Vec<f64>],
) -> Result<Predictions, PredictionsError> {
    assert_eq!(members.len(), weights.len());
    let first = &members[0];
    let classes = first.classes();
    let mut sums = vec![0.0; first.logits().len()];
    for (member, weights) in members.iter().zip(weights) {
        let rows = member.logits().chunks_exact(classes);
        for (sums, logits) in sums.chunks_exact_mut(classes).zip(rows) {
            for ((sum, p), weight) in sums.iter_mut().zip(probabilities(logits)).zip(weights) {
                *sum += weight * f64::from(p);
            }
        }
    }
    let mut logits = Vec::with_capacity(sums.len());
    for row in sums.chunks_exact(classes) {
        let total: f64 = row.iter().sum();
        let share = |sum: &f64| ((sum / total) as f32).max(f32::MIN_POSITIVE).ln();
        logits.extend(row.iter().map(share));
    }
    Predictions::new(logits, first.labels().to_vec(), classes)
}

/// The softmax of a face's logits.
pub(super) fn probabilities(logits: &[f32]) -> Vec<f32> {
    let mut values = logits.to_vec();
    softmax_in_place(&mut values);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of two probabilities.
    fn predictions(rows: &[f32], labels: &[usize]) -> Predictions {
        let logits = rows.iter().flat_map(|p| [p.ln(), (1.0 - p).ln()]).collect();
        Predictions::new(logits, labels.to_vec(), 2).expect("rows of two classes")
    }

    fn first_class(rule: Rule, measured: &[Predictions], asked: &[Predictions]) -> f32 {
        let voted = vote(asked, &rule.weights(measured)).expect("equal shapes");
        voted.logits()[0].exp()
    }

    #[test]
    fn the_rules_weigh_as_they_say() {
        let labels = [0, 0, 1, 1];
        // The first is right three times, and always where it says class 0.
        let measured = [
            predictions(&[0.9, 0.2, 0.1, 0.3], &labels),
            predictions(&[0.9, 0.2, 0.9, 0.1], &labels),
        ];
        let asked = [predictions(&[0.8], &[0]), predictions(&[0.4], &[0])];
        let found = |rule| first_class(rule, &measured, &asked);
        assert!((found(Rule::Mean) - 0.6).abs() < 1e-6);
        let by_accuracy = (0.75 * 0.8 + 0.5 * 0.4) / 1.25;
        assert!((found(Rule::Accuracy) - by_accuracy).abs() < 1e-6);
        // Precision of class 0: 1 and 1/2; of class 1: 2/3 and 1/2.
        let [zero, one] = [0.8 + 0.2, 2.0 / 3.0 * 0.2 + 0.5 * 0.6];
        assert!((found(Rule::ClassConfidence) - zero / (zero + one)).abs() < 1e-6);
    }
}
