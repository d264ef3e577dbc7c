//! Face detection with CenterFace: Xu, Yan et al., "CenterFace: Joint Face Detection and Alignment
//! Using Face as Point" (2020), <https://arxiv.org/abs/1911.03599>.
//!
//! The photo is drawn into the network's input (`canvas`), the network marks the centres of
//! faces on a map of a quarter of its size, `decode` reads boxes and landmarks there, and
//! `nms` keeps one box a face. A photo is looked at coarsely first: that is enough where it shows
//! large faces and nothing else that might be one. Otherwise it is looked at finely; `second_look` looks
//! differently where that finds nothing and closer where it leaves doubts, `finer_look` closer where
//! faces are small.

mod canvas;
mod decode;
mod finer_look;
mod nms;
mod resize;
mod second_look;
#[cfg(test)]
pub(crate) mod tests;

pub use decode::MIN_SCORE;
pub use nms::SAME_FACE_IOU;

use canvas::Canvas;
use decode::decode;
use nms::suppress;
use second_look::{MIN_DOUBTFUL_SCORE, MIN_FAINT_SCORE, split_off_doubtful};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::geometry::{Point, Rect};
use crate::photo::Photo;
use crate::plan::{Plan, TensorId};
use crate::runner::{Batch, RunError, Runner};

/// A face found in a photo. All places are in pixels of the photo.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Face {
    /// The box around the face, as far as it lies in the photo.
    pub bounds: Rect,
    /// The whole box, also where it reaches beyond the photo.
    pub extent: Rect,
    /// The eye on the left of an upright picture (the person's right one), the other eye, the tip
    /// of the nose, the corner of the mouth on the left, the other corner.
    pub landmarks: [Point; 5],
    /// How sure the detector is, [`MIN_SCORE`] to 1.
    pub score: f32,
}

/// How thoroughly a photo is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DetectOptions {
    /// The photo's longer side is scaled down to this many pixels. Faces of some 16 pixels there
    /// are found; time grows with the square.
    pub long_side: usize,
    /// Whether to look several times, as often as it takes: coarsely first, which is enough for
    /// large faces; then closer at what might be a face, finer where faces are small,
    /// and where there is none, for one that fills the photo and for turned ones.
    pub look_again: bool,
}

/// The longer sides of the coarse looks: a sixteenth and a quarter of the time of one at 640. The
/// first says whether the second is worth its time; the second has the landmarks of large faces as
/// exact as the fine look.
const COARSE_SIDES: [usize; 2] = [160, 320];

/// A face that takes this share of the photo's longer side is large.
const LARGE: f32 = 0.2;

/// Pixels that a face followed by the camera should have in the detector's input: enough for
/// landmarks as exact as at full size.
const FOLLOWED_FACE: f32 = 64.0;

impl DetectOptions {
    /// For photos: faces from about a fortieth of the longer side, and where there are such small
    /// ones, from about a seventieth.
    pub const PHOTO: Self = Self {
        long_side: 640,
        look_again: true,
    };

    /// For the camera, a quarter of the time: faces from about a twentieth of the longer side.
    pub const CAMERA: Self = Self {
        long_side: 320,
        look_again: false,
    };

    /// For a frame of the camera in which the smallest face is expected to take this share of the
    /// longer side: faces down to half of that. Never finer than [`CAMERA`](Self::CAMERA), and
    /// down to a quarter of its time.
    #[must_use]
    pub fn following(smallest_share: f32) -> Self {
        let long_side = (FOLLOWED_FACE / smallest_share.clamp(0.01, 1.0)).ceil() as usize;
        let finest = Self::CAMERA.long_side;
        Self {
            long_side: long_side.clamp(finest / 2, finest),
            ..Self::CAMERA
        }
    }
}

/// Why no faces could be looked for.
#[derive(Debug, Error)]
pub enum DetectError {
    /// The network is not a face detector of this kind; load another model.
    #[error("this model is not a face detector")]
    NotADetector,
    /// The network failed.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// The CenterFace network on a backend.
#[derive(Debug)]
pub struct Detector {
    runner: Runner,
}

impl Detector {
    /// Takes a runner of the detector's network.
    pub fn new(runner: Runner) -> Result<Self, DetectError> {
        if is_detector(runner.plan()) {
            Ok(Self { runner })
        } else {
            Err(DetectError::NotADetector)
        }
    }

    /// Finds the faces in a photo, the surest first.
    pub async fn detect(
        &mut self,
        photo: &Photo,
        options: &DetectOptions,
    ) -> Result<Vec<Face>, DetectError> {
        let canvas = Canvas::whole(photo, options.long_side);
        if !options.look_again {
            return self.look(photo, &canvas, MIN_SCORE).await;
        }
        if let Some(faces) = self.look_coarsely(photo, &canvas).await? {
            return Ok(faces);
        }
        let mut faces = self.look(photo, &canvas, MIN_FAINT_SCORE).await?;
        let mut doubtful = split_off_doubtful(&mut faces, MIN_SCORE);
        if !faces.is_empty() {
            doubtful.retain(|face| face.score >= MIN_DOUBTFUL_SCORE);
        }
        faces.extend(self.confirm(photo, &doubtful).await?);
        if faces.is_empty() {
            return self.look_differently(photo).await;
        }
        faces.extend(self.look_finer(photo, &canvas, &faces).await?);
        Ok(suppress(faces))
    }

    /// The faces of a photo that shows large ones and nothing else that might be one.
    async fn look_coarsely(
        &mut self,
        photo: &Photo,
        fine: &Canvas,
    ) -> Result<Option<Vec<Face>>, DetectError> {
        let canvases = COARSE_SIDES.map(|side| Canvas::whole(photo, side));
        if canvases[1].scale() >= fine.scale() {
            // Nothing to save.
            return Ok(None);
        }
        let large = LARGE * photo.width().max(photo.height()) as f32;
        let is_large = |face: &Face| face.extent.width.max(face.extent.height) >= large;
        let mut found = None;
        for canvas in canvases {
            let faces = self.look(photo, &canvas, MIN_FAINT_SCORE).await?;
            let is_plain = |face: &Face| face.score >= MIN_SCORE && is_large(face);
            if faces.is_empty() || !faces.iter().all(is_plain) {
                return Ok(None);
            }
            found = Some(faces);
        }
        Ok(found)
    }

    /// The candidates of one look, the surest first.
    async fn look(
        &mut self,
        photo: &Photo,
        canvas: &Canvas,
        min_score: f32,
    ) -> Result<Vec<Face>, DetectError> {
        let input = &self.runner.plan().input;
        let data = canvas.draw(photo, input.scale, input.offset);
        let batch = Batch {
            data: &data,
            count: 1,
            height: canvas.height,
            width: canvas.width,
        };
        let outputs = self.runner.run(batch).await?;
        Ok(suppress(decode(&outputs, canvas, photo, min_score)))
    }
}

/// Whether a plan reads colour pictures of any size and gives CenterFace's four maps.
fn is_detector(plan: &Plan) -> bool {
    let side = canvas::MULTIPLE;
    let Ok(shapes) = plan.shapes(side, side) else {
        return false;
    };
    let channels = |tensor: &TensorId| {
        let shape = shapes[tensor.index()];
        let fits = [shape.height, shape.width] == [side / decode::STRIDE; 2];
        fits.then_some(shape.channels)
    };
    plan.input.channels == 3
        && plan.input.size.is_none()
        && canvas::MULTIPLE.is_multiple_of(plan.input.multiple)
        && plan
            .outputs
            .iter()
            .map(channels)
            .eq(decode::CHANNELS.map(Some))
}
