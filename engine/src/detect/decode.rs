//! From the network's maps to faces.

use super::{Canvas, Face};
use crate::geometry::{Point, Rect};
use crate::photo::Photo;

/// Faces of a lower score are not reported; where there is no other, a second look decides.
pub const MIN_SCORE: f32 = 0.45;

/// Input pixels for one place of a map.
pub(super) const STRIDE: usize = 4;

/// Values at each place of the four maps: score, size, offset, landmarks.
pub(super) const CHANNELS: [usize; 4] = [1, 2, 2, 10];

/// Reads the candidates off the network's outputs for one canvas: score `[rows, columns, 1]`;
/// logarithm of height and width in strides; offset down and right in strides; five landmarks
/// (down, right) as fractions of the box. A candidate is a place whose score is the highest
/// among its neighbours and at least `min_score`.
pub(super) fn decode(
    outputs: &[Vec<f32>],
    canvas: &Canvas,
    photo: &Photo,
    min_score: f32,
) -> Vec<Face> {
    let [scores, sizes, offsets, landmarks] = outputs else {
        unreachable!("the detector's plan was found to have four outputs");
    };
    let (rows, columns) = (canvas.height / STRIDE, canvas.width / STRIDE);
    let is_peak = |row: usize, column: usize| {
        let score = scores[row * columns + column];
        let mut neighbours = (row.saturating_sub(1)..rows.min(row + 2)).flat_map(|row| {
            let columns_near = column.saturating_sub(1)..columns.min(column + 2);
            columns_near.map(move |column| row * columns + column)
        });
        score >= min_score && neighbours.all(|place| scores[place] <= score)
    };
    let whole = Rect {
        x: 0.0,
        y: 0.0,
        width: photo.width() as f32,
        height: photo.height() as f32,
    };
    let read = |row: usize, column: usize| {
        let place = row * columns + column;
        let stride = STRIDE as f32;
        let pair = |map: &[f32]| [map[2 * place], map[2 * place + 1]];
        let [height, width] = pair(sizes).map(|size| size.exp() * stride);
        let [down, right] = pair(offsets);
        let center = Point {
            x: (column as f32 + right + 0.5) * stride,
            y: (row as f32 + down + 0.5) * stride,
        };
        let extent = Rect::around(center, width, height);
        let landmark = |index: usize| {
            let at = 10 * place + 2 * index;
            let (down, right) = (landmarks[at], landmarks[at + 1]);
            canvas.point_to_photo(Point {
                x: extent.x + right * width,
                y: extent.y + down * height,
            })
        };
        let extent = canvas.rect_to_photo(&extent);
        Face {
            bounds: extent.intersection(&whole),
            extent,
            landmarks: [0, 1, 2, 3, 4].map(landmark),
            score: scores[place],
        }
    };
    let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
    places
        .filter(|&(row, column)| is_peak(row, column))
        .map(|(row, column)| read(row, column))
        .filter(is_usable)
        .collect()
}

/// Whether a candidate has finite places and lies in the photo.
fn is_usable(face: &Face) -> bool {
    let points = face.landmarks.iter().flat_map(|point| [point.x, point.y]);
    let extent = [
        face.extent.x,
        face.extent.y,
        face.extent.width,
        face.extent.height,
    ];
    points.chain(extent).all(f32::is_finite) && face.bounds.area() > 0.0
}
