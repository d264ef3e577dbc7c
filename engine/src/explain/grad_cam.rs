//! Grad-CAM: the last maps before the network pools, each weighted by how much it moves the target.
//!
//! Selvaraju et al., "Grad-CAM: Visual explanations from deep networks via gradient-based
//! localization", ICCV 2017. The paper keeps what speaks for a class only; here what speaks
//! against it keeps its sign.

use serde::{Deserialize, Serialize};

use super::gradient_input::{back, record};
use super::{ExplainError, PIXELS, Target};
use crate::classify::Classifier;
use crate::cpu::{Differentiator, Tape};
use crate::crop::SIDE;
use crate::plan::{MapShape, TensorId};

/// Grad-CAM has nothing to set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GradCamOptions {}

/// The target's value, and the weighted sum of the last maps, enlarged to `[SIDE, SIDE]`.
pub fn grad_cam(
    classifier: &Classifier,
    pixels: &[f32],
    _options: &GradCamOptions,
    target: Target,
) -> Result<(f32, Vec<f32>), ExplainError> {
    let mut network = Differentiator::new(classifier.plan())?;
    let (tape, logits) = record(&mut network, classifier, &classifier.normalised(pixels))?;
    let gradients = back(&network, classifier, &tape, target, &logits)?;
    let last = last_map(&tape, classifier.plan().layers.len());
    let shape = tape.shape(last);
    let places = shape.height * shape.width;
    let mut weights = vec![0.0; shape.channels];
    for pixel in gradients[last.index()].chunks_exact(shape.channels) {
        for (weight, gradient) in weights.iter_mut().zip(pixel) {
            *weight += gradient / places as f32;
        }
    }
    let sum = |pixel: &[f32]| -> f32 { pixel.iter().zip(&weights).map(|(a, w)| a * w).sum() };
    let maps = tape.tensor(last).chunks_exact(shape.channels);
    let map: Vec<f32> = maps.map(sum).collect();
    Ok((target.value(&logits), enlarge(&map, shape)))
}

/// The last tensor that still has places: what is pooled.
fn last_map(tape: &Tape, layers: usize) -> TensorId {
    let tensors = (0..=layers).rev().map(|tensor| TensorId(tensor as u16));
    let has_places = |tensor: &TensorId| {
        let shape = tape.shape(*tensor);
        shape.height * shape.width > 1
    };
    tensors
        .into_iter()
        .find(has_places)
        .unwrap_or(TensorId::INPUT)
}

/// A map of one channel enlarged to `[SIDE, SIDE]`, straight between the middles of its cells.
fn enlarge(map: &[f32], shape: MapShape) -> Vec<f32> {
    let along = |place: usize, length: usize| {
        let at = (place as f32 + 0.5) * length as f32 / SIDE as f32 - 0.5;
        let at = at.clamp(0.0, (length - 1) as f32);
        let before = at as usize;
        (before, (before + 1).min(length - 1), at.fract())
    };
    let pixel = |index: usize| {
        let (top, bottom, y) = along(index / SIDE, shape.height);
        let (left, right, x) = along(index % SIDE, shape.width);
        let row = |row: usize| {
            let row = &map[row * shape.width..][..shape.width];
            row[left] * (1.0 - x) + row[right] * x
        };
        row(top) * (1.0 - y) + row(bottom) * y
    };
    (0..PIXELS).map(pixel).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enlarged_map_keeps_its_range_and_its_middles() {
        let shape = MapShape {
            height: 2,
            width: 3,
            channels: 1,
        };
        let map = [1.0, -2.0, 3.0, 0.0, 5.0, -1.0];
        let large = enlarge(&map, shape);
        assert!(large.iter().all(|value| (-2.0..=5.0).contains(value)));
        assert_eq!(large[0].to_bits(), 1.0_f32.to_bits());
        // Cells are 24 x 16 pixels; the middle of the one in the middle of the lower row lies
        // between four pixels.
        let around = large[35 * SIDE + 23] + large[36 * SIDE + 24];
        assert!((around / 2.0 - 5.0).abs() < 0.5, "{around}");
    }
}
