//! Giving rare classes more weight.

use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::batch::epoch_order;
use crate::data::DataSet;

/// How far classes are levelled: 0 leaves them as they are, 1 makes them equal, what lies between
/// counts a class by a power of its number of faces.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Balance {
    /// By weights in the loss: proportional to `faces^-power`, 1 in the mean over the faces.
    pub weights: f64,
    /// By how often faces are drawn: a class in proportion to `faces^(1 - power)`.
    pub sampling: f64,
}

impl Balance {
    /// The settings with their ranges, and whether they keep to them.
    pub(super) fn checks(&self) -> [(&'static str, &'static str, bool); 2] {
        let holds = |value: f64| (0.0..=1.0).contains(&value);
        [
            ("balance.weights", "from 0 to 1", holds(self.weights)),
            ("balance.sampling", "from 0 to 1", holds(self.sampling)),
        ]
    }

    /// The weight of each class in the loss; `None` where all weigh the same.
    #[must_use]
    pub fn class_weights(&self, data: &DataSet, classes: usize) -> Option<Vec<f32>> {
        if self.weights <= 0.0 {
            return None;
        }
        let counts = counts(data, classes);
        let weight = |count: usize| (count.max(1) as f64).powf(-self.weights);
        let sum: f64 = counts.iter().map(|&n| n as f64 * weight(n)).sum();
        let scale = data.len() as f64 / sum;
        Some(counts.iter().map(|&n| (scale * weight(n)) as f32).collect())
    }

    /// The faces that an epoch visits, as many as there are. An entry is `index + round * faces`:
    /// the round counts how often a face has been drawn before in this epoch.
    #[must_use]
    pub fn order(&self, data: &DataSet, classes: usize, seed: u64, epoch: usize) -> Vec<usize> {
        let natural = epoch_order(seed, epoch, data.len());
        if self.sampling <= 0.0 {
            return natural;
        }
        let counts = counts(data, classes);
        let power = |n: usize| {
            if n > 0 {
                (n as f64).powf(1.0 - self.sampling)
            } else {
                0.0
            }
        };
        let sum: f64 = counts.iter().map(|&n| power(n)).sum();
        let mut order = Vec::with_capacity(data.len() + classes);
        for (class, &count) in counts.iter().enumerate() {
            let wanted = (data.len() as f64 * power(count) / sum).ceil() as usize;
            let faces = natural.iter().filter(|&&face| data.target(face) == class);
            let rounds =
                (0..).flat_map(|round| faces.clone().map(move |face| face + round * data.len()));
            order.extend(rounds.take(if count > 0 { wanted } else { 0 }));
        }
        let mut rng = SmallRng::seed_from_u64(seed.rotate_left(7) ^ epoch as u64);
        order.shuffle(&mut rng);
        order.truncate(data.len());
        order
    }
}

fn counts(data: &DataSet, classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    for label in data.labels() {
        counts[label.index()] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use mien_engine::expression::Expression;

    use super::*;
    use crate::data::FACE_PIXELS;

    fn data() -> DataSet {
        let mut data = DataSet::default();
        for index in 0..100 {
            let rare = index % 10 == 0;
            let class = if rare {
                Expression::Disgust
            } else {
                Expression::Happy
            };
            data.push(&[0; FACE_PIXELS], class);
        }
        data
    }

    #[test]
    fn weights_level_the_classes() {
        let balance = Balance {
            weights: 1.0,
            sampling: 0.0,
        };
        let weights = balance.class_weights(&data(), 7).expect("weights");
        // Both classes weigh half of the whole; the mean over the faces is 1.
        assert!((10.0 * weights[1] - 50.0).abs() < 1e-3);
        assert!((90.0 * weights[3] - 50.0).abs() < 1e-3);
        assert_eq!(Balance::default().class_weights(&data(), 7), None);
    }

    #[test]
    fn sampling_levels_the_classes() {
        let data = data();
        let balance = Balance {
            weights: 0.0,
            sampling: 1.0,
        };
        let order = balance.order(&data, 7, 5, 2);
        assert_eq!(order.len(), 100);
        let rare = order.iter().filter(|&&entry| entry % 100 % 10 == 0).count();
        assert!((49..=50).contains(&rare), "{rare}");
        // No entry twice, every rare face about as often.
        let mut unique = order.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), 100);
        assert!(
            order
                .iter()
                .all(|entry| entry / 100 < 5 || entry % 100 % 10 != 0)
        );
        assert_eq!(order, balance.order(&data, 7, 5, 2));
        assert_ne!(order, balance.order(&data, 7, 5, 3));
    }

    #[test]
    fn without_balance_every_face_is_visited_once() {
        let order = Balance::default().order(&data(), 7, 5, 2);
        assert_eq!(order, epoch_order(5, 2, 100));
    }
}
