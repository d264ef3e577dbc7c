//! What may go wrong with a picture, each at five strengths. After Hendrycks and Dietterich,
//! "Benchmarking neural network robustness to common corruptions and perturbations", ICLR 2019,
//! with strengths that suit 48 pixels.

use image::codecs::jpeg::JpegEncoder;
use image::{GrayImage, ImageError};
use mien_engine::crop::{FaceCrop, SIDE};
use mien_engine::explain::{FaceParts, Part, gaussian_blur};
use mien_engine::geometry::{Point, Similarity};
use mien_engine::photo::Photo;
use mien_engine::random::Random;
use serde::Serialize;

use crate::degrade::{add_noise, downscale};

/// Strengths of each corruption.
pub const STRENGTHS: usize = 5;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Corruption {
    /// Brighter or darker.
    Brightness,
    /// Less contrast.
    Contrast,
    /// Gaussian noise on each pixel.
    Noise,
    /// Gaussian blur.
    Blur,
    /// JPEG.
    Jpeg,
    /// Scaled down and up again.
    DownScaling,
    /// Turned to either side.
    Rotation,
    /// Moved to any side.
    Shift,
    /// A bar over both eyes.
    Eyes,
    /// A patch over the mouth.
    Mouth,
    /// One side of the face covered.
    HalfFace,
}

impl Corruption {
    /// Every corruption.
    pub const ALL: [Self; 11] = [
        Self::Brightness,
        Self::Contrast,
        Self::Noise,
        Self::Blur,
        Self::Jpeg,
        Self::DownScaling,
        Self::Rotation,
        Self::Shift,
        Self::Eyes,
        Self::Mouth,
        Self::HalfFace,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Brightness => "brightness",
            Self::Contrast => "contrast",
            Self::Noise => "noise",
            Self::Blur => "blur",
            Self::Jpeg => "JPEG",
            Self::DownScaling => "down-scaling",
            Self::Rotation => "rotation",
            Self::Shift => "shift",
            Self::Eyes => "eyes covered",
            Self::Mouth => "mouth covered",
            Self::HalfFace => "side covered",
        }
    }

    /// What the amounts mean.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::Brightness => "gray values of 255, up or down",
            Self::Contrast => "factor",
            Self::Noise => "standard deviation in gray values of 255",
            Self::Blur => "standard deviation in pixels of 48",
            Self::Jpeg => "quality of 100",
            Self::DownScaling => "pixels a side",
            Self::Rotation => "degrees, either way",
            Self::Shift => "pixels of 48, any way",
            Self::Eyes => "height of the bar, times the eyes'",
            Self::Mouth => "size of the patch, times the mouth's",
            Self::HalfFace => "share of the width, from either side",
        }
    }

    /// The amount at each strength.
    #[must_use]
    pub fn amounts(self) -> [f32; STRENGTHS] {
        match self {
            Self::Brightness => [20.0, 40.0, 60.0, 80.0, 100.0],
            Self::Contrast => [0.8, 0.6, 0.4, 0.25, 0.1],
            Self::Noise => [5.0, 10.0, 20.0, 30.0, 40.0],
            Self::Blur => [0.5, 1.0, 1.5, 2.0, 3.0],
            Self::Jpeg => [60.0, 40.0, 20.0, 10.0, 5.0],
            Self::DownScaling => [36.0, 24.0, 16.0, 12.0, 8.0],
            Self::Rotation => [5.0, 10.0, 15.0, 20.0, 30.0],
            Self::Shift => [1.0, 2.0, 3.0, 5.0, 8.0],
            Self::Eyes | Self::Mouth => [0.4, 0.7, 1.0, 1.3, 1.6],
            Self::HalfFace => [0.1, 0.2, 0.3, 0.4, 0.5],
        }
    }

    /// A corrupted copy of the face `[SIDE, SIDE]`, luma of 0 to 255.
    pub fn apply(
        self,
        amount: f32,
        pixels: &[f32],
        parts: &FaceParts,
        random: &mut Random,
    ) -> Result<Vec<f32>, ImageError> {
        let mean = pixels.iter().sum::<f32>() / pixels.len() as f32;
        let sign = if random.below(2) == 0 { -1.0 } else { 1.0 };
        let each = |change: &dyn Fn(f32) -> f32| -> Vec<f32> {
            let changed = pixels.iter().map(|&value| change(value));
            changed.map(|value| value.clamp(0.0, 255.0)).collect()
        };
        let on_copy = |change: &mut dyn FnMut(&mut [f32])| {
            let mut copy = pixels.to_vec();
            change(&mut copy);
            copy
        };
        Ok(match self {
            Self::Brightness => each(&|value| value + sign * amount),
            Self::Contrast => each(&|value| mean + amount * (value - mean)),
            Self::Noise => on_copy(&mut |copy| add_noise(copy, amount, random)),
            Self::Blur => gaussian_blur(pixels, amount),
            Self::Jpeg => jpeg(pixels, amount as u8)?,
            Self::DownScaling => on_copy(&mut |copy| downscale(copy, amount as u32)),
            Self::Rotation => moved(pixels, sign * amount.to_radians(), [0.0, 0.0]),
            Self::Shift => {
                let (y, x) = (std::f32::consts::TAU * random.unit()).sin_cos();
                moved(pixels, 0.0, [amount * x, amount * y])
            }
            Self::Eyes => covered(pixels, mean, |x, y| {
                let eyes = bounds(parts, &[Part::LeftEye, Part::RightEye]);
                eyes.is_some_and(|eyes| eyes.holds(x, y, [1.0, amount]))
            }),
            Self::Mouth => covered(pixels, mean, |x, y| {
                let mouth = bounds(parts, &[Part::Mouth]);
                mouth.is_some_and(|mouth| mouth.holds(x, y, [amount, amount]))
            }),
            Self::HalfFace => covered(pixels, mean, |x, _| {
                let from_side = if sign < 0.0 { x } else { SIDE as f32 - x };
                from_side < amount * SIDE as f32
            }),
        })
    }
}

