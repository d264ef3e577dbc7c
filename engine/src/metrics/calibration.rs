//! Whether confidence means what it says, and what is gained by not answering below a threshold.

use serde::{Deserialize, Serialize};

/// Samples whose confidence lies between two values: one bar of a reliability diagram (`DeGroot`
/// and Fienberg 1983; Guo et al. 2017, "On calibration of modern neural networks", figure 1).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// The least confidence in it.
    pub from: f64,
    /// The confidence at which the next begins; 1 belongs to the last.
    pub to: f64,
    /// How many samples it holds.
    pub samples: usize,
    /// Their mean confidence; absent without samples.
    pub confidence: Option<f64>,
    /// The share of them that was right; absent without samples.
    pub accuracy: Option<f64>,
}

/// What is left when predictions below a threshold count as no answer (El-Yaniv and Wiener 2010,
/// "On the foundations of noise-free selective classification").
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThresholdFigures {
    /// The least confidence that counts as an answer.
    pub threshold: f64,
    /// Share of the samples that are answered.
    pub coverage: f64,
    /// Share of the answers that are right; absent without answers.
    pub accuracy: Option<f64>,
}

/// A sample's confidence and whether it was right.
pub(super) type Outcome = (f64, bool);

/// `count` bins of equal width from 0 to 1.
pub(super) fn reliability(
    outcomes: impl Iterator<Item = Outcome>,
    count: usize,
) -> Vec<ReliabilityBin> {
    // Samples, sum of confidence, right ones.
    let mut sums = vec![(0_usize, 0.0, 0_usize); count];
    for (confidence, is_right) in outcomes {
        let bin = ((confidence * count as f64) as usize).min(count - 1);
        let (samples, sum, right) = &mut sums[bin];
        *samples += 1;
        *sum += confidence;
        *right += usize::from(is_right);
    }
    let bin = |(index, (samples, sum, right)): (usize, (usize, f64, usize))| {
        let mean = |sum: f64| (samples > 0).then(|| sum / samples as f64);
        ReliabilityBin {
            from: index as f64 / count as f64,
            to: (index + 1) as f64 / count as f64,
            samples,
            confidence: mean(sum),
            accuracy: mean(right as f64),
        }
    };
    sums.into_iter().enumerate().map(bin).collect()
}

/// Figures at `steps` thresholds, evenly spaced from 0 to just below 1.
pub(super) fn by_threshold(outcomes: &[Outcome], steps: usize) -> Vec<ThresholdFigures> {
    let figures = |step: usize| {
        let threshold = step as f64 / steps as f64;
        let answers = outcomes
            .iter()
            .filter(|(confidence, _)| *confidence >= threshold);
        let (answered, right) = answers.fold((0_usize, 0_usize), |(answered, right), outcome| {
            (answered + 1, right + usize::from(outcome.1))
        });
        ThresholdFigures {
            threshold,
            coverage: answered as f64 / outcomes.len().max(1) as f64,
            accuracy: (answered > 0).then(|| right as f64 / answered as f64),
        }
    };
    (0..steps).map(figures).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTCOMES: [Outcome; 5] = [
        (0.2, false),
        (0.3, true),
        (0.6, true),
        (0.9, true),
        (1.0, false),
    ];

    #[test]
    fn bins_hold_what_lies_between_their_ends() {
        let bins = reliability(OUTCOMES.into_iter(), 2);
        assert_eq!((bins[0].from, bins[0].to, bins[1].to), (0.0, 0.5, 1.0));
        assert_eq!((bins[0].samples, bins[1].samples), (2, 3));
        assert_eq!(bins[0].confidence, Some(0.25));
        assert_eq!(bins[0].accuracy, Some(0.5));
        assert_eq!(bins[1].accuracy, Some(2.0 / 3.0));
        let empty = reliability(std::iter::empty(), 3);
        assert!(empty.iter().all(|bin| bin.accuracy.is_none()));
    }

    #[test]
    fn a_higher_threshold_answers_less() {
        let figures = by_threshold(&OUTCOMES, 4);
        let thresholds: Vec<_> = figures.iter().map(|point| point.threshold).collect();
        assert_eq!(thresholds, [0.0, 0.25, 0.5, 0.75]);
        let coverage: Vec<_> = figures.iter().map(|point| point.coverage).collect();
        assert_eq!(coverage, [1.0, 0.8, 0.6, 0.4]);
        let accuracy: Vec<_> = figures.iter().map(|point| point.accuracy).collect();
        assert_eq!(
            accuracy,
            [Some(0.6), Some(0.75), Some(2.0 / 3.0), Some(0.5)]
        );
        assert_eq!(by_threshold(&[], 2)[0].accuracy, None);
    }
}
