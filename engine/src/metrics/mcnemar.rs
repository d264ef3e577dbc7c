//! Whether one model is better than another on the same samples, or only luckier.

use serde::{Deserialize, Serialize};

/// McNemar's test of two models on the same samples, in its exact form (McNemar 1947, "Note on the
/// sampling error of the difference between correlated proportions"; Dietterich 1998, "Approximate
/// statistical tests for comparing supervised classification learning algorithms", section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct McNemar {
    /// Samples that both models got right.
    pub both_right: u64,
    /// Samples that only the first got right.
    pub only_first: u64,
    /// Samples that only the second got right.
    pub only_second: u64,
    /// Samples that both got wrong.
    pub both_wrong: u64,
    /// How probable a difference at least as large is if both models are equally good: two-sided,
    /// from the binomial distribution of the samples that only one model got right.
    pub p_value: f64,
}

impl McNemar {
    /// Takes for each sample whether the first and whether the second model was right.
    #[must_use]
    pub fn new(samples: impl IntoIterator<Item = (bool, bool)>) -> Self {
        let mut counts = [[0; 2]; 2];
        for (first, second) in samples {
            counts[usize::from(first)][usize::from(second)] += 1;
        }
        let [[both_wrong, only_second], [only_first, both_right]] = counts;
        Self {
            both_right,
            only_first,
            only_second,
            both_wrong,
            p_value: sign_test(only_first, only_second),
        }
    }
}

/// Twice the probability of at most `min(a, b)` heads in `a + b` throws of a coin, at most 1.
fn sign_test(a: u64, b: u64) -> f64 {
    let (few, throws) = (a.min(b), a + b);
    // The most probable term is `throws` choose `few` over 2^`throws`, by way of logarithms; the
    // others follow from it.
    let logarithm: f64 = (1..=few)
        .map(|i| ((throws - few + i) as f64 / i as f64).ln())
        .sum::<f64>()
        - throws as f64 * std::f64::consts::LN_2;
    let mut term = 1.0;
    let mut sum = 1.0;
    for heads in (1..=few).rev() {
        term *= heads as f64 / (throws - heads + 1) as f64;
        sum += term;
    }
    (2.0 * logarithm.exp() * sum).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-9 * b.abs(), "{a} is not {b}");
    }

    #[test]
    fn samples_are_counted_by_who_was_right() {
        let samples = [
            (true, true),
            (true, false),
            (true, false),
            (false, true),
            (false, false),
        ];
        let test = McNemar::new(samples);
        assert_eq!(
            (
                test.both_right,
                test.only_first,
                test.only_second,
                test.both_wrong
            ),
            (1, 2, 1, 1)
        );
        assert_close(test.p_value, 1.0);
    }

    /// The expected values are exact fractions, computed with integers.
    #[test]
    fn p_values_are_those_of_the_binomial_distribution() {
        assert_close(sign_test(0, 0), 1.0);
        assert_close(sign_test(7, 7), 1.0);
        assert_close(sign_test(1, 9), 22.0 / 1024.0);
        assert_close(sign_test(9, 1), 22.0 / 1024.0);
        assert_close(sign_test(0, 5), 0.0625);
        assert_close(sign_test(200, 260), 0.005_883_922_473_1);
        assert_close(sign_test(5_000, 5_300), 0.003_215_819_673_65);
    }
}
