//! How a photo lies in the detector's input.

use super::resize::draw;
use crate::geometry::{Point, Rect};
use crate::photo::Photo;

/// The input's sides are multiples of this, for the network halves them five times.
pub const MULTIPLE: usize = 32;

/// Smaller photos are enlarged to this length of their longer side.
const SHORTEST: usize = 192;

/// The longer side of a photo looked at as a close-up: the size at which the network is best at a
/// face that fills the photo.
const CLOSE_UP: usize = 128;

/// What is added to each side of a close-up, because a face without surroundings is hard to see.
const CLOSE_UP_MARGIN: usize = 48;

/// How a photo lies in the detector's input. What the photo leaves free has its mean colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Canvas {
    /// Rows, a multiple of 32.
    pub height: usize,
    /// Columns, a multiple of 32.
    pub width: usize,
    /// Rows above the photo and columns to its left.
    origin: [usize; 2],
    /// Rows and columns that the photo takes.
    inner: [usize; 2],
    /// Photo pixels for one input pixel, down and to the right.
    step: [f32; 2],
}

impl Canvas {
    /// The photo in the upper left corner, its longer side at most `long_side`.
    #[must_use]
    pub fn whole(photo: &Photo, long_side: usize) -> Self {
        let long = photo.width().max(photo.height());
        Self::place(photo, long.clamp(SHORTEST.min(long_side), long_side), 0)
    }

    /// The photo small, and in the middle.
    #[must_use]
    pub fn close_up(photo: &Photo) -> Self {
        Self::place(photo, CLOSE_UP, CLOSE_UP_MARGIN)
    }

    fn place(photo: &Photo, long_side: usize, margin: usize) -> Self {
        let size = [photo.height(), photo.width()];
        let scale = long_side.max(1) as f64 / size[0].max(size[1]) as f64;
        let inner = size.map(|side| ((side as f64 * scale).round() as usize).max(1));
        let [height, width] = inner.map(|side| (side + 2 * margin).next_multiple_of(MULTIPLE));
        let step = [0, 1].map(|axis| size[axis] as f32 / inner[axis] as f32);
        Self {
            height,
            width,
            origin: [margin; 2],
            inner,
            step,
        }
    }

    /// The network's input, `[height, width, 3]`: RGB, each value `v` as `v * scale + offset`.
    #[must_use]
    pub fn draw(&self, photo: &Photo, scale: f32, offset: f32) -> Vec<f32> {
        let [top, left] = self.origin;
        let [rows, columns] = self.inner;
        let mut pixels = vec![0.0_f32; self.height * self.width * 3];
        draw(photo, self.inner, &mut pixels, self.width, self.origin);

        let mut mean = [0.0_f64; 3];
        for row in pixels.chunks_exact(self.width * 3).skip(top).take(rows) {
            for pixel in row[left * 3..][..columns * 3].chunks_exact(3) {
                for (sum, value) in mean.iter_mut().zip(pixel) {
                    *sum += f64::from(*value);
                }
            }
        }
        let mean = mean.map(|sum| (sum / (rows * columns) as f64) as f32);

        for (y, row) in pixels.chunks_exact_mut(self.width * 3).enumerate() {
            for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
                let inside = (top..top + rows).contains(&y) && (left..left + columns).contains(&x);
                for (value, mean) in pixel.iter_mut().zip(mean) {
                    *value = if inside { *value } else { mean } * scale + offset;
                }
            }
        }
        pixels
    }

    /// Where a point of the input lies in the photo.
    #[must_use]
    pub fn point_to_photo(&self, point: Point) -> Point {
        Point {
            x: (point.x - self.origin[1] as f32) * self.step[1],
            y: (point.y - self.origin[0] as f32) * self.step[0],
        }
    }

    /// Where a rectangle of the input lies in the photo.
    #[must_use]
    pub fn rect_to_photo(&self, rect: &Rect) -> Rect {
        let corner = self.point_to_photo(Point::new(rect.x, rect.y));
        Rect {
            x: corner.x,
            y: corner.y,
            width: rect.width * self.step[1],
            height: rect.height * self.step[0],
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn photo(width: usize, height: usize) -> Photo {
        Photo::new(width, height, vec![255; 4 * width * height]).expect("a valid photo")
    }

    #[test]
    fn a_large_photo_is_scaled_down_and_a_middling_one_left_alone() {
        let large = Canvas::whole(&photo(1600, 800), 640);
        assert_eq!([large.height, large.width], [320, 640]);
        let middling = Canvas::whole(&photo(500, 300), 640);
        assert_eq!([middling.inner, middling.origin], [[300, 500], [0, 0]]);
        assert_eq!([middling.height, middling.width], [320, 512]);
        let small = Canvas::whole(&photo(48, 48), 640);
        assert_eq!(small.inner, [192, 192]);
    }

    #[test]
    fn what_the_photo_leaves_free_has_its_mean_colour() {
        let mut rgba = vec![255; 4 * 40 * 20];
        for pixel in rgba.chunks_exact_mut(4).take(40 * 10) {
            pixel[..3].copy_from_slice(&[55, 155, 255]);
        }
        let photo = Photo::new(40, 20, rgba).expect("a valid photo");
        let canvas = Canvas::close_up(&photo);
        let pixels = canvas.draw(&photo, 1.0, 0.0);
        let corner = &pixels[..3];
        for (found, expected) in corner.iter().zip([155.0, 205.0, 255.0]) {
            assert!((found - expected).abs() < 0.5, "{corner:?}");
        }
    }

    proptest! {
        #[test]
        fn any_photo_fits(
            (width, height) in prop_oneof![
                (1..300_usize, 1..300_usize),
                (1..3_usize, 1..20_001_usize),
                (1..20_001_usize, 1..3_usize),
            ],
            long_side in 1..700_usize,
        ) {
            let photo = photo(width, height);
            for canvas in [Canvas::whole(&photo, long_side), Canvas::close_up(&photo)] {
                prop_assert!(canvas.height % MULTIPLE == 0 && canvas.width % MULTIPLE == 0);
                // The photo's corners are where it was drawn.
                let [top, left] = canvas.origin;
                let [rows, columns] = canvas.inner;
                prop_assert!(top + rows <= canvas.height && left + columns <= canvas.width);
                let end = Point::new((left + columns) as f32, (top + rows) as f32);
                let end = canvas.point_to_photo(end);
                prop_assert!((end.x / width as f32 - 1.0).abs() < 1e-4);
                prop_assert!((end.y / height as f32 - 1.0).abs() < 1e-4);
                let pixels = canvas.draw(&photo, 0.5, 1.0);
                prop_assert_eq!(pixels.len(), canvas.height * canvas.width * 3);
                prop_assert!(pixels.iter().all(|value| (value - 128.5).abs() < 0.01));
            }
        }
    }
}
