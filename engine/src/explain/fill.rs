//! What covers a part of a face.

use serde::{Deserialize, Serialize};

use super::PIXELS;
use crate::crop::SIDE;

/// Standard deviation in pixels of the blur that covers: strong enough to take the shape of an eye
/// away, weak enough to leave light and shadow.
const BLUR: f32 = 5.0;

/// What a part of the crop is covered with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fill {
    /// Luma 0, black.
    Zero,
    /// The mean luma of the crop: covers without making the crop brighter or darker.
    #[default]
    Mean,
    /// Half of the largest luma, as in the paper on occlusion.
    Gray,
    /// The crop itself, blurred by a Gaussian of 5 pixels: covers without edges.
    Blur,
    /// Each pixel from the nearest ones that are not covered, to the left, to the right, above and
    /// below, the nearer the more: skin where skin surrounds. Where the whole crop is covered
    /// there are none, and the mean covers.
    Neighbours,
}

impl Fill {
    /// Every fill.
    pub const ALL: [Self; 5] = [
        Self::Zero,
        Self::Mean,
        Self::Gray,
        Self::Blur,
        Self::Neighbours,
    ];

    /// Its name, as in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Zero => "zero",
            Self::Mean => "mean",
            Self::Gray => "gray",
            Self::Blur => "blur",
            Self::Neighbours => "neighbours",
        }
    }

    /// The one luma that covers, where it does not depend on the place.
    pub(super) fn luma(self, pixels: &[f32]) -> Option<f32> {
        match self {
            Self::Zero => Some(0.0),
            Self::Mean => Some(mean(pixels)),
            Self::Gray => Some(127.5),
            Self::Blur | Self::Neighbours => None,
        }
    }

    /// The crop with everything covered.
    #[must_use]
    pub fn background(self, pixels: &[f32]) -> Vec<f32> {
        match self {
            Self::Blur => gaussian_blur(pixels, BLUR),
            _ => vec![self.luma(pixels).unwrap_or_else(|| mean(pixels)); pixels.len()],
        }
    }

    /// The crop `[SIDE, SIDE]` with some pixels covered. `background` is that of the same crop.
    pub(super) fn cover(self, pixels: &[f32], background: &[f32], covered: &[bool]) -> Vec<f32> {
        let replacement = |index: usize| match self {
            Self::Neighbours => neighbours(pixels, covered, index).unwrap_or(background[index]),
            _ => background[index],
        };
        (0..pixels.len())
            .map(|index| {
                if covered[index] {
                    replacement(index)
                } else {
                    pixels[index]
                }
            })
            .collect()
    }
}

fn mean(pixels: &[f32]) -> f32 {
    pixels.iter().sum::<f32>() / pixels.len().max(1) as f32
}

/// The mean of the nearest pixels that are not covered in the four directions, weighted by
/// `1 / distance`; `None` if there is none.
fn neighbours(pixels: &[f32], covered: &[bool], index: usize) -> Option<f32> {
    let (y, x) = (index / SIDE, index % SIDE);
    let paths: [(usize, &dyn Fn(usize) -> usize); 4] = [
        (x, &|step| index - step),
        (SIDE - 1 - x, &|step| index + step),
        (y, &|step| index - step * SIDE),
        (SIDE - 1 - y, &|step| index + step * SIDE),
    ];
    let (mut sum, mut weights) = (0.0, 0.0);
    for (steps, place) in paths {
        if let Some(step) = (1..=steps).find(|&step| !covered[place(step)]) {
            let weight = 1.0 / step as f32;
            sum += weight * pixels[place(step)];
            weights += weight;
        }
    }
    (weights > 0.0).then(|| sum / weights)
}

/// A crop `[SIDE, SIDE]` blurred by a Gaussian of the standard deviation `sigma` in pixels. Its
/// edge continues.
///
/// # Panics
/// If there are not `SIDE * SIDE` pixels.
#[must_use]
pub fn gaussian_blur(pixels: &[f32], sigma: f32) -> Vec<f32> {
    assert_eq!(pixels.len(), PIXELS);
    let reach = (3.0 * sigma).ceil() as usize;
    let kernel: Vec<f32> = (0..=2 * reach)
        .map(|tap| {
            let distance = tap as f32 - reach as f32;
            (-0.5 * (distance / sigma.max(1e-6)).powi(2)).exp()
        })
        .collect();
    let sum: f32 = kernel.iter().sum();
    let along = |pixels: &[f32], step: usize| -> Vec<f32> {
        let pixel = |index: usize| {
            let place = index / step % SIDE;
            let line = index - place * step;
            let at = |tap: usize| (place + tap).saturating_sub(reach).min(SIDE - 1);
            let taps = kernel.iter().enumerate();
            let products = taps.map(|(tap, weight)| weight * pixels[line + at(tap) * step]);
            products.sum::<f32>() / sum
        };
        (0..PIXELS).map(pixel).collect()
    };
    along(&along(pixels, 1), SIDE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp() -> Vec<f32> {
        (0..PIXELS)
            .map(|index| (3 * (index % SIDE) + index / SIDE) as f32)
            .collect()
    }

    #[test]
    fn only_what_is_covered_changes() {
        let pixels = ramp();
        let covered: Vec<bool> = (0..PIXELS).map(|index| index % 7 == 0).collect();
        for fill in Fill::ALL {
            let background = fill.background(&pixels);
            let picture = fill.cover(&pixels, &background, &covered);
            for index in 0..PIXELS {
                if !covered[index] {
                    assert_eq!(picture[index].to_bits(), pixels[index].to_bits());
                }
            }
        }
    }

    #[test]
    fn names_are_those_of_files() {
        for fill in Fill::ALL {
            let written = serde_json::to_value(fill).expect("plain data");
            assert_eq!(written, fill.name());
        }
    }

    #[test]
    fn neighbours_continue_a_slope() {
        // A slope is what lies between its neighbours, also under a hole.
        let pixels = ramp();
        let covered: Vec<bool> = (0..PIXELS)
            .map(|index| (20..26).contains(&(index % SIDE)) && (20..26).contains(&(index / SIDE)))
            .collect();
        let fill = Fill::Neighbours;
        let picture = fill.cover(&pixels, &fill.background(&pixels), &covered);
        for (found, expected) in picture.iter().zip(&pixels) {
            assert!((found - expected).abs() < 2.5, "{found} is not {expected}");
        }
        let all = vec![true; PIXELS];
        let picture = fill.cover(&pixels, &fill.background(&pixels), &all);
        assert!(
            picture
                .iter()
                .all(|value| (value - mean(&pixels)).abs() < 1e-2)
        );
    }

    #[test]
    fn a_blur_keeps_what_is_flat_and_spreads_what_is_not() {
        let flat = gaussian_blur(&vec![90.0; PIXELS], 3.0);
        assert!(flat.iter().all(|value| (value - 90.0).abs() < 1e-3));
        let mut spot = vec![0.0; PIXELS];
        spot[24 * SIDE + 24] = 100.0;
        let spread = gaussian_blur(&spot, 2.0);
        assert!((spread.iter().sum::<f32>() - 100.0).abs() < 0.1);
        // The peak of a Gaussian of two dimensions: 1 / (2 pi sigma²).
        assert!((spread[24 * SIDE + 24] - 100.0 / 25.13).abs() < 0.1);
        assert!((spread[24 * SIDE + 20] - spread[20 * SIDE + 24]).abs() < 1e-4);
    }
}
