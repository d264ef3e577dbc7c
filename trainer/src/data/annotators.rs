//! What other people's votes on a face say about its label.
//!
//! A label is one person's word. Ten others have voted on the same face for FER+, in other words and
//! with other habits: what they call fear is often surprise to the first. A multinomial logistic
//! regression over the votes translates them, and gives the probability of each label among faces
//! with such votes: a target that does not carry the first person's slips.

use mien_engine::expression::Expression;

use super::Votes;
use super::ferplus::CHOICES;

/// The square root of each choice's share, and one.
const FEATURES: usize = CHOICES + 1;
const CLASSES: usize = Expression::FER2013.len();
/// Of Nesterov's accelerated gradient descent over all faces; the loss is convex, and its third digit
/// no longer moves.
const STEPS: usize = 200;
const RATE: f32 = 1.0;
const MOMENTUM: f32 = 0.9;

type Weights = [[f32; CLASSES]; FEATURES];

/// The probability of each of FER2013's labels, given votes.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelModel {
    weights: Weights,
}

impl LabelModel {
    /// Fits the model to faces with votes and labels. Labels that FER2013 does not have are passed
    /// over.
    #[must_use]
    pub fn fit(votes: &[Votes], labels: &[Expression]) -> Self {
        let rows: Vec<_> = votes
            .iter()
            .map(features)
            .zip(labels.iter().map(|label| label.index()))
            .filter(|(_, label)| *label < CLASSES)
            .collect();
        let mut model = Self {
            weights: [[0.0; CLASSES]; FEATURES],
        };
        let mut velocity = model.weights;
        let rate = RATE / rows.len().max(1) as f32;
        for _ in 0..STEPS {
            let ahead = Self {
                weights: add(&model.weights, &velocity, MOMENTUM),
            };
            let mut gradient = [[0.0; CLASSES]; FEATURES];
            for (features, label) in &rows {
                let mut error = ahead.answer(features);
                error[*label] -= 1.0;
                for (gradient, feature) in gradient.iter_mut().zip(features) {
                    for (gradient, error) in gradient.iter_mut().zip(error) {
                        *gradient += feature * error;
                    }
                }
            }
            for velocity in velocity.as_flattened_mut() {
                *velocity *= MOMENTUM;
            }
            velocity = add(&velocity, &gradient, -rate);
            model.weights = add(&model.weights, &velocity, 1.0);
        }
        model
    }

    /// The probability of each label, summing to 1.
    #[must_use]
    pub fn probabilities(&self, votes: &Votes) -> [f32; CLASSES] {
        self.answer(&features(votes))
    }

    fn answer(&self, features: &[f32; FEATURES]) -> [f32; CLASSES] {
        let mut logits = [0.0; CLASSES];
        for (weights, feature) in self.weights.iter().zip(features) {
            for (logit, weight) in logits.iter_mut().zip(weights) {
                *logit += feature * weight;
            }
        }
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let exponentials = logits.map(|logit| (logit - largest).exp());
        let sum: f32 = exponentials.iter().sum();
        exponentials.map(|value| value / sum)
    }
}

/// `one + factor * other`.
fn add(one: &Weights, other: &Weights, factor: f32) -> Weights {
    let mut sum = *one;
    for (sum, other) in sum.as_flattened_mut().iter_mut().zip(other.as_flattened()) {
        *sum += factor * other;
    }
    sum
}

fn features(votes: &Votes) -> [f32; FEATURES] {
    let choices = votes.classes.iter().chain(&votes.others);
    let total = choices.clone().sum::<u32>().max(1) as f32;
    let mut features = [1.0; FEATURES];
    for (feature, &votes) in features.iter_mut().zip(choices) {
        *feature = (votes as f32 / total).sqrt();
    }
    features
}

#[cfg(test)]
mod tests {
    use super::*;

    fn votes(classes: &[(Expression, u32)]) -> Votes {
        let mut votes = Votes {
            classes: [0; Expression::FERPLUS.len()],
            others: [0; 2],
        };
        for (class, count) in classes {
            votes.classes[class.index()] = *count;
        }
        votes
    }

    #[test]
    fn votes_are_translated_as_often_as_the_labels_say() {
        let smile = votes(&[(Expression::Happy, 9), (Expression::Neutral, 1)]);
        let stare = votes(&[(Expression::Surprise, 10)]);
        // Of four stares one is labelled fear.
        let data = [
            (smile, Expression::Happy),
            (stare, Expression::Surprise),
            (stare, Expression::Surprise),
            (stare, Expression::Fear),
            (stare, Expression::Surprise),
        ]
        .repeat(20);
        let (votes, labels): (Vec<_>, Vec<_>) = data.into_iter().unzip();
        let model = LabelModel::fit(&votes, &labels);
        let of_smile = model.probabilities(&smile);
        let of_stare = model.probabilities(&stare);
        assert!(of_smile[Expression::Happy.index()] > 0.95, "{of_smile:?}");
        assert!((of_stare[Expression::Fear.index()] - 0.25).abs() < 0.03);
        assert!((of_stare[Expression::Surprise.index()] - 0.75).abs() < 0.03);
        assert!((of_stare.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    }

    #[test]
    fn nothing_learned_is_undecided() {
        let model = LabelModel::fit(&[], &[]);
        let probabilities = model.probabilities(&votes(&[(Expression::Sad, 3)]));
        for probability in probabilities {
            assert!((probability - 1.0 / CLASSES as f32).abs() < 1e-6);
        }
    }
}
