//! Shapley values of the parts of a face: what each part adds to the target, on average over all
//! orders in which the parts could be uncovered.
//!
//! Shapley, "A value for n-person games", 1953; for explanations Štrumbelj and Kononenko, JMLR
//! 2010, and Lundberg and Lee, "A unified approach to interpreting model predictions", NIPS 2017.
//! The parts are few, so every coalition is run, and the values are exact: no sampling.

use serde::{Deserialize, Serialize};

use super::pictures::logits_of;
use super::{ExplainError, FaceParts, Fill, PIXELS, Part, Target};
use crate::classify::Classifier;

/// How parts are taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShapleyOptions {
    /// What covers a part that is away.
    pub fill: Fill,
}

/// The target's value for every set of parts that may be there.
pub(super) struct Coalitions {
    /// The parts that have pixels.
    pub parts: Vec<Part>,
    /// The value where exactly the parts are there whose bits are set: bit `i` is `parts[i]`.
    pub values: Vec<f32>,
}

impl Coalitions {
    /// Runs every set of parts.
    pub async fn run(
        classifier: &mut Classifier,
        pixels: &[f32],
        parts: &FaceParts,
        fill: Fill,
        target: Target,
    ) -> Result<Self, ExplainError> {
        let present = Part::ALL.into_iter().filter(|&it| parts.count(it) > 0);
        let present: Vec<Part> = present.collect();
        let background = fill.background(pixels);
        let picture = |there: usize| {
            let away = present.iter().enumerate();
            let away = away.filter(|(bit, _)| there >> bit & 1 == 0);
            let away: Vec<Part> = away.map(|(_, &part)| part).collect();
            fill.cover(pixels, &background, &parts.mask(&away))
        };
        let pictures = (0..1 << present.len()).map(picture);
        let logits = logits_of(classifier, pictures).await?;
        Ok(Self {
            values: logits.iter().map(|logits| target.value(logits)).collect(),
            parts: present,
        })
    }

    /// The value with all parts there: that of the crop.
    pub fn whole(&self) -> f32 {
        self.values[self.values.len() - 1]
    }

    /// The value with every part covered.
    pub fn nothing(&self) -> f32 {
        self.values[0]
    }

    /// The Shapley value of each part that has pixels. They sum to `whole - nothing`.
    pub fn shapley(&self) -> Vec<f32> {
        let count = self.parts.len();
        // 1 / (count * (count - 1 over others)): the share of orders in which exactly these others
        // come before.
        let mut weights = vec![1.0 / count.max(1) as f64; count];
        for others in 1..count {
            weights[others] = weights[others - 1] * others as f64 / (count - others) as f64;
        }
        let of = |bit: usize| {
            let without = (0..self.values.len()).filter(|there| there >> bit & 1 == 0);
            let gain = |there: usize| {
                let gain = self.values[there | 1 << bit] - self.values[there];
                weights[there.count_ones() as usize] * f64::from(gain)
            };
            without.map(gain).sum::<f64>() as f32
        };
        (0..count).map(of).collect()
    }
}

/// The target's value, and for each pixel `[SIDE, SIDE]` its share of its part's Shapley value:
/// the sum over a part is the part's value, the sum over all the difference that covering
/// everything makes.
pub async fn shapley(
    classifier: &mut Classifier,
    pixels: &[f32],
    parts: &FaceParts,
    options: &ShapleyOptions,
    target: Target,
) -> Result<(f32, Vec<f32>), ExplainError> {
    let coalitions = Coalitions::run(classifier, pixels, parts, options.fill, target).await?;
    let mut share = [0.0; Part::COUNT];
    for (part, value) in coalitions.parts.iter().zip(coalitions.shapley()) {
        share[part.index()] = value / parts.count(*part) as f32;
    }
    let map: Vec<f32> = parts.pixels().iter().map(|it| share[it.index()]).collect();
    debug_assert_eq!(map.len(), PIXELS);
    Ok((coalitions.whole(), map))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn game(values: Vec<f32>) -> Coalitions {
        let count = values.len().trailing_zeros() as usize;
        Coalitions {
            parts: Part::ALL[..count].to_vec(),
            values,
        }
    }

    #[test]
    fn the_textbook_game_of_gloves_is_solved() {
        // One has a left glove, two have a right one; a pair is worth 1: 4/6, 1/6, 1/6.
        let worth = |there: usize| f32::from(u8::from(there & 1 != 0 && there & 6 != 0));
        let values = game((0..8).map(worth).collect()).shapley();
        for (found, expected) in values.iter().zip([4.0 / 6.0, 1.0 / 6.0, 1.0 / 6.0]) {
            assert!((found - expected).abs() < 1e-6);
        }
    }

    proptest! {
        #[test]
        fn shapley_values_keep_the_axioms(
            count in 1..7_usize,
            seed in any::<u64>(),
        ) {
            let mut random = crate::random::Random::new(seed);
            let values: Vec<f32> = (0..1 << count).map(|_| random.unit()).collect();
            let one = game(values);
            let shapley = one.shapley();
            // Efficiency.
            let sum: f32 = shapley.iter().sum();
            prop_assert!((sum - (one.whole() - one.nothing())).abs() < 1e-5);
            // Linearity: a game added to another.
            let other: Vec<f32> = (0..1 << count).map(|_| random.unit()).collect();
            let both = one.values.iter().zip(&other).map(|(a, b)| a + b).collect();
            let parts = game(other).shapley().into_iter().zip(&shapley);
            for (found, (a, b)) in game(both).shapley().into_iter().zip(parts) {
                prop_assert!((found - a - b).abs() < 1e-5);
            }
            // A player who never adds anything gets nothing, and equal players get the same.
            let mut dull = one.values.clone();
            for there in 0..dull.len() {
                dull[there] = dull[there & !1];
            }
            prop_assert!(game(dull).shapley()[0].abs() < 1e-6);
            if count > 1 {
                let swap = |there: usize| there & !3 | there >> 1 & 1 | (there & 1) << 1;
                let fair = (0..one.values.len())
                    .map(|there| one.values[there] + one.values[swap(there)])
                    .collect();
                let fair = game(fair).shapley();
                prop_assert!((fair[0] - fair[1]).abs() < 1e-5);
            }
        }
    }
}
