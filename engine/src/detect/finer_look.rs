//! Looks at the quarters of a photo, where small faces say that there may be smaller ones.

use super::canvas::Canvas;
use super::nms::suppress;
use super::resize::Part;
use super::second_look::{MIN_DOUBTFUL_SCORE, MIN_SECOND_SCORE, split_off_doubtful};
use super::{DetectError, Detector, Face};
use crate::photo::Photo;

/// A face whose longer side has fewer pixels than this in a look's input is small: of those half its
/// size many are missed.
const SMALL: f32 = 28.0;

/// How much of a photo's side a quarter takes. Two overlap by a tenth of the photo, so that each
/// small face lies whole in one of them.
const QUARTER: f64 = 0.55;

/// Photos in which a quarter shows less than this many times the first look's detail are not worth
/// looking at again.
const MIN_GAIN: f32 = 1.2;

impl Detector {
    /// The small faces of a photo's quarters, where `faces`, those of the look at `first`, are
    /// small.
    pub(super) async fn look_finer(
        &mut self,
        photo: &Photo,
        first: &Canvas,
        faces: &[Face],
    ) -> Result<Vec<Face>, DetectError> {
        let is_small = |face: &Face| {
            let long = face.extent.width.max(face.extent.height);
            long * first.scale() < SMALL
        };
        if !faces.iter().any(is_small) {
            return Ok(Vec::new());
        }
        let long_side = first.height.max(first.width);
        let mut found = Vec::new();
        for part in quarters(photo) {
            let canvas = Canvas::place(part, long_side.min(part.width.max(part.height)), 0);
            if canvas.scale() < MIN_GAIN * first.scale() {
                return Ok(Vec::new());
            }
            let mut faces = self.look(photo, &canvas, MIN_DOUBTFUL_SCORE).await?;
            faces.retain(|face| is_small(face) && is_whole(face, &part, photo));
            let doubtful = split_off_doubtful(&mut faces, MIN_SECOND_SCORE);
            found.extend(faces);
            found.extend(self.confirm(photo, &doubtful).await?);
        }
        Ok(suppress(found))
    }
}

fn quarters(photo: &Photo) -> [Part; 4] {
    let [width, height] = [photo.width(), photo.height()].map(|side| {
        let quarter = (side as f64 * QUARTER).ceil() as usize;
        quarter.min(side)
    });
    let [right, bottom] = [photo.width() - width, photo.height() - height];
    [(0, 0), (right, 0), (0, bottom), (right, bottom)].map(|(left, top)| Part {
        left,
        top,
        width,
        height,
    })
}

/// Whether no edge of the part cuts the face, but for the photo's own edges.
fn is_whole(face: &Face, part: &Part, photo: &Photo) -> bool {
    let (right, bottom) = (part.left + part.width, part.top + part.height);
    let extent = &face.extent;
    (part.left == 0 || extent.x >= part.left as f32)
        && (part.top == 0 || extent.y >= part.top as f32)
        && (right == photo.width() || extent.right() <= right as f32)
        && (bottom == photo.height() || extent.bottom() <= bottom as f32)
}
