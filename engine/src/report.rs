//! What is told of photos in JSON, by the command line and by the page alike.

use serde::{Serialize, Serializer};

use crate::classify::Probabilities;
use crate::expression::Expression;
use crate::geometry::Rect;
use crate::pipeline::FaceReading;

/// What is told of one photo.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PhotoReport {
    /// The file's name or path.
    pub photo: String,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What came of a photo. In JSON either `faces` or `error` is there.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Outcome {
    /// It was read.
    Read {
        /// Its width in pixels, as it was searched.
        width: usize,
        /// Its height in pixels, as it was searched.
        height: usize,
        /// Its faces, the largest first.
        faces: Vec<FaceReport>,
    },
    /// It was not read.
    Failed {
        /// Why, in words.
        error: String,
    },
}

/// What is told of one face. Places are in pixels of the photo.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FaceReport {
    /// The box around it.
    #[serde(rename = "box")]
    pub bounds: Rect,
    /// Both eyes, the tip of the nose, both corners of the mouth, each as `[x, y]`; left before
    /// right, as in the photo.
    pub landmarks: [[f32; 2]; 5],
    /// How sure the detector is that it is a face, 0 to 1.
    pub score: f32,
    /// The most probable class.
    pub label: Expression,
    /// Its probability.
    pub confidence: f32,
    /// In JSON an object, from the classes' names to their probabilities.
    #[serde(serialize_with = "by_class")]
    pub probabilities: Probabilities,
}

impl From<&FaceReading> for FaceReport {
    fn from(reading: &FaceReading) -> Self {
        Self {
            bounds: reading.face.bounds,
            landmarks: reading.face.landmarks.map(|point| [point.x, point.y]),
            score: reading.face.score,
            label: reading.label(),
            confidence: reading.confidence(),
            probabilities: reading.probabilities,
        }
    }
}

fn by_class<S: Serializer>(
    probabilities: &Probabilities,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(probabilities.by_class())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_report_has_faces_or_an_error() {
        let face = FaceReport {
            bounds: Rect::default(),
            landmarks: [[1.0, 2.0]; 5],
            score: 0.5,
            label: Expression::Happy,
            confidence: 1.0,
            probabilities: [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0].into(),
        };
        let read = PhotoReport {
            photo: "a.png".to_owned(),
            outcome: Outcome::Read {
                width: 4,
                height: 3,
                faces: vec![face],
            },
        };
        let json = serde_json::to_value(read).expect("a report is JSON");
        assert_eq!(json["photo"], "a.png");
        assert_eq!(json["faces"][0]["box"]["width"], 0.0);
        assert_eq!(json["faces"][0]["landmarks"][4], json!([1.0, 2.0]));
        assert_eq!(json["faces"][0]["label"], "happy");
        assert_eq!(json["faces"][0]["probabilities"]["happy"], 1.0);

        let failed = PhotoReport {
            photo: "b.png".to_owned(),
            outcome: Outcome::Failed {
                error: "no picture".to_owned(),
            },
        };
        let json = serde_json::to_value(failed).expect("a report is JSON");
        assert_eq!(json, json!({"photo": "b.png", "error": "no picture"}));
    }
}
