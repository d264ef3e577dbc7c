//! Which faces and labels a run learns from.

use std::collections::BTreeSet;
use std::path::Path;

use mien_engine::expression::Expression;
use serde::{Deserialize, Serialize};

use super::{DataError, Split, Splits, ferplus, near, read};

/// The name under which FER+ ships its votes; looked for beside FER2013's CSV.
pub const VOTES_FILE: &str = "fer2013new.csv";

/// Settings of a run about its data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataConfig {
    /// Whose labels count.
    pub labels: Labels,
    /// With the data set's own labels: the share of a training target that is what FER+'s votes say
    /// about the label, 0 to 1; the rest is the label.
    pub votes_share: f32,
    /// Leaves out training faces that also occur among validation or test faces, exactly or
    /// nearly.
    pub drop_cross_split: bool,
    /// The classes that the network tells apart, in the order of its outputs, where they are not
    /// the first ones; faces of others are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<Expression>,
}

/// Whose labels count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Labels {
    /// Those of the data set.
    #[default]
    Own,
    /// Classes with a majority of FER+'s votes.
    #[serde(rename = "ferplus-majority")]
    FerPlusMajority,
    /// Shares of FER+'s votes while learning, classes with a majority where it is measured.
    #[serde(rename = "ferplus-distribution")]
    FerPlusDistribution,
}

impl Labels {
    /// Where the labels come from, as model cards say it.
    #[must_use]
    pub fn origin(self) -> &'static str {
        match self {
            Self::Own => "the data set's own labels",
            Self::FerPlusMajority => "majority labels of FER+ (Barsoum et al. 2016)",
            Self::FerPlusDistribution => {
                "distributions of FER+'s votes, measured by majority labels (Barsoum et al. 2016)"
            }
        }
    }
}

/// Faces as a run wants them, and what was left out for that.
#[derive(Clone, Debug, Default)]
pub struct Prepared {
    /// The faces.
    pub splits: Splits,
    /// Faces of classes that the network does not have.
    pub foreign: usize,
    /// Training faces that occur in other splits too.
    pub repeated: usize,
}

/// Reads a data set and applies a run's settings; `classes` is how many the network has. Votes are
/// looked for beside the data set if not given.
pub fn prepare(
    path: &Path,
    votes: Option<&Path>,
    config: &DataConfig,
    classes: usize,
) -> Result<Prepared, DataError> {
    let mut splits = read(path)?;
    let beside = path.with_file_name(VOTES_FILE);
    let votes = votes.unwrap_or(&beside);
    if config.labels != Labels::Own {
        splits = ferplus::relabel(&splits, votes, config.labels, classes)?;
    } else if config.votes_share > 0.0 {
        ferplus::blend(&mut splits, votes, config.votes_share)?;
    }
    let foreign = if config.classes.is_empty() {
        splits.retain_classes(classes)
    } else {
        splits.keep(&config.classes)
    };
    let repeated = if config.drop_cross_split {
        drop_cross_split(&mut splits)
    } else {
        0
    };
    Ok(Prepared {
        splits,
        foreign,
        repeated,
    })
}

/// Removes training faces that are also, exactly or nearly, in another split, and says how many
/// they were.
pub fn drop_cross_split(splits: &mut Splits) -> usize {
    let repeated = repeated(splits);
    let kept = |index: usize| !repeated.contains(&index);
    splits.training = splits
        .training
        .select((0..splits.training.len()).filter(|&i| kept(i)));
    repeated.len()
}

/// Positions of training faces that are also, exactly or nearly, in another split.
#[must_use]
pub fn repeated(splits: &Splits) -> BTreeSet<usize> {
    let training: Vec<&[u8]> = splits.training.faces().collect();
    let others: Vec<&[u8]> = [Split::PublicTest, Split::PrivateTest]
        .into_iter()
        .flat_map(|split| splits.get(split).faces())
        .collect();
    let known: BTreeSet<&[u8]> = others.iter().copied().collect();
    let exact = (0..training.len()).filter(|&index| known.contains(training[index]));
    let near = near::between(&training, &others);
    exact
        .chain(near.into_iter().map(|[index, _]| index))
        .collect()
}
