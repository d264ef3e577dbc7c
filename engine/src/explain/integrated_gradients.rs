//! Integrated gradients: the gradient on the way from a covered crop to the crop itself, summed up.
//! What the pixels contribute adds up to the difference of the target's value at both ends.
//!
//! Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks", ICML 2017. The way is
//! the straight line; the integral is a midpoint sum.

use serde::{Deserialize, Serialize};

use super::gradient_input::{back, record};
use super::{ExplainError, Fill, Parameter, Target};
use crate::classify::Classifier;
use crate::cpu::Differentiator;

/// Where the way begins, and how finely it is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntegratedGradientsOptions {
    /// Steps of the sum, 8 to 512.
    pub steps: usize,
    /// The picture that counts as nothing.
    pub fill: Fill,
}

impl Default for IntegratedGradientsOptions {
    fn default() -> Self {
        Self {
            steps: 48,
            fill: Fill::Mean,
        }
    }
}

/// The target's value, and what each pixel `[SIDE, SIDE]` contributes to the difference between
/// it and the value of the covered crop.
pub fn integrated_gradients(
    classifier: &Classifier,
    pixels: &[f32],
    options: &IntegratedGradientsOptions,
    target: Target,
) -> Result<(f32, Vec<f32>), ExplainError> {
    Parameter::Steps.check(options.steps, 8..=512)?;
    let mut network = Differentiator::new(classifier.plan())?;
    let input = classifier.normalised(pixels);
    let nothing = classifier.normalised(&options.fill.background(pixels));
    let mut sums = vec![0.0; input.len()];
    for step in 0..options.steps {
        let part = (step as f32 + 0.5) / options.steps as f32;
        let between: Vec<f32> = input
            .iter()
            .zip(&nothing)
            .map(|(value, nothing)| nothing + part * (value - nothing))
            .collect();
        let (tape, logits) = record(&mut network, classifier, &between)?;
        let gradients = back(&network, classifier, &tape, target, &logits)?;
        for (sum, gradient) in sums.iter_mut().zip(&gradients[0]) {
            *sum += gradient / options.steps as f32;
        }
    }
    let (_, logits) = record(&mut network, classifier, &input)?;
    let pairs = sums.into_iter().zip(input.iter().zip(&nothing));
    let map = pairs.map(|(mean, (value, nothing))| mean * (value - nothing));
    Ok((target.value(&logits), map.collect()))
}
