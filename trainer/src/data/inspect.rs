//! What a data set consists of, and what is wrong with it.

use std::collections::BTreeMap;

use mien_engine::expression::Expression;
use serde::Serialize;

use super::{DataSet, Splits, near};

/// Counts of a data set's faces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Inspection {
    /// Faces of each class, by split; splits without faces are left out.
    pub splits: Vec<SplitCounts>,
    /// Faces with the same pixels.
    pub exact: Duplicates,
    /// Faces with the same pixels or nearly so.
    pub near: Duplicates,
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

/// Counts of faces that resemble each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Duplicates {
    /// Groups of two faces or more.
    pub groups: usize,
    /// Faces beyond the first of each group.
    pub faces: usize,
    /// Groups that reach over several splits.
    pub across_splits: usize,
    /// Training faces in groups that reach over several splits.
    pub training_faces_across_splits: usize,
    /// Groups whose faces have different labels.
    pub label_conflicts: usize,
}

/// Where a face is: the split's position, and the label.
type Place = (usize, Expression);

impl Inspection {
    /// Counts classes, exact and near duplicates, within and across splits.
    #[must_use]
    pub fn new(splits: &Splits) -> Self {
        let named = splits.named();
        let faces: Vec<&[u8]> = named.iter().flat_map(|(_, data)| data.faces()).collect();
        let places: Vec<Place> = (named.iter().enumerate())
            .flat_map(|(split, (_, data))| data.labels().iter().map(move |label| (split, *label)))
            .collect();
        let same = equal_pairs(&faces);
        let alike = near::within(&faces).into_iter().chain(same.iter().copied());
        let count = |groups: Vec<Vec<usize>>| Duplicates::new(&groups, &places);
        Self {
            near: count(near::groups(faces.len(), alike)),
            exact: count(near::groups(faces.len(), same.iter().copied())),
            splits: named
                .into_iter()
                .filter(|(_, data)| !data.is_empty())
                .map(|(split, data)| SplitCounts::new(split.to_string(), data))
                .collect(),
        }
    }
}

/// Every face that has the pixels of an earlier one, behind the first such.
fn equal_pairs(faces: &[&[u8]]) -> Vec<[usize; 2]> {
    let mut first = BTreeMap::new();
    let mut pairs = Vec::new();
    for (position, face) in faces.iter().enumerate() {
        match first.get(face) {
            Some(&earlier) => pairs.push([earlier, position]),
            None => drop(first.insert(face, position)),
        }
    }
    pairs
}

impl SplitCounts {
    fn new(split: String, data: &DataSet) -> Self {
        let mut classes: BTreeMap<_, _> = Expression::FERPLUS.map(|class| (class.name(), 0)).into();
        for label in data.labels() {
            *classes.entry(label.name()).or_default() += 1;
        }
        Self {
            split,
            faces: data.len(),
            classes,
        }
    }
}

impl Duplicates {
    fn new(groups: &[Vec<usize>], places: &[Place]) -> Self {
        let mut counts = Self {
            groups: groups.len(),
            ..Self::default()
        };
        for group in groups {
            let (split, label) = places[group[0]];
            counts.faces += group.len() - 1;
            if group.iter().any(|&face| places[face].0 != split) {
                counts.across_splits += 1;
                counts.training_faces_across_splits +=
                    group.iter().filter(|&&face| places[face].0 == 0).count();
            }
            if group.iter().any(|&face| places[face].1 != label) {
                counts.label_conflicts += 1;
            }
        }
        counts
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
        let splits = Splits {
            training: set(&[
                (1, Expression::Sad),
                (1, Expression::Sad),
                (2, Expression::Happy),
                (3, Expression::Fear),
            ]),
            public_test: set(&[
                (1, Expression::Sad),
                (3, Expression::Angry),
                (4, Expression::Sad),
            ]),
            private_test: DataSet::default(),
        };
        let inspection = Inspection::new(&splits);
        let expected = Duplicates {
            groups: 2,
            faces: 3,
            across_splits: 2,
            training_faces_across_splits: 3,
            label_conflicts: 1,
        };
        assert_eq!(inspection.exact, expected);
        // Even faces have no likeness beyond equality.
        assert_eq!(inspection.near, expected);
        assert_eq!(inspection.splits.len(), 2);
        assert_eq!(inspection.splits[0].classes["sad"], 2);
        assert_eq!(inspection.splits[1].classes["disgust"], 0);
    }
}
