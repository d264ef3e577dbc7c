//! The messages between the page and the worker that owns the engine.
//!
//! The worker says [`Reply::Hello`] when it runs. The page answers with [`Request::Start`], the
//! worker reports [`Reply::Loading`] while models arrive and [`Reply::Ready`] when it can work.
//! From then on each request carries an id of the page's choosing, and each is answered exactly
//! once, by the reply of its kind or by [`Reply::Failed`] with the same id. Requests are worked
//! off in the order in which they arrive. The worker keeps nothing between them but the models.

use mien_engine::backend::{Backend, Choice};
use mien_engine::crop::FaceCrop;
use mien_engine::explain::{Answer, Question};
use mien_engine::geometry::Point;
use mien_engine::pipeline::FaceReading;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::judging;

/// Changes whenever a message changes. A cache may serve a page and a worker of different age;
/// each message carries the version, and a stranger's is refused.
pub const VERSION: u32 = 7;

/// Names one request; never used twice in a page's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RequestId(pub u32);

/// A file that the worker fetches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The full URL, on the page's own origin.
    pub url: String,
    /// Its length, uncompressed.
    pub bytes: usize,
    /// Its SHA-256 in hexadecimal digits, where it is known; a file with another one is refused.
    pub sha256: Option<String>,
}

/// From the page to the worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Load the models and choose a backend. The first message, sent once.
    Start {
        /// The face detector.
        detector: Source,
        /// The expression network.
        classifier: Source,
        /// The backend that the visitor asks for.
        backend: Option<Backend>,
    },
    /// Find and read the faces of the attached picture: a `Blob` with an image file, or an
    /// `ImageBitmap`, which is handed over.
    Analyze {
        /// Names the answer.
        id: RequestId,
        /// What the picture is.
        kind: PictureKind,
    },
    /// Answer a question about one face. The methods and their settings are those of
    /// [`MethodKind`](mien_engine::explain::MethodKind).
    Ask {
        /// Names the answer.
        id: RequestId,
        /// The face.
        crop: FaceCrop,
        /// Its landmarks in the photo.
        landmarks: [Point; 5],
        /// What is asked.
        question: Question,
    },
    /// Read faces with another expression network from now on. The last one stays where the new
    /// one cannot be used.
    UseClassifier {
        /// Names the answer.
        id: RequestId,
        /// The network.
        classifier: Source,
    },
    /// Do something about labelled faces; what is attached depends on the job.
    Judge {
        /// Names the answer.
        id: RequestId,
        /// What to do.
        job: judging::Job,
    },
    /// Forget about a request if it has not begun. It is answered by [`Failure::Cancelled`].
    Cancel {
        /// The request.
        id: RequestId,
    },
}

/// How thoroughly a picture is searched.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum PictureKind {
    /// A photo: small faces count.
    Photo,
    /// A frame of the camera: speed counts.
    Frame {
        /// Share of the frame's longer side that the smallest of the faces takes which are expected
        /// in it; nothing where all of the frame is to be searched alike.
        smallest_face: Option<f32>,
    },
}

/// From the worker to the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// The worker runs and waits for [`Request::Start`].
    Hello,
    /// Models are arriving.
    Loading {
        /// Bytes so far, of all models together.
        loaded: usize,
        /// Bytes in the end.
        total: usize,
    },
    /// The engine can work, or has moved to another backend.
    Ready(EngineReport),
    /// The answer to [`Request::Analyze`].
    Analyzed {
        /// The request.
        id: RequestId,
        /// What was found.
        reading: PhotoReading,
    },
    /// The answer to [`Request::Ask`].
    Answered {
        /// The request.
        id: RequestId,
        /// What came of it.
        answer: Answer,
        /// How long it took.
        milliseconds: f64,
    },
    /// The answer to [`Request::UseClassifier`].
    Changed {
        /// The request.
        id: RequestId,
    },
    /// The answer to [`Request::Judge`].
    Judged {
        /// The request.
        id: RequestId,
        /// What came of it.
        answer: judging::Answer,
    },
    /// The answer to a request that could not be done.
    Failed {
        /// The request.
        id: RequestId,
        /// Why.
        failure: Failure,
    },
    /// The worker cannot go on; it has to be started anew.
    Stopped(StopReason),
}