/// The middle and half the size of the box around some parts.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    middle: [f32; 2],
    half: [f32; 2],
}

impl Bounds {
    fn holds(&self, x: f32, y: f32, scale: [f32; 2]) -> bool {
        let near = |axis: usize, place: f32| {
            (place - self.middle[axis]).abs() <= scale[axis] * self.half[axis]
        };
        near(0, x) && near(1, y)
    }
}

fn bounds(parts: &FaceParts, wanted: &[Part]) -> Option<Bounds> {
    let places = parts.pixels().iter().enumerate();
    let places = places.filter(|(_, part)| wanted.contains(part));
    let (mut low, mut high) = ([f32::MAX; 2], [f32::MIN; 2]);
    for (index, _) in places {
        for (axis, place) in [index % SIDE, index / SIDE].into_iter().enumerate() {
            low[axis] = low[axis].min(place as f32);
            high[axis] = high[axis].max(place as f32 + 1.0);
        }
    }
    (low[0] < high[0]).then(|| Bounds {
        middle: [0, 1].map(|axis| f32::midpoint(low[axis], high[axis])),
        half: [0, 1].map(|axis| (high[axis] - low[axis]) / 2.0),
    })
}

fn covered(pixels: &[f32], luma: f32, is_covered: impl Fn(f32, f32) -> bool) -> Vec<f32> {
    let pixel = |(index, &value): (usize, &f32)| {
        let (x, y) = ((index % SIDE) as f32 + 0.5, (index / SIDE) as f32 + 0.5);
        if is_covered(x, y) { luma } else { value }
    };
    pixels.iter().enumerate().map(pixel).collect()
}

