//! The parts of a data set.

use std::fmt;
use std::str::FromStr;

use mien_engine::expression::Expression;
use mien_engine::fer2013::Usage;

use super::{DataError, DataSet};

/// Which part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// What networks learn from.
    Training,
    /// The validation set, FER2013's public test: everything is chosen on it.
    PublicTest,
    /// The test set, FER2013's private test: scored once for a finished network.
    PrivateTest,
    /// All faces.
    All,
}

impl From<Usage> for Split {
    fn from(usage: Usage) -> Self {
        match usage {
            Usage::Training => Self::Training,
            Usage::PublicTest => Self::PublicTest,
            Usage::PrivateTest => Self::PrivateTest,
        }
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Training => "training",
            Self::PublicTest => "public-test",
            Self::PrivateTest => "private-test",
            Self::All => "all",
        })
    }
}

impl FromStr for Split {
    type Err = DataError;

    /// Takes the names that are displayed and FER2013's own (`PublicTest`), in any letter case.
    fn from_str(text: &str) -> Result<Self, DataError> {
        match text.to_ascii_lowercase().replace('-', "").as_str() {
            "training" => Ok(Self::Training),
            "publictest" => Ok(Self::PublicTest),
            "privatetest" => Ok(Self::PrivateTest),
            "all" => Ok(Self::All),
            _ => Err(DataError::UnknownSplit(text.to_owned())),
        }
    }
}

/// The faces of a data set by split; those without a split are for training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Splits {
    /// What networks learn from.
    pub training: DataSet,
    /// The validation set.
    pub public_test: DataSet,
    /// The test set.
    pub private_test: DataSet,
}

impl Splits {
    /// Whether there is no face.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.named().iter().all(|(_, faces)| faces.is_empty())
    }

    /// Every split with its name.
    #[must_use]
    pub fn named(&self) -> [(Split, &DataSet); 3] {
        [Split::Training, Split::PublicTest, Split::PrivateTest]
            .map(|split| (split, self.get(split)))
    }

    /// One split; [`Split::All`] stands for the training faces, because splits are apart here.
    #[must_use]
    pub fn get(&self, split: Split) -> &DataSet {
        match split {
            Split::Training | Split::All => &self.training,
            Split::PublicTest => &self.public_test,
            Split::PrivateTest => &self.private_test,
        }
    }

    /// One split, to be changed; see [`get`](Self::get).
    pub fn get_mut(&mut self, split: Split) -> &mut DataSet {
        match split {
            Split::Training | Split::All => &mut self.training,
            Split::PublicTest => &mut self.public_test,
            Split::PrivateTest => &mut self.private_test,
        }
    }

    /// The split that is asked for; without one [`Split::PublicTest`] where there is one, else all
    /// faces. Returns which it was as well.
    #[must_use]
    pub fn take(self, split: Option<Split>) -> (DataSet, Split) {
        let split = split.unwrap_or(if self.public_test.is_empty() {
            Split::All
        } else {
            Split::PublicTest
        });
        (self.into_split(split), split)
    }

    /// One split, or all faces together.
    #[must_use]
    pub fn into_split(self, split: Split) -> DataSet {
        match split {
            Split::Training => self.training,
            Split::PublicTest => self.public_test,
            Split::PrivateTest => self.private_test,
            Split::All => {
                let mut all = self.training;
                all.append(self.public_test);
                all.append(self.private_test);
                all
            }
        }
    }

    /// Leaves only the faces of some classes, which become the ones that are told apart, and says
    /// how many faces were removed.
    pub fn keep(&mut self, classes: &[Expression]) -> usize {
        let splits = [
            &mut self.training,
            &mut self.public_test,
            &mut self.private_test,
        ];
        splits.into_iter().map(|data| data.keep(classes)).sum()
    }

    /// Removes faces of all classes but the first `classes`, and says how many they were.
    pub fn retain_classes(&mut self, classes: usize) -> usize {
        let mut removed = 0;
        for data in [
            &mut self.training,
            &mut self.public_test,
            &mut self.private_test,
        ] {
            let is_known = |&index: &usize| data.labels()[index].index() < classes;
            let known: Vec<usize> = (0..data.len()).filter(is_known).collect();
            if known.len() < data.len() {
                removed += data.len() - known.len();
                *data = data.select(known.into_iter());
            }
        }
        removed
    }
}
