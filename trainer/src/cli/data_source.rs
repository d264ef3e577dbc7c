//! Where faces come from.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{OrFail, Outcome};
use crate::data::{self, DataConfig, DataError, DataSet, Labels, Split, Splits};

/// The data set of a run.
#[derive(Clone, Debug, Args)]
pub struct DataSource {
    /// FER2013's CSV, plain or gzip, a table with the header path,label,split, or a folder with one
    /// subfolder per class.
    #[arg(long, env = "FER2013_CSV")]
    pub data: PathBuf,
    /// FER+'s votes, for runs that want them [default: fer2013new.csv beside the data].
    #[arg(long, env = "FERPLUS_CSV")]
    pub votes: Option<PathBuf>,
}

/// Whose labels count.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LabelsArg {
    /// Those of the data set.
    Own,
    /// Classes with a majority of FER+'s votes.
    FerplusMajority,
    /// Training faces with a distribution of FER+'s votes.
    FerplusDistribution,
}

/// A split of a data set, and whose labels count in it.
#[derive(Clone, Debug, Args)]
pub struct SplitSource {
    #[command(flatten)]
    pub source: DataSource,
    /// Whose labels count.
    #[arg(long, value_enum, default_value_t = LabelsArg::Own)]
    pub labels: LabelsArg,
    /// training, public-test, private-test or all [default: public-test, all for a folder].
    #[arg(long, value_parser = parse_split)]
    pub split: Option<Split>,
}

fn parse_split(text: &str) -> Result<Split, DataError> {
    text.parse()
}

impl SplitSource {
    /// Reads the faces, at least one, for a network of so many classes.
    pub fn read(&self, classes: usize) -> Outcome<(DataSet, Split)> {
        let config = DataConfig {
            labels: self.labels.into(),
            ..DataConfig::default()
        };
        let (data, split) = self.source.prepare(&config, classes)?.take(self.split);
        if data.is_empty() {
            let path = self.source.data.clone();
            return Err(DataError::NoFaces { path, split }).or_user();
        }
        Ok((data, split))
    }
}

impl From<LabelsArg> for Labels {
    fn from(labels: LabelsArg) -> Self {
        match labels {
            LabelsArg::Own => Self::Own,
            LabelsArg::FerplusMajority => Self::FerPlusMajority,
            LabelsArg::FerplusDistribution => Self::FerPlusDistribution,
        }
    }
}

impl DataSource {
    /// Reads the faces as a run wants them, and says on stderr what was left out for that.
    /// `classes` is how many the network has.
    pub fn prepare(&self, config: &DataConfig, classes: usize) -> Outcome<Splits> {
        let prepared =
            data::prepare(&self.data, self.votes.as_deref(), config, classes).or_user()?;
        for (count, why) in [
            (
                prepared.foreign,
                "faces of classes that the network does not have",
            ),
            (
                prepared.repeated,
                "training faces that other splits hold too",
            ),
        ] {
            if count > 0 {
                eprintln!("left out {count} {why}");
            }
        }
        Ok(prepared.splits)
    }
}
