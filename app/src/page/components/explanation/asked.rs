//! Questions about a face, put to the worker whenever they change.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::reactive::spawn_local_scoped_with_cancellation;
use mien_app::protocol::Failure;
use mien_engine::explain::{Answer, CounterExample, PartEffects, Question, Saliency};
use mien_engine::pipeline::FaceReading;

use crate::store::use_store;

/// The last answer, which stays while the next is worked out.
#[derive(Clone)]
pub struct Asked<T> {
    /// The last answer.
    pub answer: Option<Arc<T>>,
    /// How far the next one is.
    pub progress: Progress,
    /// What the last answer is the answer to.
    question: Option<Question>,
}

/// How far an answer is.
#[derive(Clone, Default, PartialEq)]
pub struct Progress {
    /// Whether it is being worked out.
    pub is_working: bool,
    /// Why there is none.
    pub failure: Option<Failure>,
    /// How long the engine took for the last one.
    pub milliseconds: Option<f64>,
}

impl<T> Default for Asked<T> {
    fn default() -> Self {
        Self {
            answer: None,
            progress: Progress::default(),
            question: None,
        }
    }
}

/// Asks a question about a face whenever there is another one. A question that is overtaken by the
/// next, or whose card closes, is taken back.
pub fn ask<T: FromAnswer>(
    face: StoredValue<FaceReading>,
    asked: RwSignal<Asked<T>>,
    question: impl Fn() -> Option<Question> + 'static,
) {
    let store = use_store();
    Effect::new(move |_| {
        let question = question();
        let is_answered = asked.with_untracked(|asked| asked.question == question);
        let open = question.filter(|_| !is_answered);
        asked.update(|asked| {
            asked.progress.is_working = open.is_some();
            asked.progress.failure = None;
        });
        let Some(question) = open else { return };
        let client = store.client();
        let (crop, landmarks) = face.with_value(|face| (face.crop.clone(), face.face.landmarks));
        spawn_local_scoped_with_cancellation(async move {
            let answered = client.answer(crop, landmarks, question).await;
            asked.update(|asked| {
                asked.progress.is_working = false;
                match answered {
                    Ok((answer, milliseconds)) => {
                        asked.answer = T::from_answer(answer).map(Arc::new);
                        asked.progress.milliseconds = Some(milliseconds);
                        asked.question = Some(question);
                    }
                    Err(failure) => asked.progress.failure = Some(failure),
                }
            });
        });
    });
}

/// What an [`Answer`] may hold.
pub trait FromAnswer: Send + Sync + Sized + 'static {
    /// What it holds, if it is the answer to a question of this kind.
    fn from_answer(answer: Answer) -> Option<Self>;
}

impl FromAnswer for Saliency {
    fn from_answer(answer: Answer) -> Option<Self> {
        match answer {
            Answer::Map(map) => Some(map),
            _ => None,
        }
    }
}

impl FromAnswer for PartEffects {
    fn from_answer(answer: Answer) -> Option<Self> {
        match answer {
            Answer::Parts(parts) => Some(parts),
            _ => None,
        }
    }
}

/// `None` where covering half of the face changes nothing.
impl FromAnswer for Option<CounterExample> {
    fn from_answer(answer: Answer) -> Option<Self> {
        match answer {
            Answer::CounterExample(example) => Some(example),
            _ => None,
        }
    }
}
