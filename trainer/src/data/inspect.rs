//! What a data set consists of, and what is wrong with it.

use std::collections::BTreeMap;

use mien_engine::expression::Expression;
use serde::Serialize;

use super::{DataSet, Split};

/// Counts of a data set's faces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Inspection {
    /// Faces of each class, by split.
    pub splits: Vec<SplitCounts>,
    /// Groups of faces with the same pixels.
    pub duplicate_groups: usize,
    /// Faces beyond the first of each group.
    pub duplicates: usize,
    /// Groups that reach over several splits.
    pub groups_across_splits: usize,
    /// Groups whose faces have different labels.
    pub groups_with_label_conflict: usize,
}

/// Faces of each class in one split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SplitCounts {
    /// The split's name.
    pub split: String,
    /// All faces.
    pub faces: usize,
    /// Faces of each class.
    pub classes: BTreeMap<&'static str, usize>,
}

impl Inspection {
    /// Counts classes and exact duplicates, within and across splits.
    #[must_use]
    pub fn new(splits: &[(Split, &DataSet)]) -> Self {
        // Pixels lead to every place of a face: the split's position and the label.
        let mut places: BTreeMap<&[u8], Vec<(usize, Expression)>> = BTreeMap::new();
        for (position, (_, data)) in splits.iter().enumerate() {
            for (index, label) in data.labels().iter().enumerate() {
                let place = (position, *label);
                places.entry(data.face(index)).or_default().push(place);
            }
        }
        let groups: Vec<_> = places
            .into_values()
            .filter(|group| group.len() > 1)
            .collect();
        let count = |differs: fn(&(usize, Expression), &(usize, Expression)) -> bool| {
            let mixed = |group: &&Vec<_>| group.iter().any(|place| differs(place, &group[0]));
            groups.iter().filter(mixed).count()
        };
        Self {
            splits: splits
                .iter()
                .map(|(split, data)| SplitCounts::new(*split, data))
                .collect(),
            duplicate_groups: groups.len(),
            duplicates: groups.iter().map(|group| group.len() - 1).sum(),
            groups_across_splits: count(|a, b| a.0 != b.0),
            groups_with_label_conflict: count(|a, b| a.1 != b.1),
        }
    }
}

impl SplitCounts {
    fn new(split: Split, data: &DataSet) -> Self {
        let mut classes: BTreeMap<_, _> = Expression::FERPLUS.map(|class| (class.name(), 0)).into();
        for label in data.labels() {
            *classes.entry(label.name()).or_default() += 1;
        }
        Self {
            split: split.to_string(),
            faces: data.len(),
            classes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::FACE_PIXELS;

    #[test]
    fn duplicates_and_conflicts_are_counted() {
        let set = |faces: &[(u8, Expression)]| {
            let mut data = DataSet::default();
            for (gray, label) in faces {
                data.push(&[*gray; FACE_PIXELS], *label);
            }
            data
        };
        let training = set(&[
            (1, Expression::Sad),
            (1, Expression::Sad),
            (2, Expression::Happy),
            (3, Expression::Fear),
        ]);
        let test = set(&[
            (1, Expression::Sad),
            (3, Expression::Angry),
            (4, Expression::Sad),
        ]);
        let inspection =
            Inspection::new(&[(Split::Training, &training), (Split::PublicTest, &test)]);
        assert_eq!(inspection.duplicate_groups, 2);
        assert_eq!(inspection.duplicates, 3);
        assert_eq!(inspection.groups_across_splits, 2);
        assert_eq!(inspection.groups_with_label_conflict, 1);
        assert_eq!(inspection.splits[0].classes["sad"], 2);
        assert_eq!(inspection.splits[1].classes["disgust"], 0);
    }
}
