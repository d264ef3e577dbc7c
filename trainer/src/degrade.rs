//! What makes pictures worse, in training on purpose and in the robustness report to see what it costs.

use image::imageops::{self, FilterType};
use image::{ImageBuffer, Luma};
use mien_engine::crop::SIDE;
use mien_engine::random::Random;

/// Scales a face `[SIDE, SIDE]`, luma of 0 to 255, down to `side` pixels and up again, linearly.
pub fn downscale(face: &mut [f32], side: u32) {
    // Pixels of floating point go from 0 to 1 in this crate.
    let place = |x: u32, y: u32| y as usize * SIDE + x as usize;
    let full = SIDE as u32;
    let picture = ImageBuffer::from_fn(full, full, |x, y| Luma([face[place(x, y)] / 255.0]));
    let small = imageops::resize(&picture, side, side, FilterType::Triangle);
    let again = imageops::resize(&small, full, full, FilterType::Triangle);
    for (pixel, value) in face.iter_mut().zip(again.as_raw()) {
        *pixel = 255.0 * value;
    }
}

/// Adds Gaussian noise of a standard deviation in gray values to each pixel, luma of 0 to 255.
pub fn add_noise(face: &mut [f32], deviation: f32, random: &mut Random) {
    for pixel in face {
        *pixel = (*pixel + deviation * random.normal()).clamp(0.0, 255.0);
    }
}
