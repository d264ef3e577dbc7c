//! Scaling of a photo without aliasing.

use crate::geometry::Rect;
use crate::photo::Photo;

/// Whole pixels of a photo, at least one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Columns to the left.
    pub left: usize,
    /// Rows above.
    pub top: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl Part {
    /// All of a photo.
    #[must_use]
    pub fn whole(photo: &Photo) -> Self {
        Self {
            left: 0,
            top: 0,
            width: photo.width(),
            height: photo.height(),
        }
    }

    /// The pixels of a photo that a rectangle touches; where it lies outside, the nearest one.
    #[must_use]
    pub fn around(photo: &Photo, rect: &Rect) -> Self {
        let along = |start: f32, end: f32, size: usize| {
            let first = (start.floor().max(0.0) as usize).min(size - 1);
            let last = (end.ceil().max(0.0) as usize).clamp(first + 1, size);
            (first, last - first)
        };
        let (left, width) = along(rect.x, rect.right(), photo.width());
        let (top, height) = along(rect.y, rect.bottom(), photo.height());
        Self {
            left,
            top,
            width,
            height,
        }
    }
}

/// The input pixels that one output pixel is made of.
struct Taps {
    start: usize,
    weights: Vec<f32>,
}

/// A triangle filter: bilinear where the picture grows; where it shrinks the triangle is widened
/// by the same factor, so that every input pixel counts and fine patterns do not alias.
fn triangle(from: usize, to: usize) -> Vec<Taps> {
    let ratio = from as f64 / to as f64;
    let reach = ratio.max(1.0);
    let taps = |index: usize| {
        let center = (index as f64 + 0.5) * ratio;
        let start = (center - reach - 0.5).ceil().max(0.0) as usize;
        let end = ((center + reach + 0.5) as usize).min(from);
        let weight = |place: usize| (1.0 - (place as f64 + 0.5 - center).abs() / reach).max(0.0);
        let total: f64 = (start..end).map(weight).sum();
        let weights = (start..end).map(|place| (weight(place) / total) as f32);
        Taps {
            start,
            weights: weights.collect(),
        }
    };
    (0..to).map(taps).collect()
}

/// Draws a part of a photo, scaled to `size` (rows, columns), at `origin` (row, column) into a canvas of
/// RGB values that holds zeros there and is `canvas_width` wide.
pub fn draw(
    photo: &Photo,
    part: &Part,
    size: [usize; 2],
    canvas: &mut [f32],
    canvas_width: usize,
    origin: [usize; 2],
) {
    let [rows, columns] = size;
    let [top, left] = origin;
    let down = triangle(part.height, rows);
    let across = triangle(part.width, columns);
    let mut scaled = vec![0.0_f32; columns * 3];
    let mut first = 0;
    // Each row is read once and added to the output rows that it belongs to.
    let lines = photo.rgba().chunks_exact(4 * photo.width());
    for (y, line) in lines.skip(part.top).take(part.height).enumerate() {
        let row = &line[4 * part.left..][..4 * part.width];
        for (pixel, taps) in scaled.chunks_exact_mut(3).zip(&across) {
            let mut sum = [0.0_f32; 4];
            for (rgba, weight) in row[4 * taps.start..].chunks_exact(4).zip(&taps.weights) {
                for (sum, value) in sum.iter_mut().zip(rgba) {
                    *sum += weight * f32::from(*value);
                }
            }
            pixel.copy_from_slice(&sum[..3]);
        }
        while first < rows && down[first].start + down[first].weights.len() <= y {
            first += 1;
        }
        let reached = down.iter().enumerate().skip(first);
        for (index, taps) in reached.take_while(|(_, taps)| taps.start <= y) {
            let Some(weight) = taps.weights.get(y - taps.start) else {
                continue;
            };
            let target = ((top + index) * canvas_width + left) * 3;
            for (target, value) in canvas[target..][..columns * 3].iter_mut().zip(&scaled) {
                *target += weight * value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resized(photo: &Photo, size: [usize; 2]) -> Vec<f32> {
        let mut canvas = vec![0.0; size[0] * size[1] * 3];
        draw(
            photo,
            &Part::whole(photo),
            size,
            &mut canvas,
            size[1],
            [0, 0],
        );
        canvas
    }

    fn gray(width: usize, height: usize, value: impl Fn(usize, usize) -> u8) -> Photo {
        let pixel = |index: usize| {
            let value = value(index % width, index / width);
            [value, value, value, 255]
        };
        let rgba = (0..width * height).flat_map(pixel).collect();
        Photo::new(width, height, rgba).expect("a valid photo")
    }

    #[test]
    fn the_same_size_gives_the_same_pixels() {
        let photo = gray(7, 5, |x, y| (13 * x + 31 * y) as u8);
        let pixels = resized(&photo, [5, 7]);
        for (found, expected) in pixels.chunks_exact(3).zip(photo.rgba().chunks_exact(4)) {
            assert_eq!(found, [f32::from(expected[0]); 3]);
        }
    }

    #[test]
    fn a_fine_pattern_turns_gray() {
        let photo = gray(64, 64, |x, y| if (x + y) % 2 == 0 { 0 } else { 200 });
        for value in resized(&photo, [9, 9]) {
            assert!((value - 100.0).abs() < 3.0, "{value}");
        }
    }

    #[test]
    fn a_ramp_stays_a_ramp_at_any_size() {
        let photo = gray(50, 3, |x, _| (4 * x) as u8);
        for columns in [5, 13, 50, 120] {
            let pixels = resized(&photo, [3, columns]);
            let step = 50.0 / columns as f32;
            // The outermost pixels see the photo's edge.
            let edge = (1.0 / step).ceil() as usize + 1;
            for column in edge..columns - edge {
                let expected = 4.0 * ((column as f32 + 0.5) * step - 0.5);
                let found = pixels[(columns + column) * 3];
                assert!(
                    (found - expected).abs() < 0.5,
                    "{columns}: {found} {expected}"
                );
            }
        }
    }
}
