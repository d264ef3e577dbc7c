//! How a photo lies in the detector's input.

use super::resize::{Part, draw};
use crate::geometry::{Point, Rect};
use crate::photo::Photo;

/// The input's sides are multiples of this, for the network halves them five times.
pub const MULTIPLE: usize = 32;

/// Smaller photos are enlarged to this length of their longer side.
const SHORTEST: usize = 192;

/// How a photo, or a part of it, lies in the detector's input. What it leaves free has its mean
/// colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Canvas {
    /// Rows, a multiple of 32.
    pub height: usize,
    /// Columns, a multiple of 32.
    pub width: usize,
    /// How the upright drawing is turned.
    turn: Turn,
    /// What is drawn.
    part: Part,
    /// Rows above the drawing and columns to its left, before it is turned.
    origin: [usize; 2],
    /// Rows and columns of the drawing, before it is turned.
    inner: [usize; 2],
    /// Photo pixels for one input pixel, down and to the right of the photo.
    step: [f32; 2],
}

/// A turn of the drawing, clockwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// None.
    Upright,
    /// By 90 degrees.
    Right,
    /// By 180 degrees.
    Over,
    /// By 270 degrees.
    Left,
}

impl Canvas {
    /// The photo in the upper left corner, its longer side at most `long_side`.
    #[must_use]
    pub fn whole(photo: &Photo, long_side: usize) -> Self {
        let long = photo.width().max(photo.height());
        let long_side = long.clamp(SHORTEST.min(long_side), long_side);
        Self::place(Part::whole(photo), long_side, 0)
    }

    /// A part of the photo, its longer side of `long_side` pixels, with a margin on each side.
    #[must_use]
    pub fn place(part: Part, long_side: usize, margin: usize) -> Self {
        let size = [part.height, part.width];
        let scale = long_side.max(1) as f64 / size[0].max(size[1]) as f64;
        let inner = size.map(|side| ((side as f64 * scale).round() as usize).max(1));
        let [height, width] = inner.map(|side| (side + 2 * margin).next_multiple_of(MULTIPLE));
        let step = [0, 1].map(|axis| size[axis] as f32 / inner[axis] as f32);
        Self {
            height,
            width,
            turn: Turn::Upright,
            part,
            origin: [margin; 2],
            inner,
            step,
        }
    }

    /// The same drawing, turned from upright.
    #[must_use]
    pub fn turned(self, turn: Turn) -> Self {
        let [height, width] = self.upright_size();
        let (height, width) = match turn {
            Turn::Upright | Turn::Over => (height, width),
            Turn::Right | Turn::Left => (width, height),
        };
        Self {
            height,
            width,
            turn,
            ..self
        }
    }

    /// Input pixels for one photo pixel.
    #[must_use]
    pub fn scale(&self) -> f32 {
        1.0 / self.step[0].max(self.step[1])
    }

    /// Rows and columns before the turn.
    fn upright_size(&self) -> [usize; 2] {
        match self.turn {
            Turn::Upright | Turn::Over => [self.height, self.width],
            Turn::Right | Turn::Left => [self.width, self.height],
        }
    }

