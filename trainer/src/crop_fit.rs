//! Fits how a crop frames a face, so that a face found in a photo looks as in FER2013.
//!
//! Faces of the data set are enlarged and laid into a larger picture, where the detector finds
//! them again. The framing is the one that takes the detected boxes back to the full frames.

use image::imageops::{self, FilterType};
use image::{GrayImage, Luma};
use mien_engine::crop::{Framing, SIDE};
use mien_engine::detect::{DetectError, DetectOptions, Detector, Face};
use mien_engine::geometry::{Point, Rect};
use mien_engine::photo::{Photo, PhotoError};
use serde::Serialize;
use thiserror::Error;

use crate::data::DataSet;

/// Sides in pixels to which faces are enlarged, in turn.
const SIZES: [u32; 4] = [112, 128, 160, 224];

/// What surrounds a face in its picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Surroundings {
    /// The mean of the face's pixels.
    Mean,
    /// The face's outermost pixels, continued.
    Edge,
}

/// Why a framing cannot be fitted.
#[derive(Debug, Error)]
pub enum CropFitError {
    /// The detector failed.
    #[error(transparent)]
    Detect(#[from] DetectError),
    /// A picture for the detector could not be made.
    #[error(transparent)]
    Photo(#[from] PhotoError),
    /// Too few faces were found for medians to mean anything; use more.
    #[error("the detector found {found} faces, which are too few; take at least {MIN_FACES}")]
    TooFew {
        /// Faces that were found.
        found: usize,
    },
}

/// Fewer faces have no meaningful 90th percentile.
const MIN_FACES: usize = 10;

/// A fit, with its errors in pixels of the 48-pixel frame.
#[derive(Clone, Debug, Serialize)]
pub struct CropFit {
    /// What surrounded the faces.
    pub surroundings: Surroundings,
    /// Faces that were shown to the detector.
    pub faces: usize,
    /// Faces that it found.
    pub detected: usize,
    /// The medians, rounded to three digits.
    pub framing: Framing,
    /// Distance from the middle of the predicted frame to that of the true one.
    pub center_error: Spread,
    /// Difference between the sides of the predicted and the true frame.
    pub side_error: Spread,
    /// Mean intersection over union of predicted and true frame, both upright.
    pub mean_iou: f32,
    /// How far the faces are turned, by which a crop turns them back.
    pub roll: Roll,
}

/// Median and 90th percentile.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Spread {
    /// Half of the values are smaller.
    pub median: f32,
    /// Nine of ten values are smaller.
    pub percentile_90: f32,
}

/// The angles by which faces are turned, in degrees.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Roll {
    /// Clockwise.
    pub median: f32,
    /// From level.
    pub root_mean_square: f32,
    /// Part of the faces that are turned by more than ten degrees.
    pub share_over_10: f32,
    /// Part of the faces that are turned by more than twenty degrees.
    pub share_over_20: f32,
}

