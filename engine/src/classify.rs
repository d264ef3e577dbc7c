//! From a crop to the probabilities of the expressions.

use std::ops::{Deref, DerefMut, Range};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::crop::SIDE;
use crate::expression::Expression;
use crate::plan::Plan;
use crate::runner::{Batch, Covered, RunError, Runner};

/// One value for each class of a network, in label order. Reads like a slice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PerClass {
    /// Zero beyond the network's classes.
    values: [f32; Expression::FERPLUS.len()],
    classes: &'static [Expression],
}

impl PerClass {
    /// Takes one value a class; `None` if no network has so many classes.
    #[must_use]
    pub fn new(values: &[f32]) -> Option<Self> {
        let classes = Expression::classes(values.len())?;
        let mut all = [0.0; Expression::FERPLUS.len()];
        all[..values.len()].copy_from_slice(values);
        Some(Self {
            values: all,
            classes,
        })
    }

    /// The value that `value` gives for each position among these classes.
    #[must_use]
    pub fn from_fn(classes: &'static [Expression], value: impl FnMut(usize) -> f32) -> Self {
        let mut all = [0.0; Expression::FERPLUS.len()];
        for (slot, value) in all.iter_mut().zip((0..classes.len()).map(value)) {
            *slot = value;
        }
        Self {
            values: all,
            classes,
        }
    }

    /// The classes, in label order: as many as there are values.
    #[must_use]
    pub fn classes(&self) -> &'static [Expression] {
        self.classes
    }

    /// Every class with its value, in label order.
    pub fn by_class(&self) -> impl Iterator<Item = (Expression, f32)> + '_ {
        self.classes.iter().copied().zip(self.iter().copied())
    }

    /// Another value for each class.
    #[must_use]
    pub fn map(mut self, change: impl Fn(f32) -> f32) -> Self {
        for value in self.iter_mut() {
            *value = change(*value);
        }
        self
    }

    /// A value for each class from this one's and another's; classes that the other lacks count
    /// as zero there.
    #[must_use]
    pub fn zip_with(mut self, other: &Self, join: impl Fn(f32, f32) -> f32) -> Self {
        for (value, other) in self.iter_mut().zip(other.values) {
            *value = join(*value, other);
        }
        self
    }
}

impl Default for PerClass {
    /// Zeros for the classes of FER2013.
    fn default() -> Self {
        Self::from([0.0; Expression::FER2013.len()])
    }
}

impl From<[f32; 7]> for PerClass {
    fn from(values: [f32; 7]) -> Self {
        let mut all = [0.0; Expression::FERPLUS.len()];
        all[..values.len()].copy_from_slice(&values);
        Self {
            values: all,
            classes: &Expression::FER2013,
        }
    }
}

impl From<[f32; 8]> for PerClass {
    fn from(values: [f32; 8]) -> Self {
        Self {
            values,
            classes: &Expression::FERPLUS,
        }
    }
}

impl DerefMut for PerClass {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.values[..self.classes.len()]
    }
}

impl Deref for PerClass {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.values[..self.classes.len()]
    }
}

impl Serialize for PerClass {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PerClass {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = Vec::deserialize(deserializer)?;
        Self::new(&values).ok_or_else(|| D::Error::invalid_length(values.len(), &"7 or 8 classes"))
    }
}

/// Probabilities; they sum to 1.
pub type Probabilities = PerClass;

/// What the network gives before it becomes probabilities.
pub type Logits = PerClass;

/// Why expressions could not be classified.
#[derive(Debug, Error)]
pub enum ClassifyError {
    /// The network does not take a crop or does not give one value a class; load another model.
    #[error("this model is not a classifier of FER2013's seven or FER+'s eight expressions")]
    NotAClassifier,
    /// The network failed.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// An expression network on a backend.
#[derive(Debug)]
pub struct Classifier {
    runner: Runner,
    classes: &'static [Expression],
}

impl Classifier {
    /// Takes a runner of a network from one gray crop to one value a class.
    pub fn new(runner: Runner) -> Result<Self, ClassifyError> {
        let classes = classes(runner.plan()).ok_or(ClassifyError::NotAClassifier)?;
        Ok(Self { runner, classes })
    }

    /// The classes that the network tells apart, in label order.
    #[must_use]
    pub fn classes(&self) -> &'static [Expression] {
        self.classes
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
        let outputs = self.runner.run(batch).await?;
        Ok(self.rows(&outputs))
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
        let outputs = self.runner.run_covered(covered).await?;
        Ok(self.rows(&outputs))
    }

    /// One row of logits for each input of a run.
    fn rows(&self, outputs: &[Vec<f32>]) -> Vec<Logits> {
        outputs[0]
            .chunks_exact(self.classes.len())
            .map(|row| PerClass::from_fn(self.classes, |class| row[class]))
            .collect()
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

/// The classes of a plan that reads a gray crop and gives one value a class.
fn classes(plan: &Plan) -> Option<&'static [Expression]> {
    let shapes = plan.shapes(SIDE, SIDE).ok()?;
    let [output] = plan.outputs[..] else {
        return None;
    };
    let logits = shapes[output.index()];
    let is_vector = plan.input.channels == 1 && [logits.height, logits.width] == [1, 1];
    Expression::classes(logits.channels).filter(|_| is_vector)
}

/// `exp(x_i) / sum(exp(x_j))`, without overflow.
#[must_use]
pub fn softmax(logits: &Logits) -> Probabilities {
    let mut values = *logits;
    softmax_in_place(&mut values);
    values
}

/// The same for any number of classes.
pub fn softmax_in_place(values: &mut [f32]) {
    let largest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for value in values.iter_mut() {
        *value = (*value - largest).exp();
        sum += *value;
    }
    for value in values {
        *value /= sum;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of_logits(logits: &[f32]) -> Probabilities {
        softmax(&Logits::new(logits).expect("seven or eight classes"))
    }

    #[test]
    fn the_number_of_values_tells_the_classes() {
        assert_eq!(Probabilities::new(&[0.0; 6]), None);
        let seven = Probabilities::from([0.125; 7]);
        assert_eq!(seven.classes(), Expression::FER2013);
        let eight = of_logits(&[0.0; 8]);
        assert_eq!(eight, Probabilities::from([0.125; 8]));
        assert_eq!(eight.by_class().last(), Some((Expression::Contempt, 0.125)));
        let difference = seven.zip_with(&eight, |one, other| one - other);
        assert_eq!(difference, Probabilities::default());
    }

    #[test]
    fn json_is_a_plain_list() {
        for count in [7, 8] {
            let values = vec![0.5; count];
            let probabilities = Probabilities::new(&values).expect("seven or eight classes");
            let json = serde_json::to_value(probabilities).expect("numbers");
            assert_eq!(json, serde_json::json!(values));
            let read: Probabilities = serde_json::from_value(json).expect("the same list");
            assert_eq!(read, probabilities);
        }
        assert!(serde_json::from_str::<Probabilities>("[1.0]").is_err());
    }

    proptest! {
        #[test]
        fn probabilities_sum_to_one_and_keep_the_order(
            logits in proptest::collection::vec(-1e4..1e4_f32, 7..=8),
        ) {
            let probabilities = of_logits(&logits);
            prop_assert!((probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            for (one, first) in logits.iter().zip(probabilities.iter()) {
                for (other, second) in logits.iter().zip(probabilities.iter()) {
                    prop_assert!(one < other || first >= second);
                }
            }
        }
    }
}
