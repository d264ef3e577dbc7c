//! Gradient times input: how steeply the target rises with each pixel, times how far the pixel is
//! from what would cover it.
//!
//! Shrikumar, Greenside and Kundaje, "Learning important features through propagating activation
//! differences", 2016 and ICML 2017. The paper's input counts from zero; here it counts from the
//! fill.

use serde::{Deserialize, Serialize};

use super::{ExplainError, Fill, Target};
use crate::classify::{Classifier, ClassifyError, Logits};
use crate::cpu::{Differentiator, Tape};
use crate::crop::SIDE;

/// What the input counts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GradientInputOptions {
    /// The picture that counts as nothing.
    pub fill: Fill,
}

/// The target's value, and for each pixel `[SIDE, SIDE]` the gradient times the distance from the
/// fill.
pub fn gradient_input(
    classifier: &Classifier,
    pixels: &[f32],
    options: &GradientInputOptions,
    target: Target,
) -> Result<(f32, Vec<f32>), ExplainError> {
    let mut network = Differentiator::new(classifier.plan())?;
    let input = classifier.normalised(pixels);
    let nothing = classifier.normalised(&options.fill.background(pixels));
    let (tape, logits) = record(&mut network, classifier, &input)?;
    let gradients = back(&network, classifier, &tape, target, &logits)?;
    let pairs = gradients[0].iter().zip(input.iter().zip(&nothing));
    let map = pairs.map(|(gradient, (value, nothing))| gradient * (value - nothing));
    Ok((target.value(&logits), map.collect()))
}

/// Runs a normalised crop, keeping every map, and reads its logits.
pub(super) fn record(
    network: &mut Differentiator,
    classifier: &Classifier,
    input: &[f32],
) -> Result<(Tape, Logits), ExplainError> {
    let tape = network.record(input, [SIDE, SIDE])?;
    let logits = tape.tensor(classifier.plan().outputs[0]);
    let logits = Logits::new(logits).ok_or(ClassifyError::NotAClassifier)?;
    Ok((tape, logits))
}

/// The derivative of the target with respect to every tensor of a run.
pub(super) fn back(
    network: &Differentiator,
    classifier: &Classifier,
    tape: &Tape,
    target: Target,
    logits: &Logits,
) -> Result<Vec<Vec<f32>>, ExplainError> {
    let seed = target.gradient(logits)?;
    Ok(network.gradients(tape, classifier.plan().outputs[0], &seed))
}
