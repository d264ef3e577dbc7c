//! From a crop to the probabilities of the expressions.

use std::ops::Range;

use thiserror::Error;

use crate::crop::SIDE;
use crate::expression::Expression;
use crate::plan::Plan;
use crate::runner::{Batch, Covered, RunError, Runner};

/// One probability a class, in label order; they sum to 1.
pub type Probabilities = [f32; Expression::COUNT];

/// What the network gives before it becomes probabilities: one value a class, in label order.
pub type Logits = [f32; Expression::COUNT];

/// Why expressions could not be classified.
#[derive(Debug, Error)]
pub enum ClassifyError {
    /// The network does not take a crop or does not give one value a class; load another model.
    #[error("this model is not a classifier of the seven expressions")]
    NotAClassifier,
    /// The network failed.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// An expression network on a backend.
#[derive(Debug)]
pub struct Classifier {
    runner: Runner,
}

impl Classifier {
    /// Takes a runner of a network from one gray crop to one value a class.
    pub fn new(runner: Runner) -> Result<Self, ClassifyError> {
        if is_classifier(runner.plan()) {
            Ok(Self { runner })
        } else {
            Err(ClassifyError::NotAClassifier)
        }
    }

    /// Classifies any number of crops at once: `pixels` is `[count, SIDE, SIDE]`, luma of 0 to
    /// 255. Gives `count` entries.
    pub async fn classify(
        &mut self,
        pixels: &[f32],
        count: usize,
    ) -> Result<Vec<Probabilities>, ClassifyError> {
        let logits = self.logits(pixels, count).await?;
        Ok(logits.iter().map(softmax).collect())
    }

    /// The logits of any number of crops at once, as [`classify`](Self::classify) takes them.
    pub async fn logits(
        &mut self,
        pixels: &[f32],
        count: usize,
    ) -> Result<Vec<Logits>, ClassifyError> {
        let data = self.normalised(pixels);
        let batch = Batch {
            data: &data,
            count,
            height: SIDE,
            width: SIDE,
        };
        Ok(rows(&self.runner.run(batch).await?))
    }

    /// The logits of one crop as it is, then with the pixels of each place covered by the luma
    /// `fill`. Gives `1 + places.len()` entries.
    pub async fn logits_covered(
        &mut self,
        pixels: &[f32],
        places: &[[Range<usize>; 2]],
        fill: f32,
    ) -> Result<Vec<Logits>, ClassifyError> {
        let data = self.normalised(pixels);
        let fill = self.normalised(&[fill])[0];
        let covered = Covered {
            data: &data,
            height: SIDE,
            width: SIDE,
            places,
            fill,
        };
        Ok(rows(&self.runner.run_covered(covered).await?))
    }

    /// Luma as the network wants it.
    #[must_use]
    pub fn normalised(&self, pixels: &[f32]) -> Vec<f32> {
        let input = &self.plan().input;
        let normalised = |value: &f32| value * input.scale + input.offset;
        pixels.iter().map(normalised).collect()
    }

    /// The network.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        self.runner.plan()
    }
}

/// One row of logits for each input of a run.
fn rows(outputs: &[Vec<f32>]) -> Vec<Logits> {
    outputs[0].as_chunks().0.to_vec()
}

/// Whether a plan reads a gray crop and gives one value a class.
fn is_classifier(plan: &Plan) -> bool {
    let Ok(shapes) = plan.shapes(SIDE, SIDE) else {
        return false;
    };
    let is_logits = |index: usize| {
        let shape = shapes[index];
        [shape.height, shape.width, shape.channels] == [1, 1, Expression::COUNT]
    };
    plan.input.channels == 1
        && matches!(plan.outputs.as_slice(), [output] if is_logits(output.index()))
}

/// `exp(x_i) / sum(exp(x_j))`, without overflow.
#[must_use]
pub fn softmax(logits: &Logits) -> Probabilities {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers = logits.map(|logit| (logit - largest).exp());
    let sum: f32 = powers.iter().sum();
    powers.map(|power| power / sum)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn probabilities_sum_to_one_and_keep_the_order(
            logits in proptest::array::uniform7(-1e4..1e4_f32),
        ) {
            let probabilities = softmax(&logits);
            prop_assert!((probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            for (one, first) in logits.iter().zip(probabilities) {
                for (other, second) in logits.iter().zip(probabilities) {
                    prop_assert!(one < other || first >= second);
                }
            }
        }
    }
}
