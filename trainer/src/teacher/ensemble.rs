//! Several networks that answer as one.

use std::panic;
use std::thread;

use mien_engine::metrics::{Predictions, PredictionsError};
use serde::{Deserialize, Serialize};

use crate::average::{self, Average, logarithm};
use crate::data::{DataSet, FACE_PIXELS};
use crate::evaluate::{EvaluateError, Reader};

/// Rounds of [`mixture_weights`]; the likelihood has settled long before.
const ROUNDS: usize = 500;

/// Members of a smaller share are left out: they cost as much as the others and change next to
/// nothing.
const SMALLEST_SHARE: f64 = 0.005;

/// One network of an ensemble.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// SHA-256 of its file.
    pub sha256: String,
    /// Its share of the answer; all shares sum to 1.
    pub weight: f64,
}

/// Networks whose probabilities, each averaged over views of a face, are averaged by the members'
/// weights.
#[derive(Debug)]
pub struct Ensemble {
    members: Vec<Member>,
    readers: Vec<Reader>,
    average: Average,
    classes: usize,
}

impl Ensemble {
    /// Members of equal weight, each with its network.
    ///
    /// # Panics
    /// If there is none.
    pub fn new(members: Vec<(Member, Reader)>, average: Average) -> Result<Self, EvaluateError> {
        let classes = members[0].1.classes();
        if (members.iter()).any(|(_, reader)| reader.classes() != classes) {
            return Err(EvaluateError::DifferentClasses);
        }
        let weight = 1.0 / members.len() as f64;
        let (members, readers): (Vec<Member>, Vec<Reader>) = members.into_iter().unzip();
        Ok(Self {
            members: members
                .into_iter()
                .map(|member| Member { weight, ..member })
                .collect(),
            readers,
            average,
            classes,
        })
    }

    /// Who answers.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Gives the members other weights.
    ///
    /// # Panics
    /// If there are not as many as members.
    pub fn weigh(&mut self, weights: &[f64]) {
        assert_eq!(weights.len(), self.members.len());
        for (member, &weight) in self.members.iter_mut().zip(weights) {
            member.weight = weight;
        }
    }

    /// The probabilities of each class, `[faces, classes]`, for faces of 0 to 255,
    /// `[faces, 48, 48]`. Members of weight 0 are not asked.
    pub fn probabilities(&mut self, pixels: &[f32]) -> Result<Vec<f32>, EvaluateError> {
        let mut sum = vec![0.0; pixels.len() / FACE_PIXELS * self.classes];
        let has_weight = |member: &Member| member.weight > 0.0;
        let answers = self.ask(has_weight, |reader, views| {
            average::probabilities(reader, pixels, views)
        })?;
        let asked = self.members.iter().filter(|member| has_weight(member));
        for (member, probabilities) in asked.zip(answers) {
            for (sum, probability) in sum.iter_mut().zip(probabilities) {
                *sum += member.weight as f32 * probability;
            }
        }
        Ok(sum)
    }

    /// Each member's predictions for a data set, as logarithms of probabilities.
    pub fn predictions(&mut self, data: &DataSet) -> Result<Vec<Predictions>, EvaluateError> {
        self.ask(
            |_| true,
            |reader, views| average::predict(reader, data, views, |_| ()),
        )
    }

    /// What each of the chosen members says, in a thread of its own.
    fn ask<T: Send>(
        &mut self,
        is_asked: impl Fn(&Member) -> bool,
        ask: impl Fn(&mut Reader, Average) -> Result<T, EvaluateError> + Sync,
    ) -> Result<Vec<T>, EvaluateError> {
        let (ask, views) = (&ask, self.average);
        thread::scope(|scope| {
            let all = self.members.iter().zip(&mut self.readers);
            let threads: Vec<_> = all
                .filter(|(member, _)| is_asked(member))
                .map(|(_, reader)| scope.spawn(move || ask(reader, views)))
                .collect();
            let answers = threads.into_iter().map(thread::ScopedJoinHandle::join);
            answers
                .map(|answer| answer.unwrap_or_else(|panic| panic::resume_unwind(panic)))
                .collect()
        })
    }
}

