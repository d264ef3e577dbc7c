//! How far a share may be from what was measured, given how few samples there were.

use crate::random::Random;

/// Resamples of [`interval`].
const ROUNDS: usize = 2000;

/// The 95 % interval of a share of samples, by the percentile bootstrap (Efron and Tibshirani 1993,
/// "An introduction to the bootstrap", section 13.3): 2,000 resamples, the same ones for the same
/// seed. Without samples `[0, 1]`.
#[must_use]
pub fn interval(hits: &[bool], seed: u64) -> [f64; 2] {
    if hits.is_empty() {
        return [0.0, 1.0];
    }
    let mut random = Random::new(seed);
    let mut shares: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let resampled = (0..hits.len()).filter(|_| hits[random.below(hits.len())]);
            resampled.count() as f64 / hits.len() as f64
        })
        .collect();
    shares.sort_by(f64::total_cmp);
    [0.025, 0.975].map(|share| shares[(share * (ROUNDS - 1) as f64).round() as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_narrows_with_the_samples() {
        let hits = |count: usize| (0..count).map(|i| i % 4 != 0).collect::<Vec<_>>();
        let [low, high] = interval(&hits(100), 1);
        // 1.96 standard errors of a share of 0.75: 0.085.
        assert!((low - 0.665).abs() < 0.02 && (high - 0.835).abs() < 0.02);
        let [nearer_low, nearer_high] = interval(&hits(2500), 1);
        assert!(low < nearer_low && nearer_low < 0.75);
        assert!(0.75 < nearer_high && nearer_high < high);
    }

    #[test]
    fn without_samples_a_share_may_be_anything() {
        assert!(interval(&[], 1).iter().eq(&[0.0, 1.0]));
    }
}
