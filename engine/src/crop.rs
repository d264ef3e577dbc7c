//! From a face in a photo to the picture that the expression network knows: turned upright by its
//! landmarks, framed as FER2013 frames a face, gray, 48 x 48 pixels.

use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer, Serialize};

use crate::detect::Face;
use crate::geometry::{Point, Similarity};
use crate::photo::Photo;

/// Height and width of a crop in pixels, those of FER2013.
pub const SIDE: usize = 48;

/// At most this many samples a side are averaged for one pixel of a crop. With more, the face
/// would have to be larger than 1536 pixels for a difference that 8 bits hardly show.
const MAX_SAMPLES: usize = 32;

/// Where the frame of a crop lies, as parts of the longer side of the detector's box.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Framing {
    /// Side of the frame.
    pub side: f32,
    /// From the middle of the box to the middle of the frame, to the right of the upright face.
    pub right: f32,
    /// From the middle of the box to the middle of the frame, down the upright face.
    pub down: f32,
}

/// How FER2013 frames a face: fitted on its Training images by `mien fit-crop`, which wrote
/// `reports/crop-fit.json`.
pub const FRAMING: Framing = Framing {
    side: 1.045,
    right: 0.003,
    down: -0.017,
};

impl Framing {
    /// The transform from crop pixels to photo pixels.
    #[must_use]
    pub fn transform(&self, face: &Face) -> Similarity {
        let long = face.extent.width.max(face.extent.height);
        let [cos, sin] = upright(face);
        let center = face.extent.center();
        let (right, down) = (self.right * long, self.down * long);
        let center = Point {
            x: center.x + cos * right - sin * down,
            y: center.y + sin * right + cos * down,
        };
        let middle = SIDE as f32 / 2.0;
        let scale = self.side * long / SIDE as f32;
        Similarity::new(scale, [cos, sin], Point::new(middle, middle), center)
    }
}

/// The direction in which the face's right lies, as cosine and sine: along the line of the eyes,
/// and across the line from the eyes to the mouth, the longer of them counting more. In profile,
/// where both eyes fall together, the second line is left.
fn upright(face: &Face) -> [f32; 2] {
    let [left_eye, right_eye, _, left_corner, right_corner] = face.landmarks;
    let (eyes, mouth) = (
        left_eye.midpoint(right_eye),
        left_corner.midpoint(right_corner),
    );
    let x = right_eye.x - left_eye.x + mouth.y - eyes.y;
    let y = right_eye.y - left_eye.y - (mouth.x - eyes.x);
    let length = (x * x + y * y).sqrt();
    if length > 0.0 {
        [x / length, y / length]
    } else {
        [1.0, 0.0]
    }
}

/// A face as the expression network sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaceCrop {
    /// Luma, 0 to 255, `[SIDE, SIDE]`.
    #[serde(deserialize_with = "luma_of_a_crop")]
    pub pixels: Vec<f32>,
    /// From pixels of the crop to pixels of the photo.
    pub transform: Similarity,
}

/// Messages come from outside: as many pixels as a crop has, and numbers all of them.
fn luma_of_a_crop<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f32>, D::Error> {
    let pixels = Vec::<f32>::deserialize(deserializer)?;
    if pixels.len() != SIDE * SIDE {
        return Err(D::Error::invalid_length(pixels.len(), &"48 x 48 pixels"));
    }
    match pixels.iter().find(|value| !value.is_finite()) {
        None => Ok(pixels),
        Some(&value) => {
            let found = Unexpected::Float(f64::from(value));
            Err(D::Error::invalid_value(found, &"finite luma"))
        }
    }
}

impl FaceCrop {
    /// Cuts a face out of its photo.
    #[must_use]
    pub fn new(photo: &Photo, face: &Face) -> Self {
        Self::cut(photo, FRAMING.transform(face))
    }

    /// Takes a picture that already is a face as FER2013 frames it, scaled so that the longer side
    /// fits.
    #[must_use]
    pub fn whole(photo: &Photo) -> Self {
        let size = [photo.width(), photo.height()].map(|side| side as f32);
        let middle = SIDE as f32 / 2.0;
        let scale = size[0].max(size[1]) / SIDE as f32;
        let center = Point::new(size[0] / 2.0, size[1] / 2.0);
        let from = Point::new(middle, middle);
        Self::cut(photo, Similarity::new(scale, [1.0, 0.0], from, center))
    }

    /// Takes a gray face of [`SIDE`] x [`SIDE`] pixels, row-major. `None` for another number of
    /// pixels.
    #[must_use]
    pub fn from_gray(pixels: &[u8]) -> Option<Self> {
        let middle = Point::new(SIDE as f32 / 2.0, SIDE as f32 / 2.0);
        (pixels.len() == SIDE * SIDE).then(|| Self {
            pixels: pixels.iter().map(|&value| f32::from(value)).collect(),
            transform: Similarity::new(1.0, [1.0, 0.0], middle, middle),
        })
    }

