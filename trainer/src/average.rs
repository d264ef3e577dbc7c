//! Averaging a network's answers over several views of each face.

use clap::ValueEnum;
use mien_engine::crop::SIDE;
use mien_engine::metrics::Predictions;
use serde::{Deserialize, Serialize};

use crate::data::{DataSet, FACE_PIXELS};
use crate::evaluate::{self, EvaluateError, Reader};

/// Over which views of a face answers are averaged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Average {
    /// The face and its mirror image.
    #[default]
    Flip,
    /// The face in the middle and moved towards each corner, and the mirror images of these five
    /// (Krizhevsky et al. 2012, section 4.1, where it is cut instead).
    TenCrop,
}

/// How far a face is moved towards a corner, in pixels; its border is repeated.
const MOVE: i32 = 2;

impl Average {
    /// Rows down, columns to the right, and whether mirrored, of each view.
    fn views(self) -> Vec<([i32; 2], bool)> {
        let places: &[[i32; 2]] = match self {
            Self::Flip => &[[0, 0]],
            Self::TenCrop => &[
                [0, 0],
                [-MOVE, -MOVE],
                [-MOVE, MOVE],
                [MOVE, -MOVE],
                [MOVE, MOVE],
            ],
        };
        let both = |place: &[i32; 2]| [(*place, false), (*place, true)];
        places.iter().flat_map(both).collect()
    }
}

/// Predictions whose probabilities are the mean of those of the views; their logits are the
/// logarithms. `tell` hears how many faces are done.
pub fn predict(
    reader: &mut Reader,
    data: &DataSet,
    average: Average,
    tell: impl FnMut(usize),
) -> Result<Predictions, EvaluateError> {
    let classes = reader.classes();
    let answer = |pixels: &[f32]| {
        let mean = probabilities(reader, pixels, average)?;
        Ok(mean.into_iter().map(logarithm).collect())
    };
    evaluate::in_batches(data, classes, answer, tell)
}

/// The mean over the views of the probabilities of each class, `[faces, classes]`, for faces of 0
/// to 255, `[faces, 48, 48]`.
pub fn probabilities(
    reader: &mut Reader,
    pixels: &[f32],
    average: Average,
) -> Result<Vec<f32>, EvaluateError> {
    let views = average.views();
    let classes = reader.classes();
    let share = 1.0 / views.len() as f32;
    let mut means = vec![0.0; pixels.len() / FACE_PIXELS * classes];
    for (place, mirrored) in views {
        let logits = reader.logits(&moved(pixels, place, mirrored))?;
        let rows = logits.chunks_exact(classes);
        for (means, logits) in means.chunks_exact_mut(classes).zip(rows) {
            let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let total: f32 = logits.iter().map(|logit| (logit - largest).exp()).sum();
            for (mean, logit) in means.iter_mut().zip(logits) {
                *mean += share * (logit - largest).exp() / total;
            }
        }
    }
    Ok(means)
}

/// Finite also where a probability is too small for a float.
#[must_use]
pub fn logarithm(probability: f32) -> f32 {
    probability.max(f32::MIN_POSITIVE).ln()
}

/// Every face moved and perhaps mirrored.
fn moved(pixels: &[f32], [down, right]: [i32; 2], mirrored: bool) -> Vec<f32> {
    let last = SIDE as u32 - 1;
    let moved =
        |place: usize, by: i32| (place as u32).saturating_add_signed(-by).min(last) as usize;
    let view = |face: &[f32], index: usize| {
        let [y, x] = [moved(index / SIDE, down), moved(index % SIDE, right)];
        let x = if mirrored { SIDE - 1 - x } else { x };
        face[y * SIDE + x]
    };
    let faces = pixels.chunks_exact(FACE_PIXELS);
    faces
        .flat_map(|face| (0..FACE_PIXELS).map(move |index| view(face, index)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slope() -> Vec<f32> {
        let value = |index| (2 * (index % SIDE) + index / SIDE) as f32;
        (0..FACE_PIXELS).map(value).collect()
    }

    #[test]
    fn views_are_moved_and_mirrored() {
        let face = slope();
        let is = |a: f32, b: f32| assert!((a - b).abs() < f32::EPSILON, "{a} and {b}");
        assert_eq!(moved(&face, [0, 0], false), face);
        let mirrored = moved(&face, [0, 0], true);
        assert_eq!(moved(&mirrored, [0, 0], true), face);
        is(mirrored[0], face[SIDE - 1]);
        let down = moved(&face, [2, 0], false);
        is(down[3 * SIDE], face[SIDE]);
        is(down[0], face[0]);
        let left = moved(&face, [0, -2], false);
        is(left[5], face[7]);
    }

    #[test]
    fn ten_views_are_ten_different_ones() {
        assert_eq!(Average::Flip.views().len(), 2);
        let mut seen: Vec<Vec<f32>> = Average::TenCrop
            .views()
            .into_iter()
            .map(|(place, mirrored)| moved(&slope(), place, mirrored))
            .collect();
        seen.sort_by(|a, b| a.partial_cmp(b).expect("finite numbers"));
        seen.dedup();
        assert_eq!(seen.len(), 10);
    }
}
