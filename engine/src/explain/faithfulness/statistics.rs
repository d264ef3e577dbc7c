//! Means with their uncertainty, and rank correlation.

use serde::{Deserialize, Serialize};

use crate::random::Random;

/// Samples of the bootstrap.
const RESAMPLES: usize = 1000;

/// A mean and its 95 % confidence interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The mean.
    pub mean: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// The mean of a value a picture, and the interval by the percentile bootstrap over pictures
    /// (Efron and Tibshirani, "An introduction to the bootstrap", 1993, chapter 13). All zero
    /// without values.
    #[must_use]
    pub fn of(values: &[f32], seed: u64) -> Self {
        if values.is_empty() {
            return Self::default();
        }
        let count = values.len() as f64;
        let mut random = Random::new(seed);
        let mut means: Vec<f64> = (0..RESAMPLES)
            .map(|_| {
                let drawn = (0..values.len()).map(|_| values[random.below(values.len())]);
                drawn.map(f64::from).sum::<f64>() / count
            })
            .collect();
        means.sort_by(f64::total_cmp);
        Self {
            mean: values.iter().copied().map(f64::from).sum::<f64>() / count,
            low: means[RESAMPLES / 40],
            high: means[RESAMPLES - 1 - RESAMPLES / 40],
        }
    }
}

/// Spearman's rank correlation, -1 to 1; equal values share their mean rank. 0 where either list
/// is all equal: it ranks nothing.
#[must_use]
pub fn rank_correlation(one: &[f32], other: &[f32]) -> f32 {
    let (one, other) = (ranks(one), ranks(other));
    let middle = (one.len() as f64 - 1.0) / 2.0;
    let (mut both, mut first, mut second) = (0.0, 0.0, 0.0);
    for (a, b) in one.iter().zip(&other) {
        let (a, b) = (a - middle, b - middle);
        both += a * b;
        first += a * a;
        second += b * b;
    }
    let scale = (first * second).sqrt();
    if scale > 0.0 {
        (both / scale) as f32
    } else {
        0.0
    }
}

/// The rank of each value, from 0; equal values share their mean rank.
fn ranks(values: &[f32]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&one, &other| values[one].total_cmp(&values[other]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for group in order.chunk_by(|&one, &other| values[one].total_cmp(&values[other]).is_eq()) {
        let rank = start as f64 + (group.len() as f64 - 1.0) / 2.0;
        for &index in group {
            ranks[index] = rank;
        }
        start += group.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equal_values_share_their_rank() {
        assert_eq!(ranks(&[5.0, 1.0, 5.0, 9.0]), [1.5, 0.0, 1.5, 3.0]);
        // Worked by hand: ranks 0, 1, 2, 3 against 1, 0, 2, 3.
        let found = rank_correlation(&[1.0, 2.0, 3.0, 4.0], &[2.0, 1.0, 5.0, 7.0]);
        assert!((found - 0.8).abs() < 1e-6);
        assert!(rank_correlation(&[1.0, 1.0], &[0.0, 3.0]).abs() < 1e-9);
    }

    #[test]
    fn the_interval_of_a_coin_is_that_of_its_share() {
        let values: Vec<f32> = (0..400).map(|index| (index % 2) as f32).collect();
        let Interval { mean, low, high } = Interval::of(&values, 1);
        assert!((mean - 0.5).abs() < 1e-9);
        // 1.96 * sqrt(0.25 / 400) = 0.049.
        assert!((low - 0.451).abs() < 0.012 && (high - 0.549).abs() < 0.012);
        assert_eq!(Interval::of(&values, 1), Interval::of(&values, 1));
    }

    proptest! {
        #[test]
        fn rank_correlation_knows_only_the_order(
            values in proptest::collection::vec(-5.0..5.0_f32, 3..40),
        ) {
            let bent: Vec<f32> = values.iter().map(|value| value.exp()).collect();
            let back: Vec<f32> = values.iter().map(|value| -value).collect();
            prop_assume!(values.iter().any(|value| value.to_bits() != values[0].to_bits()));
            prop_assert!((rank_correlation(&values, &bent) - 1.0).abs() < 1e-3);
            prop_assert!((rank_correlation(&values, &back) + 1.0).abs() < 1e-6);
        }
    }
}
