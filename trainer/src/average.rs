//! Averaging a network's answers over several views of each face.

use mien_engine::crop::SIDE;
use mien_engine::metrics::Predictions;
use mien_engine::plan::Plan;

use crate::data::{DataSet, FACE_PIXELS};
use crate::evaluate::{self, EvaluateError};

/// Over which views of a face answers are averaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Average {
    /// The face and its mirror image.
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
/// logarithms. `tell` hears how many faces of all views are done.
pub fn predict(
    plan: &Plan,
    data: &DataSet,
    average: Average,
    mut tell: impl FnMut(usize),
) -> Result<Predictions, EvaluateError> {
    let views = average.views();
    let classes = evaluate::classes(plan)?;
    let mut sums = vec![0.0; data.len() * classes];
    for (done, (place, mirrored)) in views.iter().enumerate() {
        let moved = moved(data, *place, *mirrored);
        let predictions = evaluate::predict(plan, &moved, |faces| tell(done * data.len() + faces))?;
        let rows = predictions.logits().chunks_exact(classes);
        for (sums, logits) in sums.chunks_exact_mut(classes).zip(rows) {
            let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let total: f32 = logits.iter().map(|logit| (logit - largest).exp()).sum();
            for (sum, logit) in sums.iter_mut().zip(logits) {
                *sum += (logit - largest).exp() / total;
            }
        }
    }
    let count = views.len() as f32;
    let logits = sums
        .into_iter()
        .map(|sum: f32| (sum / count).max(f32::MIN_POSITIVE).ln())
        .collect();
    let labels = data.targets();
    Ok(Predictions::new(logits, labels, classes)?)
}

/// Every face moved and perhaps mirrored.
fn moved(data: &DataSet, [down, right]: [i32; 2], mirrored: bool) -> DataSet {
    let mut result = DataSet::default();
    let mut view = vec![0; FACE_PIXELS];
    let last = SIDE as u32 - 1;
    let moved =
        |place: usize, by: i32| (place as u32).saturating_add_signed(-by).min(last) as usize;
    for (face, label) in data.faces().zip(data.labels()) {
        for (index, pixel) in view.iter_mut().enumerate() {
            let [y, x] = [moved(index / SIDE, down), moved(index % SIDE, right)];
            let x = if mirrored { SIDE - 1 - x } else { x };
            *pixel = face[y * SIDE + x];
        }
        result.push(&view, *label);
    }
    result
}

#[cfg(test)]
mod tests {
    use mien_engine::expression::Expression;

    use super::*;

    fn slope() -> DataSet {
        let face: Vec<u8> = (0..FACE_PIXELS)
            .map(|index| (2 * (index % SIDE) + index / SIDE) as u8)
            .collect();
        let mut data = DataSet::default();
        data.push(&face, Expression::Fear);
        data
    }

    #[test]
    fn views_are_moved_and_mirrored() {
        let data = slope();
        assert_eq!(moved(&data, [0, 0], false), data);
        let mirrored = moved(&data, [0, 0], true);
        assert_eq!(moved(&mirrored, [0, 0], true), data);
        assert_eq!(mirrored.face(0)[0], data.face(0)[SIDE - 1]);
        let down = moved(&data, [2, 0], false);
        assert_eq!(down.face(0)[3 * SIDE], data.face(0)[SIDE]);
        assert_eq!(down.face(0)[0], data.face(0)[0]);
        let left = moved(&data, [0, -2], false);
        assert_eq!(left.face(0)[5], data.face(0)[7]);
    }

    #[test]
    fn ten_views_are_ten_different_ones() {
        assert_eq!(Average::Flip.views().len(), 2);
        let mut seen: Vec<Vec<u8>> = Average::TenCrop
            .views()
            .into_iter()
            .map(|(place, mirrored)| moved(&slope(), place, mirrored).face(0).to_vec())
            .collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 10);
    }
}
