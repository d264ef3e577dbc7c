//! Faces pasted into larger scenes at random size, place and rotation, to be found again.

use mien_engine::crop::SIDE;
use mien_engine::geometry::{Point, Rect, Similarity};
use mien_engine::photo::Photo;
use mien_engine::random::Random;

use super::corrupt::as_photo;

/// Side of a pasted face in pixels, as a share of the scene's shorter side.
const SIZE: [f32; 2] = [0.25, 0.7];
/// Largest rotation to either side, in degrees.
const ROTATION: f32 = 20.0;

/// A scene with a face in it.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The scene.
    pub photo: Photo,
    /// From pixels of the face to pixels of the scene.
    pub transform: Similarity,
}

impl Scene {
    /// Pastes a face `[SIDE, SIDE]` into a background, wholly inside it. `None` if either is no
    /// picture.
    #[must_use]
    pub fn new(background: &Photo, face: &[f32], random: &mut Random) -> Option<Self> {
        let face = as_photo(face)?;
        let size = [background.width() as f32, background.height() as f32];
        let mut between = |low: f32, high: f32| low + (high - low).max(0.0) * random.unit();
        let side = between(SIZE[0], SIZE[1]) * size[0].min(size[1]);
        let angle = between(-ROTATION, ROTATION).to_radians();
        let (sin, cos) = angle.sin_cos();
        // Half the side of the upright box around the turned square.
        let reach = side / 2.0 * (sin.abs() + cos.abs());
        let center = Point {
            x: between(reach, size[0] - reach),
            y: between(reach, size[1] - reach),
        };
        let middle = SIDE as f32 / 2.0;
        let from = Point::new(middle, middle);
        let transform = Similarity::new(side / SIDE as f32, [cos, sin], from, center);
        let back = transform.inverse();
        let mut rgba = background.rgba().to_vec();
        for (index, pixel) in rgba.chunks_exact_mut(4).enumerate() {
            let (x, y) = (index % background.width(), index / background.width());
            let place = back.apply(Point::new(x as f32 + 0.5, y as f32 + 0.5));
            let inside = 0.0..SIDE as f32;
            if inside.contains(&place.x) && inside.contains(&place.y) {
                pixel[..3].fill(sample(&face, place));
            }
        }
        let photo = Photo::new(background.width(), background.height(), rgba).ok()?;
        Some(Self { photo, transform })
    }

    /// Whether a box found in the scene is that of the face: its middle lies in the inner half of
    /// the face.
    #[must_use]
    pub fn is_face(&self, found: &Rect) -> bool {
        let place = self.transform.inverse().apply(found.center());
        let inner = 0.25 * SIDE as f32..0.75 * SIDE as f32;
        inner.contains(&place.x) && inner.contains(&place.y)
    }
}

/// Between the four nearest pixels.
fn sample(face: &Photo, place: Point) -> u8 {
    let last = SIDE - 1;
    let along = |place: f32| {
        let place = (place - 0.5).clamp(0.0, last as f32);
        (
            place as usize,
            (place as usize + 1).min(last),
            place.fract(),
        )
    };
    let ((left, right, x), (top, bottom, y)) = (along(place.x), along(place.y));
    let at = |row: usize, column: usize| f32::from(face.rgba()[4 * (row * SIDE + column)]);
    let row = |row: usize| at(row, left) * (1.0 - x) + at(row, right) * x;
    (row(top) * (1.0 - y) + row(bottom) * y).round() as u8
}

#[cfg(test)]
mod tests {
    use mien_engine::crop::FaceCrop;
    use mien_engine::explain::gaussian_blur;

    use super::*;

    #[test]
    fn a_pasted_face_is_cut_out_as_it_was() {
        let background = Photo::new(200, 150, vec![40; 4 * 200 * 150]).expect("a photo");
        let mut random = Random::new(2);
        let noise: Vec<f32> = (0..SIDE * SIDE).map(|_| 255.0 * random.unit()).collect();
        let face = gaussian_blur(&noise, 3.0);
        for _ in 0..20 {
            let scene = Scene::new(&background, &face, &mut random).expect("a scene");
            let cut = FaceCrop::cut(&scene.photo, scene.transform);
            // Away from the edge, where the background mixes in.
            for index in (0..SIDE * SIDE).filter(|index| {
                (3..45).contains(&(index % SIDE)) && (3..45).contains(&(index / SIDE))
            }) {
                let difference = (cut.pixels[index] - face[index]).abs();
                assert!(difference < 8.0, "{difference}");
            }
            let middle = scene.transform.apply(Point::new(24.0, 24.0));
            assert!(scene.is_face(&Rect::around(middle, 30.0, 30.0)));
            let corner = scene.transform.apply(Point::new(2.0, 2.0));
            assert!(!scene.is_face(&Rect::around(corner, 30.0, 30.0)));
        }
    }
}
