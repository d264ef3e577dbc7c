//! Non-maximum suppression: of boxes on the same face, the surest stays.

use super::Face;

/// Boxes that overlap by this intersection over union or more are on the same face.
pub const SAME_FACE_IOU: f32 = 0.3;

/// Keeps the faces that overlap no surer one that is kept, the surest first. The result does not
/// depend on the order of the faces.
#[must_use]
pub fn suppress(mut faces: Vec<Face>) -> Vec<Face> {
    faces.sort_by(|one, other| {
        let key = |face: &Face| {
            [
                face.extent.x,
                face.extent.y,
                face.extent.width,
                face.extent.height,
            ]
        };
        let ties = key(one).into_iter().zip(key(other));
        other.score.total_cmp(&one.score).then_with(|| {
            ties.map(|(one, other)| one.total_cmp(&other))
                .find(|order| order.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        })
    });
    let mut kept: Vec<Face> = Vec::new();
    for face in faces {
        let overlaps = |surer: &Face| surer.extent.iou(&face.extent) >= SAME_FACE_IOU;
        if !kept.iter().any(overlaps) {
            kept.push(face);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::geometry::{Point, Rect};

    fn face() -> impl Strategy<Value = Face> {
        let size = 5.0..40.0_f32;
        // Few distinct scores, so that ties are tried too.
        (0.0..60.0_f32, 0.0..60.0_f32, size.clone(), size, 0..5_u8).prop_map(
            |(x, y, width, height, score)| {
                let extent = Rect {
                    x,
                    y,
                    width,
                    height,
                };
                Face {
                    bounds: extent,
                    extent,
                    landmarks: [Point::new(x, y); 5],
                    score: 0.5 + f32::from(score) / 10.0,
                }
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_kept_does_not_overlap_and_stays(faces in vec(face(), 0..20)) {
            let kept = suppress(faces.clone());
            for (index, one) in kept.iter().enumerate() {
                for other in &kept[index + 1..] {
                    prop_assert!(one.extent.iou(&other.extent) < SAME_FACE_IOU);
                    prop_assert!(one.score >= other.score);
                }
            }
            // Every face that went overlaps a surer one that stayed.
            for face in &faces {
                prop_assert!(kept.iter().any(|kept| kept == face
                    || kept.score >= face.score
                        && kept.extent.iou(&face.extent) >= SAME_FACE_IOU));
            }
            prop_assert_eq!(suppress(kept.clone()), kept);
        }

        #[test]
        fn the_order_does_not_matter(
            (faces, shuffled) in vec(face(), 0..20)
                .prop_flat_map(|faces| (Just(faces.clone()), Just(faces).prop_shuffle())),
        ) {
            prop_assert_eq!(suppress(faces), suppress(shuffled));
        }
    }
}
