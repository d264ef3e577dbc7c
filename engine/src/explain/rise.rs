//! RISE: many random masks, each hiding about half of the crop; a pixel counts as much as the
//! target gains on average where it is left.
//!
//! Petsiuk, Das and Saenko, "RISE: Randomized input sampling for explanation of black-box models",
//! BMVC 2018. Two changes: each pixel's sum is divided by what its masks add up to rather than by
//! its expectation, which removes noise, and the mean over all masks is taken off, so that zero
//! means "makes no difference" and the sign says for or against.

use serde::{Deserialize, Serialize};

use super::pictures::logits_of;
use super::{ExplainError, Fill, PIXELS, Parameter, Target};
use crate::classify::Classifier;
use crate::crop::SIDE;
use crate::random::Random;

/// How masks are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiseOptions {
    /// Number of masks, 50 to 4000; the noise falls with its square root.
    pub masks: usize,
    /// Cells along a side of a mask before it is enlarged, 2 to 16.
    pub cells: usize,
    /// What hides.
    pub fill: Fill,
    /// Names the masks: the same seed draws the same ones.
    pub seed: u64,
}

impl Default for RiseOptions {
    /// 600 masks of 7 x 7 cells, as in the paper.
    fn default() -> Self {
        Self {
            masks: 600,
            cells: 7,
            fill: Fill::Mean,
            seed: 1,
        }
    }
}

/// How probable it is that a cell is left, as in the paper.
const LEFT: f32 = 0.5;

impl RiseOptions {
    /// Checks the ranges.
    pub fn check(&self) -> Result<(), ExplainError> {
        Parameter::Masks.check(self.masks, 50..=4000)?;
        Parameter::Cells.check(self.cells, 2..=16)
    }

    /// Draws one mask `[SIDE, SIDE]`, 0 (hidden) to 1 (left): cells enlarged with straight
    /// transitions and moved by part of a cell.
    fn mask(&self, random: &mut Random) -> Vec<f32> {
        let size = SIDE as f32 / self.cells as f32;
        // One more cell, for the shift.
        let count = self.cells + 1;
        let cells: Vec<f32> = (0..count * count)
            .map(|_| f32::from(u8::from(random.unit() < LEFT)))
            .collect();
        let shift = [random.unit(), random.unit()];
        let along = |place: usize, shift: f32| {
            let at = (place as f32 + 0.5) / size + shift - 0.5;
            let at = at.clamp(0.0, (count - 1) as f32);
            let before = (at as usize).min(count - 2);
            (before, at - before as f32)
        };
        let pixel = |index: usize| {
            let (row, y) = along(index / SIDE, shift[0]);
            let (column, x) = along(index % SIDE, shift[1]);
            let line = |row: usize| {
                let cells = &cells[row * count + column..][..2];
                cells[0] * (1.0 - x) + cells[1] * x
            };
            line(row) * (1.0 - y) + line(row + 1) * y
        };
        (0..PIXELS).map(pixel).collect()
    }
}

/// The target's value, and for each pixel `[SIDE, SIDE]` how much more the value is on average
/// where the pixel is left.
pub async fn rise(
    classifier: &mut Classifier,
    pixels: &[f32],
    options: &RiseOptions,
    target: Target,
) -> Result<(f32, Vec<f32>), ExplainError> {
    options.check()?;
    let background = options.fill.background(pixels);
    let hide = |mask: Vec<f32>| -> Vec<f32> {
        let pairs = pixels.iter().zip(&background).zip(mask);
        pairs
            .map(|((pixel, hidden), left)| hidden + left * (pixel - hidden))
            .collect()
    };
    let masks = || {
        let mut random = Random::new(options.seed);
        (0..options.masks).map(move |_| options.mask(&mut random))
    };
    let whole = classifier.logits(pixels, 1).await?[0];
    let logits = logits_of(classifier, masks().map(hide)).await?;
    let values: Vec<f32> = logits.iter().map(|logits| target.value(logits)).collect();
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    let mut sums = vec![(0.0_f32, 0.0_f32); PIXELS];
    // The masks are drawn once more rather than kept: they are many.
    for (mask, value) in masks().zip(&values) {
        for ((sum, weight), left) in sums.iter_mut().zip(mask) {
            *sum += left * (value - mean);
            *weight += left;
        }
    }
    let gain = |(sum, weight): (f32, f32)| sum / weight.max(f32::MIN_POSITIVE);
    Ok((target.value(&whole), sums.into_iter().map(gain).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_leave_half_and_change_gently() {
        let options = RiseOptions::default();
        let mut random = Random::new(3);
        let masks: Vec<_> = (0..400).map(|_| options.mask(&mut random)).collect();
        let mean = |pixel: usize| masks.iter().map(|mask| mask[pixel]).sum::<f32>() / 400.0;
        for pixel in [0, SIDE - 1, 24 * SIDE + 24, PIXELS - 1] {
            assert!((mean(pixel) - LEFT).abs() < 0.1, "{}", mean(pixel));
        }
        for mask in &masks {
            assert!(mask.iter().all(|left| (0.0..=1.0).contains(left)));
            let steps = mask.windows(2).enumerate();
            let steps = steps.filter(|(index, _)| index % SIDE != SIDE - 1);
            let steepest = steps.map(|(_, pair)| (pair[0] - pair[1]).abs());
            assert!(steepest.fold(0.0, f32::max) < 0.2);
        }
    }
}
