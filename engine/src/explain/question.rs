//! All that can be asked about one face, and the answers: what the page sends its worker.

use serde::{Deserialize, Serialize};

use super::{
    CounterExample, CounterExampleOptions, ExplainError, FaceParts, Method, PartEffects, Saliency,
    ShapleyOptions, Target, counter_example, explain, part_effects,
};
use crate::classify::Classifier;

/// What is asked about a face.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Question {
    /// What does each pixel do to the target?
    Map {
        /// How it is found out.
        method: Method,
        /// What is explained.
        target: Target,
    },
    /// What does each part of the face do to the target?
    Parts {
        /// How parts are taken away.
        options: ShapleyOptions,
        /// What is explained.
        target: Target,
    },
    /// How little must be covered for another prediction?
    CounterExample(CounterExampleOptions),
}

/// The answer to the [`Question`] of the same name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// The map.
    Map(Saliency),
    /// The parts.
    Parts(PartEffects),
    /// The covered area; `None` if covering half of the crop changes nothing.
    CounterExample(Option<CounterExample>),
}

/// Answers a question about the crop `pixels`, `[SIDE, SIDE]`, luma of 0 to 255, whose parts are
/// `parts`.
pub async fn answer(
    classifier: &mut Classifier,
    pixels: &[f32],
    parts: &FaceParts,
    question: &Question,
) -> Result<Answer, ExplainError> {
    Ok(match question {
        Question::Map { method, target } => {
            Answer::Map(explain(classifier, pixels, parts, method, *target).await?)
        }
        Question::Parts { options, target } => {
            Answer::Parts(part_effects(classifier, pixels, parts, options, *target).await?)
        }
        Question::CounterExample(options) => {
            Answer::CounterExample(counter_example(classifier, pixels, options).await?)
        }
    })
}