/// The weighted mean of the members' probabilities, as logarithms.
///
/// # Panics
/// If `members` is empty or not as long as `weights`.
pub fn mixture(members: &[Predictions], weights: &[f64]) -> Result<Predictions, PredictionsError> {
    assert_eq!(members.len(), weights.len());
    let first = &members[0];
    let mut sum = vec![0.0; first.logits().len()];
    for (member, &weight) in members.iter().zip(weights) {
        for (sum, logit) in sum.iter_mut().zip(member.logits()) {
            *sum += weight as f32 * logit.exp();
        }
    }
    let logits = sum.into_iter().map(logarithm).collect();
    Predictions::new(logits, first.labels().to_vec(), first.classes())
}

/// The weights under which the mixture of the members makes the labels most likely, found by
/// expectation maximisation (Dempster et al. 1977): the likelihood has a single maximum. Members
/// of less than half a percent get none. `members` hold logarithms of probabilities.
#[must_use]
pub fn mixture_weights(members: &[Predictions]) -> Vec<f64> {
    let count = members.len();
    let mut weights = vec![1.0 / count as f64; count];
    let Some(first) = members.first() else {
        return weights;
    };
    let classes = first.classes();
    let of_truth: Vec<Vec<f64>> = members
        .iter()
        .map(|member| {
            let rows = member.logits().chunks_exact(classes);
            rows.zip(first.labels())
                .map(|(row, &label)| f64::from(row[label]).exp())
                .collect()
        })
        .collect();
    for _ in 0..ROUNDS {
        let mut shares = vec![0.0; count];
        for face in 0..first.len() {
            let total: f64 = (0..count).map(|i| weights[i] * of_truth[i][face]).sum();
            for (share, (weight, truth)) in shares.iter_mut().zip(weights.iter().zip(&of_truth)) {
                *share += weight * truth[face] / total;
            }
        }
        weights = shares
            .iter()
            .map(|share| share / first.len() as f64)
            .collect();
    }
    for weight in &mut weights {
        if *weight < SMALLEST_SHARE {
            *weight = 0.0;
        }
    }
    let total: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predictions(probabilities: &[[f32; 2]], labels: &[usize]) -> Predictions {
        let logits = probabilities
            .as_flattened()
            .iter()
            .map(|p| p.ln())
            .collect();
        Predictions::new(logits, labels.to_vec(), 2).expect("rows of two classes")
    }

    #[test]
    fn the_better_member_gets_the_larger_weight() {
        let labels = [0, 1, 0, 1];
        let good = predictions(&[[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.1, 0.9]], &labels);
        let poor = predictions(&[[0.5, 0.5]; 4], &labels);
        let weights = mixture_weights(&[good.clone(), poor.clone()]);
        assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert!(weights[0] > 0.95, "{weights:?}");
        let likelihood = |weights: &[f64]| {
            let mixed = mixture(&[good.clone(), poor.clone()], weights).expect("equal shapes");
            mixed.negative_log_likelihood(1.0)
        };
        assert!(likelihood(&weights) <= likelihood(&[0.8, 0.2]) + 1e-6);
        assert!(likelihood(&weights) <= likelihood(&[0.5, 0.5]));
    }

    #[test]
    fn a_member_that_adds_nothing_has_no_weight_at_all() {
        let labels = [0, 1];
        let good = predictions(&[[0.9, 0.1], [0.1, 0.9]], &labels);
        let poor = predictions(&[[0.8, 0.2], [0.2, 0.8]], &labels);
        assert_eq!(mixture_weights(&[poor, good]), [0.0, 1.0]);
    }

    #[test]
    fn members_that_err_on_different_faces_share_the_weight() {
        let labels = [0, 1];
        let first = predictions(&[[0.9, 0.1], [0.9, 0.1]], &labels);
        let second = predictions(&[[0.1, 0.9], [0.1, 0.9]], &labels);
        let weights = mixture_weights(&[first, second]);
        assert!((weights[0] - 0.5).abs() < 1e-6, "{weights:?}");
    }
}
