//! What the live view saw, with time stamps, as JSON and CSV.

use mien_engine::classify::Probabilities;
use mien_engine::expression::Expression;
use mien_engine::report::{FaceReport, by_class};
use mien_engine::track::TrackedFace;
use serde::Serialize;

/// A recording that has this many rows takes no more, so that a forgotten one does not fill the
/// memory: some ten hours of one face.
pub const MOST_ROWS: usize = 500_000;

/// Where the frames come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// A camera; time counts from its start.
    Camera,
    /// A video file; time is the place in it.
    Video,
}

/// All frames that were read while recording.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recording {
    /// Where they come from.
    pub source: SourceKind,
    /// The camera's or the file's name.
    pub name: String,
    /// When time was 0, in UTC as ISO 8601; only a camera has a time of day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zero: Option<String>,
    frames: Vec<Frame>,
    #[serde(skip)]
    rows: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Frame {
    /// In seconds.
    time_s: f64,
    /// Of the frame as it was searched, in pixels.
    width: usize,
    height: usize,
    /// The time constant of the smoothing.
    smoothing_s: f64,
    faces: Vec<Face>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Face {
    track: u32,
    #[serde(flatten)]
    report: FaceReport,
    #[serde(serialize_with = "by_class")]
    unsmoothed: Probabilities,
}

impl Recording {
    /// An empty recording.
    #[must_use]
    pub fn new(source: SourceKind, name: String, time_zero: Option<String>) -> Self {
        Self {
            source,
            name,
            time_zero,
            frames: Vec::new(),
            rows: 0,
        }
    }

    /// Adds a frame of `[width, height]` pixels with its faces, unless the recording is full.
    pub fn push(
        &mut self,
        time_s: f64,
        [width, height]: [usize; 2],
        smoothing_s: f64,
        faces: &[TrackedFace],
    ) {
        if self.is_full() {
            return;
        }
        // A frame without faces has a row of its own in CSV.
        self.rows += faces.len().max(1);
        self.frames.push(Frame {
            time_s,
            width,
            height,
            smoothing_s,
            faces: faces
                .iter()
                .map(|face| Face {
                    track: face.track,
                    report: FaceReport::from(&face.reading),
                    unsmoothed: face.unsmoothed,
                })
                .collect(),
        });
    }

    /// How many frames it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Whether it takes no more.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.rows >= MOST_ROWS
    }

    /// The recording as JSON.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// The recording as CSV: one row a face and frame; a frame without faces has one row whose
    /// cells after `smoothing_s` are empty. Places are in pixels of the frame.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let names = || self.classes().iter().map(|class| class.name());
        let mut header = COLUMNS.map(str::to_owned).to_vec();
        header.extend(names().map(str::to_owned));
        header.extend(names().map(|name| format!("unsmoothed_{name}")));
        let empty = vec![String::new(); header.len() - Frame::CELLS];

        // Numbers and class names need no quotes.
        let mut csv = header.join(",");
        let mut row = |frame: &Frame, face: &[String]| {
            csv.push('\n');
            csv += &[&frame.cells(), face].concat().join(",");
        };
        for frame in &self.frames {
            if frame.faces.is_empty() {
                row(frame, &empty);
            }
            for face in &frame.faces {
                row(frame, &face.cells());
            }
        }
        csv.push('\n');
        csv
    }

    /// The classes of the network that read the faces; where there are none, FER2013's.
    fn classes(&self) -> &'static [Expression] {
        let face = self.frames.iter().find_map(|frame| frame.faces.first());
        face.map_or(&Expression::FER2013, |face| face.unsmoothed.classes())
    }
}

/// The first columns of the CSV; the probabilities follow.
const COLUMNS: [&str; 12] = [
    "time_s",
    "frame_width",
    "frame_height",
    "smoothing_s",
    "track",
    "x",
    "y",
    "width",
    "height",
    "score",
    "label",
    "confidence",
];

impl Frame {
    const CELLS: usize = 4;

    fn cells(&self) -> [String; Self::CELLS] {
        [
            format!("{:.3}", self.time_s),
            self.width.to_string(),
            self.height.to_string(),
            self.smoothing_s.to_string(),
        ]
    }
}

