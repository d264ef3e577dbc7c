//! FER+: ten people's votes on each face of FER2013, row for row.
//!
//! Barsoum, Zhang, Canton Ferrer and Zhang, "Training deep networks for facial expression
//! recognition with crowd-sourced label distribution", ICMI 2016. The file has the header
//! `Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF`;
//! `NF` says that there is no face.

use std::path::Path;

use mien_engine::expression::Expression;
use mien_engine::fer2013::Usage;

use super::{
    DataError, DataSet, FERPLUS_CLASSES, LabelModel, Labels, Split, Splits, TableFault, names,
    table,
};

/// The classes in the order of the file's columns.
const COLUMNS: [Expression; FERPLUS_CLASSES] = [
    Expression::Neutral,
    Expression::Happy,
    Expression::Surprise,
    Expression::Sad,
    Expression::Angry,
    Expression::Disgust,
    Expression::Fear,
    Expression::Contempt,
];
/// Votes for a class, for an expression that the voter could not name, and for no face.
pub(super) const CHOICES: usize = FERPLUS_CLASSES + 2;
/// Split and name of the image.
const LEADING: usize = 2;

/// How often each choice was made for one face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Votes {
    /// Of each class, in label order.
    pub classes: [u32; FERPLUS_CLASSES],
    /// Of the two other choices: unknown and no face.
    pub others: [u32; 2],
}

impl Votes {
    /// Without single votes, which the paper counts as slips.
    #[must_use]
    fn without_slips(self) -> Self {
        let keep = |votes: u32| if votes > 1 { votes } else { 0 };
        Self {
            classes: self.classes.map(keep),
            others: self.others.map(keep),
        }
    }

    fn total(&self) -> u32 {
        self.classes.iter().chain(&self.others).sum()
    }

    /// The class with more than half of the votes, single ones not counted; `None` where there is
    /// none, or where the majority could name none or saw no face (the paper's "majority voting").
    #[must_use]
    pub fn majority(self) -> Option<Expression> {
        let votes = self.without_slips();
        let wins = |class: &Expression| 2 * votes.classes[class.index()] > votes.total();
        Expression::FERPLUS.into_iter().find(wins)
    }

    /// Shares of the classes that count, in label order, summing to 1 (the paper's "cross-entropy
    /// loss" scheme). Single votes do not count. The choices are taken from the most to the least
    /// frequent, equal ones together, until they hold three quarters of the votes or are three;
    /// an unknown expression or no face ends it. `None` where more than three were taken, or
    /// where the classes taken do not hold more than half of the votes.
    #[must_use]
    pub fn distribution(self) -> Option<[f32; FERPLUS_CLASSES]> {
        let votes = self.without_slips();
        let mut levels: Vec<u32> = votes.classes.into_iter().chain(votes.others).collect();
        levels.sort_unstable_by(|one, other| other.cmp(one));
        levels.dedup();
        let mut taken = [0; FERPLUS_CLASSES];
        let (mut sum, mut count) = (0, 0);
        for level in levels {
            if 4 * sum >= 3 * votes.total() || count >= 3 {
                break;
            }
            for (taken, &votes) in taken.iter_mut().zip(&votes.classes) {
                if votes == level {
                    *taken = votes;
                    sum += votes;
                    count += 1;
                }
            }
            if votes.others.contains(&level) {
                break;
            }
        }
        let holds = 2 * sum > votes.total() && count <= 3;
        holds.then(|| taken.map(|votes| votes as f32 / sum as f32))
    }
}

/// Reads the votes of each split, in the file's order.
fn read(path: &Path) -> Result<[Vec<Votes>; 3], DataError> {
    let check_header = |names: &[String]| {
        let is_class = |(name, class): (&String, Expression)| names::class(name) == Some(class);
        let is_votes =
            names.len() == LEADING + CHOICES && names[LEADING..].iter().zip(COLUMNS).all(is_class);
        is_votes
            .then_some(())
            .ok_or_else(|| DataError::VotesHeader {
                path: path.to_owned(),
            })
    };
    let mut splits = [const { Vec::new() }; 3];
    table::read(path, check_header, |columns| {
        let (split, votes) = parse(columns)?;
        splits[split].push(votes);
        Ok(())
    })?;
    Ok(splits)
}

/// The split's position and the votes.
fn parse(columns: &[&str]) -> Result<(usize, Votes), TableFault> {
    let [usage, _, choices @ ..] = columns else {
        return Err(TableFault::VoteColumns {
            found: columns.len(),
        });
    };
    if choices.len() != CHOICES {
        return Err(TableFault::VoteColumns {
            found: columns.len(),
        });
    }
    let split = Usage::ALL
        .iter()
        .position(|known| known.name() == *usage)
        .ok_or_else(|| TableFault::SplitName {
            found: (*usage).to_owned(),
        })?;
    let mut counts = [0; CHOICES];
    for (count, text) in counts.iter_mut().zip(choices) {
        *count = text.parse().map_err(|_| TableFault::Vote {
            found: (*text).to_owned(),
        })?;
    }
    let mut votes = Votes {
        classes: [0; FERPLUS_CLASSES],
        others: [counts[FERPLUS_CLASSES], counts[FERPLUS_CLASSES + 1]],
    };
    for (class, count) in COLUMNS.iter().zip(counts) {
        votes.classes[class.index()] = count;
    }
    Ok((split, votes))
}

