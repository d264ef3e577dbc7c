//! What is told of photos in JSON, by the command line and by the page alike.

use std::borrow::Cow;

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
    /// Whether that is too improbable to be relied on, as the model's card says.
    pub uncertain: bool,
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
            uncertain: reading.is_uncertain(),
            probabilities: reading.probabilities,
        }
    }
}

/// Serializes probabilities as an object, from the classes' names to the numbers.
pub fn by_class<S: Serializer>(
    probabilities: &Probabilities,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(probabilities.by_class())
}

/// The faces of all photos as a table: a header, then one line a face. A photo without faces, or
/// with an error, has one line too. Fields are quoted as in RFC 4180 where they have to be.
#[must_use]
pub fn to_table(reports: &[PhotoReport], separator: char) -> String {
    let classes: Vec<_> = classes(reports).iter().map(|class| class.name()).collect();
    let header = [
        "photo",
        "face",
        "x",
        "y",
        "width",
        "height",
        "score",
        "label",
        "confidence",
    ];
    let columns = header.len() + classes.len();
    let names = header.into_iter().chain(classes).chain(["error"]);
    let mut lines = vec![names.map(str::to_owned).collect::<Vec<_>>()];
    for report in reports {
        // Names the photo, and has the error in the last column.
        let alone = |error: &str| {
            let mut line = vec![String::new(); columns + 1];
            line[0].clone_from(&report.photo);
            error.clone_into(&mut line[columns]);
            line
        };
        match &report.outcome {
            Outcome::Failed { error } => lines.push(alone(error)),
            Outcome::Read { faces, .. } if faces.is_empty() => lines.push(alone("")),
            Outcome::Read { faces, .. } => {
                let line = |(index, face)| face_line(&report.photo, index, face);
                lines.extend(faces.iter().enumerate().map(line));
            }
        }
    }
    let separators = separator.to_string();
    let mut table = String::new();
    for line in lines {
        let fields: Vec<_> = line.iter().map(|field| quoted(field, separator)).collect();
        table += &fields.join(&separators);
        table += "\r\n";
    }
    table
}

/// The classes of the network that read the photos; where it read none, FER2013's.
fn classes(reports: &[PhotoReport]) -> &'static [Expression] {
    let face = reports.iter().find_map(|report| match &report.outcome {
        Outcome::Read { faces, .. } => faces.first(),
        Outcome::Failed { .. } => None,
    });
    face.map_or(&Expression::FER2013, |face| face.probabilities.classes())
}

fn face_line(photo: &str, index: usize, face: &FaceReport) -> Vec<String> {
    let Rect {
        x,
        y,
        width,
        height,
    } = face.bounds;
    let mut line = vec![photo.to_owned(), (index + 1).to_string()];
    line.extend([x, y, width, height, face.score].map(|number| number.to_string()));
    line.extend([face.label.name().to_owned(), face.confidence.to_string()]);
    line.extend(
        face.probabilities
            .by_class()
            .map(|(_, share)| share.to_string()),
    );
    line.push(String::new());
    line
}

fn quoted(field: &str, separator: char) -> Cow<'_, str> {
    if field.contains([separator, '"', '\n', '\r']) {
        Cow::Owned(format!("\"{}\"", field.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(field)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn happy_face() -> FaceReport {
        FaceReport {
            bounds: Rect::default(),
            landmarks: [[1.0, 2.0]; 5],
            score: 0.5,
            label: Expression::Happy,
            confidence: 1.0,
            uncertain: false,
            probabilities: [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0].into(),
        }
    }

    #[test]
    fn a_table_has_a_line_for_each_face_and_each_photo_without() {
        let read = |photo: &str, faces| PhotoReport {
            photo: photo.to_owned(),
            outcome: Outcome::Read {
                width: 4,
                height: 3,
                faces,
            },
        };
        let failed = PhotoReport {
            photo: "c.png".to_owned(),
            outcome: Outcome::Failed {
                error: "no \"picture\"".to_owned(),
            },
        };
        let two = vec![happy_face(), happy_face()];
        let reports = [read("a, b.png", two), read("cat.png", Vec::new()), failed];
        let table = to_table(&reports, ',');
        let lines: Vec<_> = table.split_terminator("\r\n").collect();
        assert_eq!(
            lines,
            [
                "photo,face,x,y,width,height,score,label,confidence,angry,disgust,fear,happy,sad,\
                 surprise,neutral,error",
                "\"a, b.png\",1,0,0,0,0,0.5,happy,1,0,0,0,1,0,0,0,",
                "\"a, b.png\",2,0,0,0,0,0.5,happy,1,0,0,0,1,0,0,0,",
                "cat.png,,,,,,,,,,,,,,,,",
                "c.png,,,,,,,,,,,,,,,,\"no \"\"picture\"\"\"",
            ]
        );
        assert!(to_table(&reports, '\t').contains("a, b.png\t2\t"));
    }

    #[test]
    fn a_report_has_faces_or_an_error() {
        let face = happy_face();
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
