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
    (0..steps)
        .map(|step| at_threshold(outcomes, step as f64 / steps as f64))
        .collect()
}

/// Figures at one threshold.
pub(super) fn at_threshold(outcomes: &[Outcome], threshold: f64) -> ThresholdFigures {
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
}

/// The lowest threshold at which at least the share `accuracy` of the answers is right: the most
/// answers that one can have at that price. `None` where no threshold will do.
pub(super) fn threshold_for(mut outcomes: Vec<Outcome>, accuracy: f64) -> Option<ThresholdFigures> {
    outcomes.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let all = outcomes.len();
    let mut right = 0;
    let mut best = None;
    for (index, &(confidence, is_right)) in outcomes.iter().enumerate() {
        right += usize::from(is_right);
        // Equal confidences are answered together.
        let is_end = outcomes
            .get(index + 1)
            .is_none_or(|next| next.0 < confidence);
        let share = f64::from(right as u32) / f64::from(index as u32 + 1);
        if is_end && share >= accuracy {
            best = Some(ThresholdFigures {
                threshold: confidence,
                coverage: (index + 1) as f64 / all as f64,
                accuracy: Some(share),
            });
        }
    }
    best
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
    fn the_lowest_threshold_that_is_right_often_enough_is_found() {
        let outcomes = vec![
            (0.4, false),
            (0.9, true),
            (0.5, true),
            (0.7, false),
            (0.6, true),
            (0.8, true),
            (0.5, false),
        ];
        let found = |accuracy| threshold_for(outcomes.clone(), accuracy);
        let figures = found(0.75).expect("three of four at 0.6");
        assert_eq!((figures.threshold, figures.accuracy), (0.6, Some(0.75)));
        assert!((figures.coverage - 4.0 / 7.0).abs() < 1e-12);
        // At 0.5 one more is right, but one more is wrong with it.
        assert_eq!(found(0.66).map(|figures| figures.threshold), Some(0.5));
        assert_eq!(found(1.0).map(|figures| figures.threshold), Some(0.8));
        assert_eq!(threshold_for(vec![(0.9, false)], 0.5), None);
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
