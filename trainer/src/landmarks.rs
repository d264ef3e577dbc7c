//! Where the landmarks lie in faces that come without a photo.

use mien_engine::crop::SIDE;
use mien_engine::detect::{DetectOptions, Detector};
use mien_engine::explain::FaceParts;
use mien_engine::geometry::Point;

use crate::crop_fit::{CropFitError, Surroundings, lay_out};

/// Side in pixels to which a face is enlarged for the detector.
const SIZE: u32 = 128;

/// The landmarks of a face of 8-bit pixels `[SIDE, SIDE]`, in its own pixels, if the detector
/// finds it amid its mean.
pub fn find(detector: &mut Detector, pixels: &[u8]) -> Result<Option<[Point; 5]>, CropFitError> {
    let (photo, frame) = lay_out(pixels, SIZE, Surroundings::Mean)?;
    let faces = pollster::block_on(detector.detect(&photo, &DetectOptions::PHOTO))?;
    let scale = SIDE as f32 / frame.width;
    let in_face = |point: Point| Point {
        x: (point.x - frame.x) * scale,
        y: (point.y - frame.y) * scale,
    };
    Ok(faces.first().map(|face| face.landmarks.map(in_face)))
}

/// The parts of a face; those of a typical one where the detector does not find it.
pub fn parts(detector: &mut Detector, pixels: &[u8]) -> Result<FaceParts, CropFitError> {
    let found = find(detector, pixels)?;
    Ok(found.map_or_else(FaceParts::typical, |landmarks| FaceParts::new(&landmarks)))
}
