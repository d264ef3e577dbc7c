//! The confusion matrix and the figures that follow from it.

use serde::{Deserialize, Serialize};

/// How often each class (row) was taken for each class (column).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConfusionMatrix {
    counts: Vec<Vec<u32>>,
}

/// How often one class was taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confusion {
    /// The class it is.
    pub truth: usize,
    /// The class it was taken for.
    pub predicted: usize,
    /// How often.
    pub count: u32,
}

impl ConfusionMatrix {
    /// An empty matrix of `classes` x `classes`.
    #[must_use]
    pub fn new(classes: usize) -> Self {
        Self {
            counts: vec![vec![0; classes]; classes],
        }
    }

    /// Counts one sample.
    ///
    /// # Panics
    /// If a class is out of range.
    pub fn add(&mut self, truth: usize, predicted: usize) {
        self.counts[truth][predicted] += 1;
    }

    /// The counts: truth in rows, prediction in columns.
    #[must_use]
    pub fn counts(&self) -> &[Vec<u32>] {
        &self.counts
    }

    /// Share of samples whose class was predicted, 0 to 1; 0 without samples.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        let right: u32 = (0..self.counts.len()).map(|c| self.counts[c][c]).sum();
        let all: u32 = self.counts.iter().flatten().sum();
        f64::from(right) / f64::from(all.max(1))
    }

    /// Share of a class's samples that were recognised; `None` for a class without samples.
    #[must_use]
    pub fn recall(&self, class: usize) -> Option<f64> {
        let samples: u32 = self.counts[class].iter().sum();
        (samples > 0).then(|| f64::from(self.counts[class][class]) / f64::from(samples))
    }

    /// Share of the predictions of a class that were right; `None` if it was never predicted.
    #[must_use]
    pub fn precision(&self, class: usize) -> Option<f64> {
        let predicted: u32 = self.counts.iter().map(|row| row[class]).sum();
        (predicted > 0).then(|| f64::from(self.counts[class][class]) / f64::from(predicted))
    }

    /// Every pair of classes that was confused, the most frequent first; equally frequent ones in
    /// label order.
    #[must_use]
    pub fn confused_pairs(&self) -> Vec<Confusion> {
        let classes = 0..self.counts.len();
        let mut pairs: Vec<_> = classes
            .clone()
            .flat_map(|truth| classes.clone().map(move |predicted| (truth, predicted)))
            .filter(|(truth, predicted)| truth != predicted)
            .map(|(truth, predicted)| Confusion {
                truth,
                predicted,
                count: self.counts[truth][predicted],
            })
            .filter(|pair| pair.count > 0)
            .collect();
        pairs.sort_by_key(|pair| std::cmp::Reverse(pair.count));
        pairs
    }

    /// Harmonic mean of precision and recall; `None` for a class without samples, 0 for one that
    /// was never predicted.
    #[must_use]
    pub fn f1(&self, class: usize) -> Option<f64> {
        let recall = self.recall(class)?;
        let precision = self.precision(class).unwrap_or(0.0);
        let sum = precision + recall;
        Some(if sum > 0.0 {
            2.0 * precision * recall / sum
        } else {
            0.0
        })
    }

    /// Mean recall of the classes that have samples.
    #[must_use]
    pub fn balanced_accuracy(&self) -> f64 {
        self.mean(Self::recall)
    }

    /// Mean F1 of the classes that have samples.
    #[must_use]
    pub fn macro_f1(&self) -> f64 {
        self.mean(Self::f1)
    }

    fn mean(&self, figure: impl Fn(&Self, usize) -> Option<f64>) -> f64 {
        let present: Vec<f64> = (0..self.counts.len())
            .filter_map(|class| figure(self, class))
            .collect();
        present.iter().sum::<f64>() / present.len().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked by hand: class 0 has 4 samples (3 right), class 1 has 2 (1 right), class 2 none.
    fn example() -> ConfusionMatrix {
        let mut matrix = ConfusionMatrix::new(3);
        for predicted in [0, 0, 0, 1] {
            matrix.add(0, predicted);
        }
        for predicted in [1, 0] {
            matrix.add(1, predicted);
        }
        matrix
    }

    fn assert_close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12, "{a} is not {b}");
    }

    #[test]
    fn figures_match_the_example() {
        let matrix = example();
        assert_close(matrix.accuracy(), 4.0 / 6.0);
        assert_close(matrix.recall(0).unwrap_or(-1.0), 0.75);
        assert_close(matrix.precision(0).unwrap_or(-1.0), 0.75);
        assert_close(matrix.precision(1).unwrap_or(-1.0), 0.5);
        assert_close(matrix.f1(1).unwrap_or(-1.0), 0.5);
    }

    #[test]
    fn the_most_frequent_confusion_comes_first() {
        let mut matrix = example();
        matrix.add(1, 0);
        let pairs = matrix.confused_pairs();
        let pairs: Vec<_> = (pairs.iter())
            .map(|pair| (pair.truth, pair.predicted, pair.count))
            .collect();
        assert_eq!(pairs, [(1, 0, 2), (0, 1, 1)]);
    }

    #[test]
    fn classes_without_samples_do_not_count() {
        let matrix = example();
        assert_eq!(matrix.recall(2), None);
        assert_eq!(matrix.precision(2), None);
        assert_close(matrix.balanced_accuracy(), 0.625);
        assert_close(matrix.macro_f1(), 0.625);
    }

    #[test]
    fn an_empty_matrix_has_no_accuracy() {
        let matrix = ConfusionMatrix::new(2);
        assert_close(matrix.accuracy(), 0.0);
        assert_close(matrix.balanced_accuracy(), 0.0);
    }
}