/// Shows up to `limit` faces, evenly spread over the data, to the detector and fits the framing.
/// `tell` hears of each face that is done.
pub fn fit(
    detector: &mut Detector,
    data: &DataSet,
    limit: usize,
    surroundings: Surroundings,
    mut tell: impl FnMut(),
) -> Result<CropFit, CropFitError> {
    let faces = limit.min(data.len());
    let mut found = Vec::with_capacity(faces);
    for index in 0..faces {
        let pixels = data.face(index * data.len() / faces);
        let (photo, frame) = lay_out(pixels, SIZES[index % SIZES.len()], surroundings)?;
        let seen = pollster::block_on(detector.detect(&photo, &DetectOptions::PHOTO))?;
        found.extend(seen.first().map(|face| (*face, frame)));
        tell();
    }
    if found.len() < MIN_FACES {
        return Err(CropFitError::TooFew { found: found.len() });
    }
    let framing = fit_framing(&found);
    let frames = found.iter().map(|(face, frame)| {
        let transform = framing.transform(face);
        let middle = SIDE as f32 / 2.0;
        let center = transform.apply(Point::new(middle, middle));
        let side = SIDE as f32 * transform.scale();
        (Rect::around(center, side, side), *frame)
    });
    let frames: Vec<(Rect, Rect)> = frames.collect();
    let in_crop = |frame: &Rect| SIDE as f32 / frame.width;
    let center_error = |(predicted, frame): &(Rect, Rect)| {
        let (one, other) = (predicted.center(), frame.center());
        (one.x - other.x).hypot(one.y - other.y) * in_crop(frame)
    };
    let side_error =
        |(predicted, frame): &(Rect, Rect)| (predicted.width - frame.width).abs() * in_crop(frame);
    let iou = |(predicted, frame): &(Rect, Rect)| predicted.iou(frame);
    Ok(CropFit {
        surroundings,
        faces,
        detected: found.len(),
        framing,
        center_error: Spread::of(frames.iter().map(center_error)),
        side_error: Spread::of(frames.iter().map(side_error)),
        mean_iou: round(frames.iter().map(iou).sum::<f32>() / frames.len() as f32),
        roll: Roll::of(&found, &framing),
    })
}

/// A picture with the face in its middle, and where it lies there.
pub(crate) fn lay_out(
    pixels: &[u8],
    size: u32,
    surroundings: Surroundings,
) -> Result<(Photo, Rect), PhotoError> {
    let face = |x: u32, y: u32| pixels[y as usize * SIDE + x as usize];
    let face = GrayImage::from_fn(SIDE as u32, SIDE as u32, |x, y| Luma([face(x, y)]));
    let face = imageops::resize(&face, size, size, FilterType::Triangle);
    let margin = size * 3 / 8;
    let side = size + 2 * margin;
    let sum: u64 = face.as_raw().iter().map(|&value| u64::from(value)).sum();
    let mean = (sum / u64::from(size * size)) as u8;
    let inside = margin..margin + size;
    let mut rgba = Vec::with_capacity(4 * (side * side) as usize);
    for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y, x))) {
        let near = |place: u32| place.clamp(margin, margin + size - 1) - margin;
        let value = match surroundings {
            Surroundings::Mean if !(inside.contains(&x) && inside.contains(&y)) => mean,
            Surroundings::Mean | Surroundings::Edge => face.get_pixel(near(x), near(y)).0[0],
        };
        rgba.extend([value, value, value, 255]);
    }
    let photo = Photo::new(side as usize, side as usize, rgba)?;
    let center = side as f32 / 2.0;
    let frame = Rect::around(Point::new(center, center), size as f32, size as f32);
    Ok((photo, frame))
}

/// The medians over the faces, each beside its true frame.
fn fit_framing(found: &[(Face, Rect)]) -> Framing {
    // The transform of this framing gives each face's longer side and directions.
    let plain = Framing {
        side: 1.0,
        right: 0.0,
        down: 0.0,
    };
    let ideal = found.iter().map(|(face, frame)| {
        let back = plain.transform(face).inverse();
        let center = back.apply(frame.center());
        let part = |place: f32| place / SIDE as f32 - 0.5;
        let side = frame.width * back.scale() / SIDE as f32;
        [side, part(center.x), part(center.y)]
    });
    let ideal: Vec<[f32; 3]> = ideal.collect();
    let [side, right, down] =
        [0, 1, 2].map(|part| round(quantile(ideal.iter().map(|values| values[part]), 0.5)));
    Framing { side, right, down }
}

impl Spread {
    fn of(values: impl Iterator<Item = f32> + Clone) -> Self {
        Self {
            median: round(quantile(values.clone(), 0.5)),
            percentile_90: round(quantile(values, 0.9)),
        }
    }
}