    /// The pixels rounded to 8 bits.
    #[must_use]
    pub fn to_gray(&self) -> Vec<u8> {
        self.pixels
            .iter()
            .map(|value| value.round() as u8)
            .collect()
    }

    /// Cuts out what `transform` maps the crop's pixels to. Outside the photo its edge continues.
    #[must_use]
    pub fn cut(photo: &Photo, transform: Similarity) -> Self {
        // One bilinear sample where the photo is enlarged; where it shrinks, so many that no
        // pixel of the photo is stepped over.
        let samples = (transform.scale().ceil() as usize).clamp(1, MAX_SAMPLES);
        let step = 1.0 / samples as f32;
        let pixel = |index: usize| {
            let (row, column) = (index / SIDE, index % SIDE);
            let mut sum = 0.0;
            for sample in 0..samples * samples {
                let (down, right) = (sample / samples, sample % samples);
                sum += bilinear(
                    photo,
                    transform.apply(Point {
                        x: column as f32 + (right as f32 + 0.5) * step,
                        y: row as f32 + (down as f32 + 0.5) * step,
                    }),
                );
            }
            (sum * step * step).clamp(0.0, 255.0)
        };
        Self {
            pixels: (0..SIDE * SIDE).map(pixel).collect(),
            transform,
        }
    }
}

/// Luma between the centres of the four nearest pixels.
fn bilinear(photo: &Photo, point: Point) -> f32 {
    let last = [photo.width() - 1, photo.height() - 1];
    let x = (point.x - 0.5).clamp(0.0, last[0] as f32);
    let y = (point.y - 0.5).clamp(0.0, last[1] as f32);
    let (left, top) = (x as usize, y as usize);
    let (right, bottom) = ((left + 1).min(last[0]), (top + 1).min(last[1]));
    let (x, y) = (x - left as f32, y - top as f32);
    let row = |row: usize| luma(photo, left, row) * (1.0 - x) + luma(photo, right, row) * x;
    row(top) * (1.0 - y) + row(bottom) * y
}