impl Face {
    fn cells(&self) -> Vec<String> {
        let Self {
            track,
            report,
            unsmoothed,
        } = self;
        let bounds = &report.bounds;
        let mut cells = vec![track.to_string()];
        let places = [bounds.x, bounds.y, bounds.width, bounds.height];
        cells.extend(places.map(|pixels| format!("{pixels:.1}")));
        cells.push(report.score.to_string());
        cells.push(report.label.name().to_owned());
        cells.push(report.confidence.to_string());
        let probabilities = report.probabilities.iter().chain(unsmoothed.iter());
        cells.extend(probabilities.map(ToString::to_string));
        cells
    }
}

#[cfg(test)]
mod tests {
    use mien_engine::crop::FaceCrop;
    use mien_engine::detect::Face as Detected;
    use mien_engine::geometry::{Point, Rect, Similarity};
    use mien_engine::pipeline::FaceReading;

    use super::*;

    fn face(track: u32) -> TrackedFace {
        let center = Point::new(50.0, 60.0);
        let bounds = Rect::around(center, 20.0, 30.0);
        let mut smoothed = [0.0; Expression::FER2013.len()];
        smoothed[Expression::Sad.index()] = 0.75;
        smoothed[Expression::Fear.index()] = 0.25;
        let mut unsmoothed = [0.0; Expression::FER2013.len()];
        unsmoothed[Expression::Fear.index()] = 1.0;
        TrackedFace {
            track,
            reading: FaceReading {
                face: Detected {
                    bounds,
                    extent: bounds,
                    landmarks: [center; 5],
                    score: 0.5,
                },
                crop: FaceCrop {
                    pixels: Vec::new(),
                    transform: Similarity::new(1.0, [1.0, 0.0], center, center),
                },
                probabilities: smoothed.into(),
                uncertain_below: 0.0,
            },
            unsmoothed: unsmoothed.into(),
        }
    }

    fn recording() -> Recording {
        let mut recording = Recording::new(SourceKind::Video, "a.webm".to_owned(), None);
        recording.push(0.5, [640, 480], 0.3, &[face(1), face(4)]);
        recording.push(0.625, [640, 480], 0.3, &[]);
        recording
    }

    #[test]
    fn csv_has_a_row_a_face_and_every_row_as_many_cells() {
        let csv = recording().to_csv();
        let rows: Vec<Vec<_>> = csv.lines().map(|row| row.split(',').collect()).collect();
        assert_eq!(rows.len(), 4);
        assert!(rows.iter().all(|row| row.len() == rows[0].len()));
        let cell = |row: usize, name: &str| {
            let column = rows[0].iter().position(|&column| column == name);
            rows[row][column.expect("a column")]
        };
        assert_eq!(cell(2, "time_s"), "0.500");
        assert_eq!(cell(2, "track"), "4");
        assert_eq!(cell(2, "x"), "40.0");
        assert_eq!(cell(2, "label"), "sad");
        assert_eq!(cell(2, "sad"), "0.75");
        assert_eq!(cell(2, "unsmoothed_fear"), "1");
        assert_eq!(cell(3, "time_s"), "0.625");
        assert_eq!(cell(3, "track"), "");
    }

    #[test]
    fn json_says_where_the_frames_come_from() {
        let json = recording().to_json().expect("plain data");
        let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(json["source"], "video");
        assert!(json.get("time_zero").is_none());
        let face = &json["frames"][0]["faces"][1];
        assert_eq!(face["track"], 4);
        assert_eq!(face["box"]["height"], 30.0);
        assert_eq!(face["probabilities"]["sad"], 0.75);
        assert_eq!(face["unsmoothed"]["fear"], 1.0);
        assert_eq!(json["frames"][1]["faces"], serde_json::json!([]));
    }

    #[test]
    fn a_full_recording_takes_no_more() {
        let mut recording = recording();
        recording.rows = MOST_ROWS - 1;
        recording.push(1.0, [640, 480], 0.3, &[face(1)]);
        assert!(recording.is_full());
        let frames = recording.len();
        recording.push(1.1, [640, 480], 0.3, &[face(1)]);
        assert_eq!(recording.len(), frames);
    }
}