impl Roll {
    fn of(found: &[(Face, Rect)], framing: &Framing) -> Self {
        let angle = |(face, _): &(Face, Rect)| framing.transform(face).angle().to_degrees();
        let angles: Vec<f32> = found.iter().map(angle).collect();
        let count = angles.len() as f32;
        let share = |limit: f32| {
            let over = angles.iter().filter(|angle| angle.abs() > limit).count();
            round(over as f32 / count)
        };
        let squares: f32 = angles.iter().map(|angle| angle * angle).sum();
        Self {
            median: round(quantile(angles.iter().copied(), 0.5)),
            root_mean_square: round((squares / count).sqrt()),
            share_over_10: share(10.0),
            share_over_20: share(20.0),
        }
    }
}

/// The value below which a part of all values lies. There must be at least one value.
fn quantile(values: impl Iterator<Item = f32>, part: f32) -> f32 {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(f32::total_cmp);
    values[((values.len() - 1) as f32 * part).round() as usize]
}

/// Three digits: the fit is not more exact.
fn round(value: f32) -> f32 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Faces whose boxes follow from their frames by the inverse of `framing`.
    fn faces(framing: &Framing) -> Vec<(Face, Rect)> {
        let face = |index: u8| {
            let frame = Rect {
                x: 10.0 + f32::from(index),
                y: 20.0 - f32::from(index),
                width: 60.0 + f32::from(index),
                height: 60.0 + f32::from(index),
            };
            let turn = (f32::from(index) - 5.0) / 20.0;
            let (sin, cos) = turn.sin_cos();
            let long = frame.width / framing.side;
            let (right, down) = (framing.right * long, framing.down * long);
            let center = Point::new(
                frame.center().x - cos * right + sin * down,
                frame.center().y - sin * right - cos * down,
            );
            let extent = Rect::around(center, 0.8 * long, long);
            let at = |right: f32, down: f32| Point {
                x: center.x + (cos * right - sin * down) * long,
                y: center.y + (sin * right + cos * down) * long,
            };
            let (eyes, mouth) = (-0.15, 0.2);
            let landmarks = [
                at(-0.2, eyes),
                at(0.2, eyes),
                center,
                at(-0.15, mouth),
                at(0.15, mouth),
            ];
            let face = Face {
                bounds: extent,
                extent,
                landmarks,
                score: 0.9,
            };
            (face, frame)
        };
        (0..11).map(face).collect()
    }

    #[test]
    fn the_fit_finds_the_framing_back() {
        let framing = Framing {
            side: 1.25,
            right: 0.03,
            down: -0.07,
        };
        assert_eq!(fit_framing(&faces(&framing)), framing);
    }

    #[test]
    fn a_face_lies_in_the_middle_of_its_surroundings() {
        let pixels: Vec<u8> = (0..SIDE * SIDE)
            .map(|index| (index % SIDE * 5) as u8)
            .collect();
        let (photo, frame) = lay_out(&pixels, 112, Surroundings::Mean).expect("a photo");
        assert_eq!(photo.width(), 196);
        assert!((frame.x - 42.0).abs() < 1e-3);
        let value = |x: usize, y: usize| photo.rgba()[4 * (y * 196 + x)];
        assert_eq!(value(0, 0), value(195, 100));
        assert!(value(42, 100) < 5 && value(153, 100) > 230);
        let (photo, _) = lay_out(&pixels, 112, Surroundings::Edge).expect("a photo");
        let value = |x: usize, y: usize| photo.rgba()[4 * (y * 196 + x)];
        assert!(value(0, 0) < 5 && value(195, 195) > 230);
    }

    #[test]
    fn roll_counts_both_directions() {
        let framing = Framing {
            side: 1.0,
            right: 0.0,
            down: 0.0,
        };
        // Turned by -0.25 to 0.25 in steps of 0.05: four of eleven by more than ten degrees.
        let roll = Roll::of(&faces(&framing), &framing);
        assert!(roll.median.abs() < 0.1);
        assert!(roll.share_over_20.abs() < 1e-6);
        assert!((roll.share_over_10 - 0.364).abs() < 1e-6);
    }
}