fn gray(pixels: &[f32]) -> GrayImage {
    GrayImage::from_fn(SIDE as u32, SIDE as u32, |x, y| {
        image::Luma([pixels[y as usize * SIDE + x as usize].round() as u8])
    })
}

fn floats(picture: &GrayImage) -> Vec<f32> {
    picture.as_raw().iter().map(|&it| f32::from(it)).collect()
}

fn jpeg(pixels: &[f32], quality: u8) -> Result<Vec<f32>, ImageError> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(&gray(pixels))?;
    Ok(floats(&image::load_from_memory(&bytes)?.into_luma8()))
}

/// Turned about its middle by an angle in radians and moved; beyond its edge the face continues.
fn moved(pixels: &[f32], angle: f32, shift: [f32; 2]) -> Vec<f32> {
    let middle = SIDE as f32 / 2.0;
    let from = Point::new(middle, middle);
    let to = Point::new(middle + shift[0], middle + shift[1]);
    let transform = Similarity::new(1.0, [angle.cos(), angle.sin()], from, to);
    as_photo(pixels).map_or_else(
        || pixels.to_vec(),
        |photo| FaceCrop::cut(&photo, transform).pixels,
    )
}

/// A face as a photo; `None` if it does not have the pixels of one.
pub(super) fn as_photo(pixels: &[f32]) -> Option<Photo> {
    let opaque = |&value: &f32| {
        let value = value.round() as u8;
        [value, value, value, 255]
    };
    Photo::new(SIDE, SIDE, pixels.iter().flat_map(opaque).collect()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face() -> Vec<f32> {
        let mut random = Random::new(4);
        let noise: Vec<f32> = (0..SIDE * SIDE).map(|_| 255.0 * random.unit()).collect();
        gaussian_blur(&noise, 2.0)
            .into_iter()
            .map(|value| (127.0 + 6.0 * (value - 127.0)).clamp(0.0, 255.0))
            .collect()
    }

    #[test]
    fn each_corruption_grows_with_its_strength() {
        let pixels = face();
        let parts = FaceParts::typical();
        for corruption in Corruption::ALL {
            let change = |amount: f32| {
                // The same seed: the same signs and directions.
                let changed = corruption.apply(amount, &pixels, &parts, &mut Random::new(3));
                let changed = changed.expect("a picture");
                assert_eq!(changed.len(), pixels.len());
                assert!(changed.iter().all(|value| (0.0..=255.0).contains(value)));
                let pairs = changed.iter().zip(&pixels);
                pairs.map(|(a, b)| (a - b).abs()).sum::<f32>()
            };
            let changes = corruption.amounts().map(change);
            assert!(changes[0] > 0.0, "{corruption:?}");
            for pair in changes.windows(2) {
                assert!(pair[1] > 0.98 * pair[0], "{corruption:?}: {changes:?}");
            }
            assert!(changes[4] > 1.5 * changes[0], "{corruption:?}: {changes:?}");
        }
    }

    #[test]
    fn a_bar_covers_the_eyes_and_a_patch_the_mouth() {
        let pixels = face();
        let parts = FaceParts::typical();
        for (corruption, wanted, amount) in [
            (Corruption::Eyes, &[Part::LeftEye, Part::RightEye][..], 1.0),
            (Corruption::Mouth, &[Part::Mouth], 1.0),
        ] {
            let changed = corruption.apply(amount, &pixels, &parts, &mut Random::new(1));
            let changed = changed.expect("a picture");
            for (index, part) in parts.pixels().iter().enumerate() {
                if wanted.contains(part) {
                    assert!((changed[index] - pixels.iter().sum::<f32>() / 2304.0).abs() < 1e-2);
                } else if matches!(part, Part::Chin | Part::Surroundings) {
                    let is_low = index / SIDE > 44 || index / SIDE < 8;
                    assert!(!is_low || changed[index].to_bits() == pixels[index].to_bits());
                }
            }
        }
    }
}
