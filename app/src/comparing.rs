//! The messages between the page and the worker that runs the networks of the studies.
//!
//! The worker says [`Reply::Ready`] when it can work. From then on each request carries an id of
//! the page's choosing and is answered exactly once, in the order in which requests arrive. The
//! worker fetches a network when it is first asked for, and keeps it.

use mien_engine::explain::{Fill, OcclusionOptions};
use serde::{Deserialize, Serialize};

use crate::protocol::{Failure, RequestId, Source, StopReason};

/// How faces are covered to compare networks: coarser than for a single face, because every
/// network reads all the copies, on a GPU that may be a program.
pub const COVER: OcclusionOptions = OcclusionOptions {
    patch: 12,
    stride: 6,
    fill: Fill::Mean,
    approximate: false,
};

/// From the page to the worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Names the answer.
    pub id: RequestId,
    /// Where the network's file is.
    pub network: Source,
    /// The face: `[SIDE, SIDE]`, luma of 0 to 255.
    pub pixels: Vec<f32>,
    /// What is asked about it.
    pub question: Question,
}

/// What is asked about a face.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// What its expression resembles.
    Reading,
    /// Which parts of it speak for a class, by its position among the network's outputs.
    Map(usize),
}

/// From the worker to the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// The worker can work.
    Ready,
    /// The answer to a request.
    Answered {
        /// The request.
        id: RequestId,
        /// What came of it.
        answer: Answer,
        /// How long it took, without fetching the network.
        milliseconds: f64,
    },
    /// The answer to a request that could not be done.
    Failed {
        /// The request.
        id: RequestId,
        /// Why.
        failure: Failure,
    },
    /// The worker cannot go on.
    Stopped(StopReason),
}

/// The answer to a [`Question`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// To [`Question::Reading`].
    Reading(Reading),
    /// To [`Question::Map`]: for each pixel, `[SIDE, SIDE]`, the mean drop of the class's
    /// probability over the covers of [`COVER`] that cover the pixel.
    Map(Vec<f32>),
}

/// What a network says of a face.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The names of its classes.
    pub labels: Vec<String>,
    /// Their probabilities, which sum to 1.
    pub probabilities: Vec<f32>,
}

impl Reading {
    /// The position of the most probable class; the first of equally probable ones.
    #[must_use]
    pub fn top(&self) -> Option<usize> {
        let places = 0..self.probabilities.len().min(self.labels.len());
        places
            .rev()
            .max_by(|&one, &other| self.probabilities[one].total_cmp(&self.probabilities[other]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_probable_class_is_the_first_of_equals() {
        let reading = |probabilities: &[f32]| Reading {
            labels: vec![String::new(); 3],
            probabilities: probabilities.to_vec(),
        };
        assert_eq!(reading(&[0.2, 0.4, 0.4]).top(), Some(1));
        assert_eq!(reading(&[0.1, 0.2, 0.7]).top(), Some(2));
        assert_eq!(reading(&[]).top(), None);
    }

    #[test]
    fn covers_are_ones_that_the_engine_takes() {
        assert!(COVER.check().is_ok());
    }

    #[test]
    fn messages_travel() {
        let request = Request {
            id: RequestId(3),
            network: Source {
                url: "https://example.org/a.safetensors".to_owned(),
                bytes: 5,
                sha256: None,
            },
            pixels: vec![1.0, 2.0],
            question: Question::Map(2),
        };
        let bytes = postcard::to_allocvec(&request).expect("plain data");
        assert_eq!(postcard::from_bytes(&bytes), Ok(request));
    }
}