/// What the engine runs on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EngineReport {
    /// Where the networks run, and why there.
    pub choice: Choice,
    /// The graphics adapter's own name, where there is one.
    pub adapter: Option<String>,
    /// Whether the GPU failed while working, so that the CPU has taken over.
    pub left_gpu: bool,
}

/// The faces of one picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhotoReading {
    /// Width in pixels of the picture that was searched.
    pub width: usize,
    /// Its height.
    pub height: usize,
    /// The faces, the largest first.
    pub faces: Vec<FaceReading>,
    /// How long each step took.
    pub timing: Timing,
}

/// Milliseconds of the worker's steps for one picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Decoding the picture into pixels.
    pub decode: f64,
    /// Finding the faces.
    pub detect: f64,
    /// Cutting the faces out and classifying them.
    pub classify: f64,
}

impl Timing {
    /// From the decoded picture to the reading.
    #[must_use]
    pub fn engine(&self) -> f64 {
        self.detect + self.classify
    }
}

/// Why a request was not answered as hoped.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum Failure {
    /// The page took the request back.
    #[error("cancelled")]
    Cancelled,
    /// The browser cannot decode the file: choose another.
    #[error("this file is not a picture that the browser can read")]
    Unreadable,
    /// There was no memory for the picture: choose a smaller one.
    #[error("there is not enough memory for this picture")]
    TooLarge,
    /// The engine failed: try again, and report it if it happens twice.
    #[error("the engine failed: {0}")]
    Engine(String),
    /// A network could not be had: the last one stays.
    #[error(transparent)]
    Network(#[from] StopReason),
    /// The worker stopped before it could answer: start it again.
    #[error("the engine stopped before it was done")]
    Stopped,
}

/// Why a worker stopped.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum StopReason {
    /// A model could not be fetched: check the connection and reload.
    #[error("a model could not be loaded from {url} ({detail})")]
    Fetch {
        /// Where it should have been.
        url: String,
        /// What the browser or the server said.
        detail: String,
    },
    /// A model file is damaged or of another version: reload without cache.
    #[error("the model at {url} cannot be used ({detail})")]
    Model {
        /// Where it came from.
        url: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A model file is not the one that the page was built with: reload without cache, and do not
    /// trust the host if that does not help.
    #[error("the file at {url} is not the model that belongs to this version")]
    Changed {
        /// Where it came from.
        url: String,
    },
    /// The worker's script could not be loaded or run: check the connection and the browser's
    /// version.
    #[error("the engine's program could not be started")]
    Script,
    /// The models fit no backend, which is a fault of ours: reload, and report it.
    #[error("the networks cannot run ({0})")]
    Engine(String),
    /// The worker crashed, which is a fault of ours: start it again, and report it.
    #[error("the engine stopped unexpectedly ({0})")]
    Crash(String),
    /// Page and worker are of different versions: reload.
    #[error("the page and its engine are of different versions")]
    Version,
}

#[cfg(test)]
mod tests {
    use mien_engine::crop::SIDE;
    use mien_engine::explain::{MethodKind, Score, Target};
    use mien_engine::expression::Expression;
    use mien_engine::geometry::Similarity;

    use super::*;

    #[test]
    fn a_question_about_every_method_travels() {
        for kind in MethodKind::ALL {
            let middle = Point::new(24.0, 24.0);
            let target = Target::contrast(Expression::Happy, Expression::Neutral, kind.scores()[0]);
            let request = Request::Ask {
                id: RequestId(7),
                crop: FaceCrop {
                    pixels: vec![1.0; SIDE * SIDE],
                    transform: Similarity::new(2.0, [1.0, 0.0], middle, middle),
                },
                landmarks: [middle; 5],
                question: Question::Map {
                    method: kind.method(),
                    target,
                },
            };
            let bytes = postcard::to_allocvec(&request).expect("plain data");
            let read: Request = postcard::from_bytes(&bytes).expect("the same");
            assert_eq!(read, request);
            assert_ne!(target.score, Score::Label);
        }
    }
}
