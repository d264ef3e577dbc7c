//! One system at work: a network, or several that answer together.

use mien_engine::metrics::Predictions;
use mien_engine::nets::Network;

use super::vote::{Rule, probabilities, vote};
use crate::data::DataSet;
use crate::evaluate::{self, EvaluateError};
use crate::ops::FastOps;
use crate::train::{self, Checkpoint};

/// Trained networks with the way in which their answers become one.
#[derive(Debug)]
pub struct System {
    /// The networks, on the CPU.
    pub networks: Vec<Network>,
    /// The weight of each network for each class: `[networks, classes]`.
    weights: Vec<Vec<f64>>,
}

impl System {
    /// The best epoch of each member; `public_test` is what the rule's weights are measured on.
    ///
    /// # Panics
    /// If there is no member.
    pub fn new(
        members: &[Checkpoint],
        rule: Rule,
        public_test: &DataSet,
    ) -> Result<Self, EvaluateError> {
        assert!(!members.is_empty(), "a system has a network");
        let classes = members[0].header.config.network.classes();
        if (members.iter()).any(|member| member.header.config.network.classes() != classes) {
            return Err(EvaluateError::DifferentClasses);
        }
        let networks: Vec<Network> = members.iter().map(train::best_network).collect();
        let weights = if networks.len() == 1 {
            vec![vec![1.0; classes]]
        } else {
            rule.weights(&each(&networks, public_test)?)
        };
        Ok(Self { networks, weights })
    }

    /// Number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.weights[0].len()
    }

    /// The answers to a data set: logits of a single network, else logarithms of probabilities.
    pub fn predict(&self, data: &DataSet) -> Result<Predictions, EvaluateError> {
        let mut predictions = each(&self.networks, data)?;
        if predictions.len() == 1 {
            return Ok(predictions.remove(0));
        }
        Ok(vote(&predictions, &self.weights)?)
    }

    /// The probabilities of each class, `[faces, classes]`, for faces of 0 to 255,
    /// `[faces, 48, 48]`.
    pub fn probabilities(&self, pixels: &[f32]) -> Result<Vec<f32>, EvaluateError> {
        let classes = self.classes();
        let mut all = Vec::new();
        for network in &self.networks {
            let logits = evaluate::logits(network, pixels, &FastOps::default());
            let labels = vec![0; logits.len() / classes];
            all.push(Predictions::new(logits, labels, classes)?);
        }
        let voted = vote(&all, &self.weights)?;
        let rows = voted.logits().chunks_exact(classes);
        Ok(rows.flat_map(probabilities).collect())
    }
}

fn each(networks: &[Network], data: &DataSet) -> Result<Vec<Predictions>, EvaluateError> {
    let predict = |network| evaluate::network(network, data, &FastOps::default());
    networks.iter().map(predict).collect()
}
