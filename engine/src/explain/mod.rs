//! Why the network answers as it does: maps of what the parts of a face do to the prediction, and
//! their colours.
//!
//! Every method answers one question, [`explain`]: given a crop and a [`Target`], what does each
//! pixel do to the target's value? Positive values speak for the target, negative ones against
//! it; [`Meaning`] says in which unit. A method is a small module that names its paper.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `target` | what is explained: a class, or one class rather than another |
//! | `fill` | what covers a part of a face |
//! | `parts` | which pixels are eyes, brows, nose, mouth, cheeks and chin |
//! | `method` | the methods, their settings, and the one way to call them |
//! | `occlusion`, `rise`, `shapley`, `grad_cam`, `gradient_input`, `integrated_gradients` | the methods |
//! | [`thinned`] | some of an occlusion map's places, for an approximate one |
//! | `part_effects` | what each part of a face does, as figures |
//! | `counter_example` | how little must be covered for another prediction |
//! | `question` | all that can be asked about one face, and the answers |
//! | [`faithfulness`] | whether a map says what the network does |
//! | `palette` | the colours of a map |

mod counter_example;
mod error;
pub mod faithfulness;
mod fill;
mod grad_cam;
mod gradient_input;
mod integrated_gradients;
mod method;
mod occlusion;
mod palette;
mod part_effects;
mod parts;
mod pictures;
mod question;
mod rise;
mod shapley;
mod target;
#[cfg(test)]
mod tests;
pub mod thinned;

pub use counter_example::{CounterExample, CounterExampleOptions, counter_example};
pub use error::ExplainError;
pub use fill::{Fill, gaussian_blur};
pub use grad_cam::{GradCamOptions, grad_cam};
pub use gradient_input::{GradientInputOptions, gradient_input};
pub use integrated_gradients::{IntegratedGradientsOptions, integrated_gradients};
pub use method::{Choices, Meaning, Method, MethodKind, Parameter, Saliency, Setting, explain};
pub use occlusion::{OcclusionMap, OcclusionOptions, occlusion, occlusion_saliency};
pub use palette::{Scale, cividis};
pub use part_effects::{PartEffect, PartEffects, part_effects};
pub use parts::{FaceParts, Part, TYPICAL_LANDMARKS};
pub use question::{Answer, Question, answer};
pub use rise::{RiseOptions, rise};
pub use shapley::{ShapleyOptions, shapley};
pub use target::{Score, Target};

use crate::crop::SIDE;

/// Pixels of a crop.
pub const PIXELS: usize = SIDE * SIDE;

/// Means of maps over fewer faces are not shown: they would be close to showing single ones.
pub const FEWEST_FACES: usize = 10;