/// The votes of each split on these faces.
fn read_for(faces: &Splits, path: &Path) -> Result<[Vec<Votes>; 3], DataError> {
    let votes = read(path)?;
    for (usage, votes) in Usage::ALL.into_iter().zip(&votes) {
        let split = usage.into();
        let source = faces.get(split);
        if source.len() != votes.len() {
            return Err(DataError::VotesRows {
                path: path.to_owned(),
                split,
                faces: source.len(),
                votes: votes.len(),
            });
        }
    }
    Ok(votes)
}

/// The votes on one split's faces, in their order. `faces` are those of FER2013, untouched.
pub fn read_votes(faces: &Splits, path: &Path, split: Split) -> Result<Vec<Votes>, DataError> {
    let votes = read_for(faces, path)?;
    let usages = Usage::ALL.into_iter().zip(votes);
    let of_split = usages.filter(|(usage, _)| Split::from(*usage) == split);
    Ok(of_split.flat_map(|(_, votes)| votes).collect())
}

/// Lets the training faces' targets be `share` parts what the votes say about their labels (see
/// [`LabelModel`]), and the rest their own labels. Other splits stay as they are.
pub fn blend(faces: &mut Splits, path: &Path, share: f32) -> Result<(), DataError> {
    let [votes, ..] = read_for(faces, path)?;
    let source = std::mem::take(&mut faces.training);
    let model = LabelModel::fit(&votes, source.labels());
    for (index, (votes, &label)) in votes.iter().zip(source.labels()).enumerate() {
        let mut shares = [0.0; FERPLUS_CLASSES];
        for (target, probability) in shares.iter_mut().zip(model.probabilities(votes)) {
            *target = share * probability;
        }
        shares[label.index()] += 1.0 - share;
        faces
            .training
            .push_labelled(source.face(index), label, shares);
    }
    Ok(())
}

/// FER2013's faces with the labels of FER+. Validation and test faces are those with a majority;
/// so are training faces, unless they get distributions: then they are those with one, and the
/// label is its most frequent class. `classes` is 7 or 8: without contempt, its faces and its
/// shares are left out.
pub fn relabel(
    faces: &Splits,
    path: &Path,
    labels: Labels,
    classes: usize,
) -> Result<Splits, DataError> {
    let votes = read_for(faces, path)?;
    let mut splits = Splits::default();
    for (usage, votes) in Usage::ALL.into_iter().zip(votes) {
        let split = usage.into();
        let source = faces.get(split);
        let target = splits.get_mut(split);
        let has_distributions = labels == Labels::FerPlusDistribution && split == Split::Training;
        for (index, votes) in votes.into_iter().enumerate() {
            if has_distributions {
                add_distribution(target, source.face(index), votes, classes);
            } else if let Some(label) = votes.majority().filter(|class| class.index() < classes) {
                target.push(source.face(index), label);
            }
        }
    }
    Ok(splits)
}

fn add_distribution(target: &mut DataSet, face: &[u8], votes: Votes, classes: usize) {
    let Some(mut shares) = votes.distribution() else {
        return;
    };
    shares[classes..].fill(0.0);
    let sum: f32 = shares.iter().sum();
    if sum > 0.0 {
        target.push_distribution(face, shares.map(|share| share / sum));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Votes in the file's order.
    fn votes(counts: [u32; CHOICES]) -> Votes {
        let columns = counts.map(|count| count.to_string());
        let mut row = vec!["Training", "fer0000000.png"];
        row.extend(columns.iter().map(String::as_str));
        parse(&row).expect("a valid row").1
    }

    #[test]
    fn a_majority_is_more_than_half_without_slips() {
        // Columns: neutral, happy, surprise, sad, angry, disgust, fear, contempt, unknown, no face.
        for (counts, expected) in [
            ([4, 0, 0, 1, 3, 2, 0, 0, 0, 0], None),
            ([6, 0, 1, 1, 0, 0, 0, 0, 2, 0], Some(Expression::Neutral)),
            ([1, 1, 1, 1, 1, 0, 0, 5, 0, 0], Some(Expression::Contempt)),
            ([5, 5, 0, 0, 0, 0, 0, 0, 0, 0], None),
            ([2, 0, 0, 0, 0, 0, 0, 0, 8, 0], None),
            ([0, 0, 0, 0, 0, 0, 0, 0, 0, 10], None),
            ([1, 1, 1, 1, 1, 1, 1, 1, 1, 1], None),
        ] {
            assert_eq!(votes(counts).majority(), expected, "{counts:?}");
        }
    }

    #[test]
    fn a_distribution_holds_the_frequent_classes() {
        let share = |counts, class: Expression| {
            let shares = votes(counts).distribution();
            shares.map(|shares| shares[class.index()])
        };
        // Nine votes count; neutral and angry hold seven of them, which is enough.
        let counts = [4, 0, 0, 1, 3, 2, 0, 0, 0, 0];
        assert_eq!(share(counts, Expression::Neutral), Some(4.0 / 7.0));
        assert_eq!(share(counts, Expression::Angry), Some(3.0 / 7.0));
        assert_eq!(share(counts, Expression::Disgust), Some(0.0));
        // Four classes of equal frequency are too many.
        assert_eq!(votes([2, 2, 2, 2, 0, 0, 0, 0, 2, 0]).distribution(), None);
        // Unknown comes before the second class and ends it.
        let counts = [6, 2, 0, 0, 0, 0, 0, 0, 3, 0];
        assert_eq!(share(counts, Expression::Neutral), Some(1.0));
        // Unknown or no face in front.
        assert_eq!(votes([4, 0, 0, 0, 0, 0, 0, 0, 6, 0]).distribution(), None);
        assert_eq!(votes([0, 0, 0, 0, 0, 0, 0, 0, 0, 10]).distribution(), None);
        assert_eq!(votes([1; CHOICES]).distribution(), None);
    }
}