    /// The network's input, `[height, width, 3]`: RGB, each value `v` as `v * scale + offset`.
    #[must_use]
    pub fn draw(&self, photo: &Photo, scale: f32, offset: f32) -> Vec<f32> {
        let [top, left] = self.origin;
        let [rows, columns] = self.inner;
        let [height, width] = self.upright_size();
        let mut pixels = vec![0.0_f32; height * width * 3];
        draw(
            photo,
            &self.part,
            self.inner,
            &mut pixels,
            width,
            self.origin,
        );

        let mut mean = [0.0_f64; 3];
        for row in pixels.chunks_exact(width * 3).skip(top).take(rows) {
            for pixel in row[left * 3..][..columns * 3].chunks_exact(3) {
                for (sum, value) in mean.iter_mut().zip(pixel) {
                    *sum += f64::from(*value);
                }
            }
        }
        let mean = mean.map(|sum| (sum / (rows * columns) as f64) as f32);

        for (y, row) in pixels.chunks_exact_mut(width * 3).enumerate() {
            for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
                let inside = (top..top + rows).contains(&y) && (left..left + columns).contains(&x);
                for (value, mean) in pixel.iter_mut().zip(mean) {
                    *value = if inside { *value } else { mean } * scale + offset;
                }
            }
        }
        self.turn_pixels(pixels)
    }

    fn turn_pixels(&self, pixels: Vec<f32>) -> Vec<f32> {
        if self.turn == Turn::Upright {
            return pixels;
        }
        let [height, width] = self.upright_size();
        let places =
            (0..self.height).flat_map(|row| (0..self.width).map(move |column| (row, column)));
        places
            .flat_map(|(row, column)| {
                let (y, x) = match self.turn {
                    Turn::Upright => (row, column),
                    Turn::Right => (height - 1 - column, row),
                    Turn::Over => (height - 1 - row, width - 1 - column),
                    Turn::Left => (column, width - 1 - row),
                };
                pixels[(y * width + x) * 3..][..3].iter().copied()
            })
            .collect()
    }

    /// Where a point of the input lies in the photo.
    #[must_use]
    pub fn point_to_photo(&self, point: Point) -> Point {
        let [height, width] = self.upright_size().map(|side| side as f32);
        let upright = match self.turn {
            Turn::Upright => point,
            Turn::Right => Point::new(point.y, height - point.x),
            Turn::Over => Point::new(width - point.x, height - point.y),
            Turn::Left => Point::new(width - point.y, point.x),
        };
        Point {
            x: (upright.x - self.origin[1] as f32) * self.step[1] + self.part.left as f32,
            y: (upright.y - self.origin[0] as f32) * self.step[0] + self.part.top as f32,
        }
    }

    /// Where a rectangle of the input lies in the photo.
    #[must_use]
    pub fn rect_to_photo(&self, rect: &Rect) -> Rect {
        let one = self.point_to_photo(Point::new(rect.x, rect.y));
        let other = self.point_to_photo(Point::new(rect.right(), rect.bottom()));
        Rect {
            x: one.x.min(other.x),
            y: one.y.min(other.y),
            width: (other.x - one.x).abs(),
            height: (other.y - one.y).abs(),
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
        let canvas = Canvas::place(Part::whole(&photo), 128, 48);
        let pixels = canvas.draw(&photo, 1.0, 0.0);
        let corner = &pixels[..3];
        for (found, expected) in corner.iter().zip([155.0, 205.0, 255.0]) {
            assert!((found - expected).abs() < 0.5, "{corner:?}");
        }
    }

    #[test]
    fn what_is_seen_on_a_turned_canvas_lies_where_it_is_in_the_photo() {
        let mut rgba = [0, 0, 0, 255].repeat(60 * 40);
        // Two pixels around (45, 11).
        rgba[4 * (10 * 60 + 44)] = 255;
        rgba[4 * (11 * 60 + 45)] = 255;
        let photo = Photo::new(60, 40, rgba).expect("a valid photo");
        let part = Part {
            left: 30,
            top: 5,
            width: 28,
            height: 20,
        };
        for turn in [Turn::Upright, Turn::Right, Turn::Over, Turn::Left] {
            let canvas = Canvas::place(part, 56, 10).turned(turn);
            let pixels = canvas.draw(&photo, 1.0, 0.0);
            let (mut place, mut weight) = (Point::new(0.0, 0.0), 0.0);
            for (index, pixel) in pixels.chunks_exact(3).enumerate() {
                // More than the mean that surrounds the drawing.
                let red = (pixel[0] - 20.0).max(0.0);
                place.x += red * ((index % canvas.width) as f32 + 0.5);
                place.y += red * ((index / canvas.width) as f32 + 0.5);
                weight += red;
            }
            let seen = Point::new(place.x / weight, place.y / weight);
            let found = canvas.point_to_photo(seen);
            assert!(
                (found.x - 45.0).hypot(found.y - 11.0) < 0.1,
                "{turn:?} {found:?}"
            );
            let rect = canvas.rect_to_photo(&Rect::around(seen, 8.0, 4.0));
            let size = match turn {
                Turn::Upright | Turn::Over => [4.0, 2.0],
                Turn::Right | Turn::Left => [2.0, 4.0],
            };
            assert!((rect.width - size[0]).abs() + (rect.height - size[1]).abs() < 1e-3);
        }
        // Turned clockwise, the left edge is the upper one.
        let right = Canvas::place(part, 56, 10).turned(Turn::Right);
        let [up, down] = [0.0, 50.0].map(|y| right.point_to_photo(Point::new(20.0, y)));
        assert!(up.x < down.x && (up.y - down.y).abs() < 1e-3);
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
            let whole = Part::whole(&photo);
            for canvas in [Canvas::whole(&photo, long_side), Canvas::place(whole, 128, 48)] {
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
