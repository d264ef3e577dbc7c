//! Random changes to training faces, so that the network does not learn the pixels by heart and
//! bears faces that are cut out, lit and resampled differently.

use mien_engine::crop::SIDE;
use mien_engine::random::Random;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::data::FACE_PIXELS;
use crate::degrade::{add_noise, downscale};

/// What may happen to a face; each amount is drawn uniformly up to the limit. All off by default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Augmentation {
    /// Probability of a mirror image.
    pub flip: f32,
    /// Rotation to either side, degrees.
    pub rotation: f32,
    /// Change of size to either side, as a share.
    pub scale: f32,
    /// Shift to either side, along each axis, as a share of the face's side.
    pub shift: f32,
    /// Change of brightness to either side, in gray values (0 to 255).
    pub brightness: f32,
    /// Change of contrast to either side, as a share.
    pub contrast: f32,
    /// Probability of blurring, as if the face had been enlarged.
    pub blur: f32,
    /// Probability of scaling down and up again, as if the face had been small.
    pub downscale: f32,
    /// Largest share of the side's pixels that this loses.
    pub downscale_loss: f32,
    /// Probability of Gaussian noise on each pixel, as in low light.
    pub noise: f32,
    /// Largest standard deviation of the noise, in gray values.
    pub noise_deviation: f32,
    /// Probability of replacing a rectangle by noise (Zhong et al. 2020, "Random erasing").
    pub erase: f32,
    /// Largest share of the face's area that is replaced.
    pub erase_area: f32,
}

impl Augmentation {
    /// A changed copy of a face; pixels are 0 to 255.
    ///
    /// # Panics
    /// If `face` or `out` does not have [`FACE_PIXELS`] values.
    pub fn apply(&self, face: &[f32], rng: &mut SmallRng, out: &mut [f32]) {
        assert_eq!((face.len(), out.len()), (FACE_PIXELS, FACE_PIXELS));
        self.warp(face, rng, out);
        if chance(rng, self.blur) {
            blur(out);
        }
        // What is younger than runs that must be repeatable draws no numbers while it is off.
        if self.downscale > 0.0 && chance(rng, self.downscale) {
            let kept = 1.0 - self.downscale_loss * rng.random::<f32>();
            downscale(out, (kept * SIDE as f32).round().max(1.0) as u32);
        }
        self.relight(rng, out);
        if self.noise > 0.0 && chance(rng, self.noise) {
            let deviation = self.noise_deviation * rng.random::<f32>();
            add_noise(out, deviation, &mut Random::new(rng.random()));
        }
        if chance(rng, self.erase) {
            self.erase(rng, out);
        }
    }

    /// Mirror, rotation, scale and shift in one bilinear resampling; outside the face its border
    /// is repeated.
    fn warp(&self, face: &[f32], rng: &mut SmallRng, out: &mut [f32]) {
        let side = SIDE as f32;
        let mirror = if chance(rng, self.flip) { -1.0 } else { 1.0 };
        let angle = spread(rng, self.rotation).to_radians();
        let zoom = 1.0 / (1.0 + spread(rng, self.scale));
        let [shift_x, shift_y] = [(); 2].map(|()| side * spread(rng, self.shift));
        let (sin, cos) = (zoom * angle.sin(), zoom * angle.cos());
        let centre = (side - 1.0) / 2.0;
        for (y, row) in out.chunks_exact_mut(SIDE).enumerate() {
            let dy = y as f32 - centre - shift_y;
            for (x, pixel) in row.iter_mut().enumerate() {
                let dx = x as f32 - centre - shift_x;
                let source_x = mirror * (cos * dx + sin * dy) + centre;
                let source_y = cos * dy - sin * dx + centre;
                *pixel = sample(face, source_x, source_y);
            }
        }
    }

    fn relight(&self, rng: &mut SmallRng, out: &mut [f32]) {
        let contrast = 1.0 + spread(rng, self.contrast);
        let brightness = spread(rng, self.brightness);
        let mean = out.iter().sum::<f32>() / out.len() as f32;
        let offset = mean * (1.0 - contrast) + brightness;
        for pixel in out {
            *pixel = (*pixel * contrast + offset).clamp(0.0, 255.0);
        }
    }