/// Luma of a pixel, 0 to 255, as Rec. ITU-R BT.601 weighs the channels.
fn luma(photo: &Photo, x: usize, y: usize) -> f32 {
    let pixel = &photo.rgba()[4 * (y * photo.width() + x)..][..3];
    0.299 * f32::from(pixel[0]) + 0.587 * f32::from(pixel[1]) + 0.114 * f32::from(pixel[2])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::geometry::Rect;

    fn photo(width: usize, height: usize, value: impl Fn(usize, usize) -> u8) -> Photo {
        let pixel = |index: usize| {
            let value = value(index % width, index / width);
            [value, value, value, 255]
        };
        let rgba = (0..width * height).flat_map(pixel).collect();
        Photo::new(width, height, rgba).expect("a valid photo")
    }

    /// A face whose eyes, `distance` apart, are `turn` away from level.
    fn face(extent: Rect, distance: f32, turn: f32) -> Face {
        let center = extent.center();
        let at = |right: f32, down: f32| Point {
            x: center.x + right * turn.cos() - down * turn.sin(),
            y: center.y + right * turn.sin() + down * turn.cos(),
        };
        let (reach, half) = (distance / 2.0, extent.height / 5.0);
        Face {
            bounds: extent,
            extent,
            landmarks: [
                at(-reach, -half),
                at(reach, -half),
                center,
                at(-reach, half),
                at(reach, half),
            ],
            score: 0.9,
        }
    }

    #[test]
    fn a_crop_of_its_own_size_is_the_photo() {
        let photo = photo(SIDE, SIDE, |x, y| (5 * x + 3 * y) as u8);
        let middle = Point::new(24.0, 24.0);
        let same = Similarity::new(1.0, [1.0, 0.0], middle, middle);
        let crop = FaceCrop::cut(&photo, same);
        for (found, expected) in crop.pixels.iter().zip(photo.rgba().chunks_exact(4)) {
            assert!((found - f32::from(expected[0])).abs() < 1e-3);
        }
    }

    #[test]
    fn a_picture_that_is_a_face_is_taken_whole() {
        let face = photo(SIDE, SIDE, |x, y| (5 * x + 3 * y) as u8);
        let crop = FaceCrop::whole(&face);
        let gray: Vec<u8> = face.rgba().iter().step_by(4).copied().collect();
        assert_eq!(crop.to_gray(), gray);
        assert_eq!(
            FaceCrop::from_gray(&gray).map(|crop| crop.to_gray()),
            Some(gray)
        );
        assert_eq!(FaceCrop::from_gray(&[0; 100]), None);

        // Twice as wide as high: all of the width is there.
        let wide = FaceCrop::whole(&photo(192, 96, |x, _| if x < 96 { 0 } else { 200 }));
        assert_eq!((wide.to_gray()[0], wide.to_gray()[SIDE - 1]), (0, 200));
    }

    #[test]
    fn a_turned_face_is_set_upright() {
        let turn = 0.4_f32;
        // Bright on the side of the brow, dark on the side of the chin.
        let photo = photo(200, 200, |x, y| {
            let (x, y) = (x as f32 - 99.5, y as f32 - 99.5);
            let down = y * turn.cos() - x * turn.sin();
            (128.0 - down).clamp(0.0, 255.0) as u8
        });
        let extent = Rect::around(Point::new(100.0, 100.0), 80.0, 100.0);
        let crop = FaceCrop::new(&photo, &face(extent, 30.0, turn));
        for row in crop.pixels.chunks_exact(SIDE) {
            let (first, last) = (row[0], row[SIDE - 1]);
            assert!((first - last).abs() < 2.0, "{first} {last}");
        }
        assert!(crop.pixels[0] > crop.pixels[SIDE * (SIDE - 1)] + 80.0);
        assert!((crop.transform.angle() - turn).abs() < 1e-3);
    }

    #[test]
    fn a_profile_is_set_upright_though_its_eyes_fall_together() {
        let extent = Rect::around(Point::new(50.0, 50.0), 80.0, 100.0);
        for turn in [-3.0, -0.5, 0.0, 1.2_f32] {
            let angle = FRAMING.transform(&face(extent, 0.0, turn)).angle();
            assert!((angle - turn).abs() < 1e-3, "{angle} {turn}");
        }
    }

    #[test]
    fn a_fine_pattern_turns_gray() {
        let photo = photo(500, 500, |x, y| if (x + y) % 2 == 0 { 0 } else { 200 });
        let extent = Rect::around(Point::new(250.0, 250.0), 400.0, 400.0);
        let crop = FaceCrop::new(&photo, &face(extent, 160.0, 0.0));
        for value in crop.pixels {
            assert!((value - 100.0).abs() < 4.0, "{value}");
        }
    }

    #[test]
    fn colours_are_weighed_as_rec_601_does() {
        let rgba = [[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255]].concat();
        let photo = Photo::new(3, 1, rgba).expect("a valid photo");
        for (x, expected) in [(0, 76.245), (1, 149.685), (2, 29.07)] {
            assert!((luma(&photo, x, 0) - expected).abs() < 1e-3);
        }
    }

    #[test]
    fn the_framing_is_the_fitted_one() {
        let report: serde_json::Value =
            serde_json::from_str(include_str!("../../reports/crop-fit.json")).expect("a report");
        let fitted = Framing::deserialize(&report["framing"]).expect("a framing");
        assert_eq!(FRAMING, fitted);
    }

    proptest! {
        #[test]
        fn any_face_in_any_photo_has_a_crop(
            (width, height) in prop_oneof![
                (1..60_usize, 1..60_usize),
                (1..3_usize, 1..3000_usize),
                (1..3000_usize, 1..3_usize),
            ],
            (x, y) in (-100.0..3000.0_f32, -100.0..3000.0_f32),
            (face_width, face_height) in (0.1..200.0_f32, 0.1..200.0_f32),
            turn in -4.0..4.0_f32,
        ) {
            let photo = photo(width, height, |x, y| (x * y) as u8);
            let extent = Rect { x, y, width: face_width, height: face_height };
            let crop = FaceCrop::new(&photo, &face(extent, 30.0, turn));
            prop_assert_eq!(crop.pixels.len(), SIDE * SIDE);
            prop_assert!(crop.pixels.iter().all(|value| (0.0..=255.0).contains(value)));
        }

        #[test]
        fn a_photo_of_twice_the_size_has_the_same_crop(
            (x, y) in (5.0..20.0_f32, 5.0..20.0_f32),
            size in 20.0..40.0_f32,
            turn in -1.0..1.0_f32,
        ) {
            // Smooth, so that the filters have nothing to disagree about.
            let value = |x: f32, y: f32| (128.0 + 60.0 * (x / 9.0).sin() + 60.0 * (y / 7.0).cos()) as u8;
            let small = photo(60, 60, |x, y| value(x as f32 + 0.5, y as f32 + 0.5));
            let large = photo(120, 120, |x, y| {
                value(0.5 * (x as f32 + 0.5), 0.5 * (y as f32 + 0.5))
            });
            let extent = |scale: f32| Rect {
                x: x * scale,
                y: y * scale,
                width: size * scale,
                height: size * scale,
            };
            let one = FaceCrop::new(&small, &face(extent(1.0), 10.0, turn));
            let other = FaceCrop::new(&large, &face(extent(2.0), 20.0, turn));
            for (one, other) in one.pixels.iter().zip(&other.pixels) {
                prop_assert!((one - other).abs() < 6.0, "{} {}", one, other);
            }
        }
    }
}
