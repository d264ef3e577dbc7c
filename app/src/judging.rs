//! What page and worker say to each other about labelled faces: the models that judge them, the
//! rows of a file, the pictures of a folder. The page asks for one piece after the other, so that
//! photos and the camera get their turn in between, and taking a request back ends the work.

use mien_engine::classify::Probabilities;
use mien_engine::crop::FaceCrop;
use mien_engine::expression::Expression;
use mien_engine::fer2013::{Cursor, HeaderError, RowError, Usage};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::protocol::{Source, StopReason};

/// Names a model that the worker holds; of the page's choosing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ModelId(pub u32);

/// A picture without a face that the detector finds is taken for a face if neither of its sides is
/// longer, in pixels.
pub const SMALL_SIDE: usize = 96;

/// What the worker shall do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Job {
    /// Hold a model, in the place of another with the same id: the attached `Blob`, or what the
    /// source says.
    AddModel {
        /// How the page calls it.
        model: ModelId,
        /// Where it is, if it is not attached.
        source: Option<Source>,
    },
    /// Judge the next rows of the attached `Blob`, FER2013's CSV.
    Rows {
        /// Which models judge them.
        models: Vec<ModelId>,
        /// How far the file has been read.
        from: Cursor,
        /// The split that is wanted; all of them where there is none.
        wanted: Option<Usage>,
    },
    /// Judge the attached `Blob`, a picture of one face.
    Picture {
        /// Which models judge it.
        models: Vec<ModelId>,
        /// Whether the picture is known to be a face, framed as FER2013 frames it.
        is_cropped: bool,
    },
    /// Judge a face that was cropped before.
    Crop {
        /// Which models judge it.
        models: Vec<ModelId>,
        /// The face.
        crop: FaceCrop,
    },
}

/// What came of a [`Job`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// The worker holds the model.
    Model(ModelFacts),
    /// Rows were judged.
    Rows(JudgedRows),
    /// A picture was judged.
    Picture {
        /// Its face.
        face: JudgedFace,
        /// How it became a crop.
        cropping: Cropping,
    },
    /// A crop was judged.
    Crop(JudgedFace),
    /// It could not be done.
    Refused(Refusal),
}

/// What a model costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFacts {
    /// Number of weights and biases.
    pub parameters: usize,
    /// Multiply-accumulate operations for one face.
    pub macs: u64,
}

/// A face with what each model says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgedFace {
    /// What the networks saw: gray, `[48, 48]`.
    pub pixels: Vec<u8>,
    /// Of each model, in the order in which they were named.
    pub probabilities: Vec<Probabilities>,
}

/// A row of FER2013's CSV with what each model says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgedRow {
    /// Its line in the file.
    pub line: usize,
    /// Its class.
    pub label: Expression,
    /// The split that it belongs to.
    pub usage: Usage,
    /// Its face.
    pub face: JudgedFace,
}

/// What a piece of the file gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgedRows {
    /// The rows that were wanted.
    pub rows: Vec<JudgedRow>,
    /// Rows of other splits.
    pub passed_over: usize,
    /// The malformed rows.
    pub faulty: Vec<RowError>,
    /// How far the file has been read now.
    pub end: Cursor,
    /// Whether that is its end.
    pub is_last: bool,
}

/// How a picture became a crop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cropping {
    /// It was one already.
    Given,
    /// The detector found one face.
    Found,
    /// The detector found several faces, and the largest was taken.
    Largest,
    /// The detector found none, and the picture is so small that it was taken for a face.
    Small,
}

/// Why something was not judged.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum Refusal {
    /// It is no CSV as FER2013's: choose another.
    #[error(transparent)]
    Csv(#[from] HeaderError),
    /// The file has changed or gone since it was chosen: choose it again.
    #[error("the file cannot be read any more")]
    Gone,
    /// It is no picture: choose another.
    #[error("this is not a picture that the browser can read")]
    NotAPicture,
    /// Nobody is in it: crop the face, or choose another picture.
    #[error("no face was found")]
    NoFace,
    /// It is no model, or none for seven expressions: choose another.
    #[error("this is not a model of the seven expressions ({0})")]
    NotAModel(String),
    /// A model of the site could not be had: try again.
    #[error(transparent)]
    Network(#[from] StopReason),
    /// The worker does not hold the model: add it first.
    #[error("the model is not loaded")]
    NoModel,
}