    fn erase(&self, rng: &mut SmallRng, out: &mut [f32]) {
        // The paper's limits: at least 2 % of the area, sides in a ratio of 0.3 to 1 / 0.3.
        let area = FACE_PIXELS as f32 * rng.random_range(0.02..=self.erase_area.max(0.02));
        let ratio = rng
            .random_range(0.3_f32.ln()..=-(0.3_f32.ln()))
            .exp()
            .sqrt();
        let clip = |length: f32| (length.round() as usize).clamp(1, SIDE);
        let (height, width) = (clip(area.sqrt() * ratio), clip(area.sqrt() / ratio));
        let top = rng.random_range(0..=SIDE - height);
        let left = rng.random_range(0..=SIDE - width);
        for row in out.chunks_exact_mut(SIDE).skip(top).take(height) {
            for pixel in &mut row[left..left + width] {
                *pixel = rng.random_range(0.0..=255.0);
            }
        }
    }
}

/// The generator for one face in one epoch: a run draws the same numbers however it is cut into
/// sessions.
#[must_use]
pub fn face_rng(seed: u64, epoch: usize, index: usize) -> SmallRng {
    // Two 32-bit counts side by side; the generator's own seeding mixes the bits.
    let counts = ((epoch as u64) << 32) | index as u64;
    SmallRng::seed_from_u64(seed.rotate_left(17) ^ counts.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

fn chance(rng: &mut SmallRng, probability: f32) -> bool {
    rng.random::<f32>() < probability
}

fn spread(rng: &mut SmallRng, limit: f32) -> f32 {
    limit * (2.0 * rng.random::<f32>() - 1.0)
}

/// Bilinear; coordinates outside the face are drawn to its border.
fn sample(face: &[f32], x: f32, y: f32) -> f32 {
    let last = (SIDE - 1) as f32;
    let (x, y) = (x.clamp(0.0, last), y.clamp(0.0, last));
    let (left, top) = (x as usize, y as usize);
    let (right, bottom) = ((left + 1).min(SIDE - 1), (top + 1).min(SIDE - 1));
    let (part_x, part_y) = (x - left as f32, y - top as f32);
    let pixel = |x: usize, y: usize| face[y * SIDE + x];
    let upper = pixel(left, top) * (1.0 - part_x) + pixel(right, top) * part_x;
    let lower = pixel(left, bottom) * (1.0 - part_x) + pixel(right, bottom) * part_x;
    upper * (1.0 - part_y) + lower * part_y
}

/// The binomial kernel 1 2 1 along rows, then columns.
fn blur(out: &mut [f32]) {
    for (lines, step, next) in [(0..SIDE, SIDE, 1), (0..SIDE, 1, SIDE)] {
        for line in lines {
            let start = line * step;
            let mut before = out[start];
            for i in 0..SIDE {
                let at = start + i * next;
                let after = out[if i + 1 < SIDE { at + next } else { at }];
                let value = out[at];
                out[at] = 0.25 * before + 0.5 * value + 0.25 * after;
                before = value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gradient() -> Vec<f32> {
        (0..FACE_PIXELS)
            .map(|i| ((i % SIDE * 5 + i / SIDE) % 256) as f32)
            .collect()
    }

    fn apply(augmentation: &Augmentation, face: &[f32], index: usize) -> Vec<f32> {
        let mut out = vec![0.0; FACE_PIXELS];
        augmentation.apply(face, &mut face_rng(1, 2, index), &mut out);
        out
    }

    fn everything() -> Augmentation {
        Augmentation {
            flip: 0.5,
            rotation: 10.0,
            scale: 0.1,
            shift: 0.1,
            brightness: 20.0,
            contrast: 0.2,
            blur: 0.5,
            downscale: 0.5,
            downscale_loss: 0.7,
            noise: 0.5,
            noise_deviation: 40.0,
            erase: 0.5,
            erase_area: 0.2,
        }
    }

    #[test]
    fn nothing_asked_changes_nothing() {
        let face = gradient();
        assert_eq!(apply(&Augmentation::default(), &face, 0), face);
    }

    #[test]
    fn a_certain_flip_mirrors_each_row() {
        let face = gradient();
        let flip = Augmentation {
            flip: 1.0,
            ..Augmentation::default()
        };
        let out = apply(&flip, &face, 0);
        for (row, mirrored) in face.chunks(SIDE).zip(out.chunks(SIDE)) {
            for (pixel, other) in row.iter().zip(mirrored.iter().rev()) {
                assert!((pixel - other).abs() < 1e-3);
            }
        }
    }

    #[test]
    fn the_same_numbers_are_drawn_again() {
        let face = gradient();
        assert_eq!(
            apply(&everything(), &face, 3),
            apply(&everything(), &face, 3)
        );
        assert_ne!(
            apply(&everything(), &face, 3),
            apply(&everything(), &face, 4)
        );
    }

    #[test]
    fn pixels_stay_in_range() {
        let face = gradient();
        for index in 0..50 {
            let out = apply(&everything(), &face, index);
            assert!(out.iter().all(|pixel| (0.0..=255.0).contains(pixel)));
        }
    }

    #[test]
    fn blur_keeps_an_even_face() {
        let blurred = Augmentation {
            blur: 1.0,
            ..Augmentation::default()
        };
        let out = apply(&blurred, &vec![77.0; FACE_PIXELS], 0);
        assert!(out.iter().all(|pixel| (pixel - 77.0).abs() < 1e-4));
    }

    /// The standard deviation of what changed.
    fn change(out: &[f32], face: &[f32]) -> f32 {
        let squares: f32 = (out.iter().zip(face)).map(|(a, b)| (a - b).powi(2)).sum();
        (squares / face.len() as f32).sqrt()
    }

    #[test]
    fn noise_stays_within_its_deviation() {
        let noise = Augmentation {
            noise: 1.0,
            noise_deviation: 20.0,
            ..Augmentation::default()
        };
        let face = vec![128.0; FACE_PIXELS];
        let changes: Vec<f32> = (0..50)
            .map(|index| change(&apply(&noise, &face, index), &face))
            .collect();
        // As many weak as strong.
        let mean = changes.iter().sum::<f32>() / 50.0;
        assert!((mean - 10.0).abs() < 3.0, "{mean}");
        assert!(changes.iter().all(|change| *change < 21.5), "{changes:?}");
        assert_ne!(apply(&noise, &face, 0), apply(&noise, &face, 1));
    }

    #[test]
    fn downscaling_takes_fine_detail_and_leaves_the_mean() {
        let downscaled = Augmentation {
            downscale: 1.0,
            downscale_loss: 0.75,
            ..Augmentation::default()
        };
        let checks: Vec<f32> = (0..FACE_PIXELS)
            .map(|i| {
                if (i % SIDE + i / SIDE).is_multiple_of(2) {
                    50.0
                } else {
                    200.0
                }
            })
            .collect();
        let mean = |pixels: &[f32]| pixels.iter().sum::<f32>() / pixels.len() as f32;
        let smoothest = (0..20)
            .map(|index| {
                let out = apply(&downscaled, &checks, index);
                assert!((mean(&out) - 125.0).abs() < 1.0, "{}", mean(&out));
                change(&out, &vec![125.0; FACE_PIXELS])
            })
            .fold(f32::MAX, f32::min);
        assert!(smoothest < 10.0, "{smoothest}");
        let even = vec![77.0; FACE_PIXELS];
        assert!(change(&apply(&downscaled, &even, 0), &even) < 0.01);
    }

    #[test]
    fn what_is_younger_than_old_runs_draws_nothing_while_off() {
        let (mut rng, mut nine) = (face_rng(1, 2, 5), face_rng(1, 2, 5));
        Augmentation::default().apply(&gradient(), &mut rng, &mut vec![0.0; FACE_PIXELS]);
        for _ in 0..9 {
            nine.random::<f32>();
        }
        assert_eq!(rng.random::<u64>(), nine.random::<u64>());
    }
}
