//! Looks that are taken where the first one is in doubt or found nothing: cheap ones, for the network
//! is quick on small pictures, and strict ones, for a picture without people must stay one without
//! faces.

use super::canvas::{Canvas, Turn};
use super::nms::{SAME_FACE_IOU, suppress};
use super::resize::Part;
use super::{DetectError, Detector, Face};
use crate::geometry::{Point, Rect};
use crate::photo::Photo;

/// Candidates from this score on are worth a closer look. Pictures without people hardly have
/// any, and theirs vanish on that look.
pub(super) const MIN_DOUBTFUL_SCORE: f32 = 0.15;

/// The same in a photo in which no face was found so far, which deserves more effort.
pub(super) const MIN_FAINT_SCORE: f32 = 0.06;

/// The score that a face must have on a second look. More than on the first: with each look there
/// is more that may be taken for a face.
pub(super) const MIN_SECOND_SCORE: f32 = 0.6;

/// The score that does as well where two of the closer looks agree on it.
const MIN_AGREED_SCORE: f32 = 0.5;

/// How many doubtful candidates of one look are looked at closely.
const MAX_DOUBTFUL: usize = 8;

/// Length of the longer side and margin of the looks at the whole photo small: the sizes at which
/// the network is best at a face that fills the photo. The margin is there because a face without
/// surroundings is hard to see.
const CLOSE_UPS: [(usize, usize); 3] = [(128, 48), (96, 48), (64, 32)];

/// Share of the candidate's box that a closer look takes, length of its longer side and margin.
/// Little of what is beside the face, which is what made it doubtful.
const CLOSER: [(f32, usize, usize); 4] =
    [(1.0, 64, 32), (1.3, 96, 16), (1.6, 128, 16), (1.15, 80, 24)];

/// The longer side of a photo that is looked at turned.
const TURNED_SIDE: usize = 320;

impl Detector {
    /// Looks at the photo as a face that fills it, then at the photo turned; the first look that
    /// finds a face decides.
    pub(super) async fn look_differently(
        &mut self,
        photo: &Photo,
    ) -> Result<Vec<Face>, DetectError> {
        let whole = Part::whole(photo);
        for (side, margin) in CLOSE_UPS {
            let canvas = Canvas::place(whole, side, margin);
            let mut faces = self.look(photo, &canvas, MIN_FAINT_SCORE).await?;
            faces.retain(|face| is_upright(face, &canvas));
            let doubtful = split_off_doubtful(&mut faces, MIN_SECOND_SCORE);
            if faces.is_empty() {
                faces = self.confirm(photo, &doubtful).await?;
            }
            if !faces.is_empty() {
                return Ok(faces);
            }
        }
        for turn in [Turn::Right, Turn::Left, Turn::Over] {
            let canvas = Canvas::whole(photo, TURNED_SIDE).turned(turn);
            let mut faces = self.look(photo, &canvas, MIN_SECOND_SCORE).await?;
            faces.retain(|face| is_upright(face, &canvas));
            if !faces.is_empty() {
                return Ok(faces);
            }
        }
        Ok(Vec::new())
    }

    /// The faces that doubtful candidates turn out to be, each cut out of its surroundings.
    pub(super) async fn confirm(
        &mut self,
        photo: &Photo,
        doubtful: &[Face],
    ) -> Result<Vec<Face>, DetectError> {
        let mut confirmed = Vec::new();
        for candidate in doubtful.iter().take(MAX_DOUBTFUL) {
            confirmed.extend(self.look_closer(photo, candidate).await?);
        }
        Ok(suppress(confirmed))
    }

    /// The face that one candidate turns out to be: one closer look is sure of it, or two agree.
    async fn look_closer(
        &mut self,
        photo: &Photo,
        candidate: &Face,
    ) -> Result<Option<Face>, DetectError> {
        let mut was_seen = false;
        for (share, side, margin) in CLOSER {
            let long = share * candidate.extent.width.max(candidate.extent.height);
            let square = Rect::around(candidate.extent.center(), long, long);
            let canvas = Canvas::place(Part::around(photo, &square), side, margin);
            let seen = self.look(photo, &canvas, MIN_AGREED_SCORE).await?;
            let same = seen.into_iter().find(|face| {
                face.extent.iou(&candidate.extent) >= SAME_FACE_IOU && is_upright(face, &canvas)
            });
            match same {
                Some(face) if was_seen || face.score >= MIN_SECOND_SCORE => return Ok(Some(face)),
                Some(_) => was_seen = true,
                None => {}
            }
        }
        Ok(None)
    }
}

/// Takes the faces below a score out, the surest first as they came.
pub(super) fn split_off_doubtful(faces: &mut Vec<Face>, min_score: f32) -> Vec<Face> {
    faces.split_off(faces.partition_point(|face| face.score >= min_score))
}

/// Whether the mouth lies below the eyes, within 45 degrees, as the canvas is turned.
fn is_upright(face: &Face, canvas: &Canvas) -> bool {
    let along = |from: Point, to: Point| Point::new(to.x - from.x, to.y - from.y);
    let [left_eye, right_eye, _, left_corner, right_corner] = face.landmarks;
    let face_down = along(
        left_eye.midpoint(right_eye),
        left_corner.midpoint(right_corner),
    );
    let origin = canvas.point_to_photo(Point::new(0.0, 0.0));
    let down = along(origin, canvas.point_to_photo(Point::new(0.0, 1.0)));
    let across = (face_down.x * down.y - face_down.y * down.x).abs();
    face_down.x * down.x + face_down.y * down.y > across
}
