//! `mien data`: about data sets.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use mien_engine::expression::Expression;

use super::data_source::{DataSource, LabelsArg};
use super::{OrFail, Outcome};
use crate::data::{self, DataConfig, Inspection};

/// Says what a data set consists of.
#[derive(Debug, Args)]
pub struct Data {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Inspect(Inspect),
}

/// Counts faces by split and class, exact and near duplicates within and across splits, and
/// duplicates whose labels differ.
#[derive(Debug, Args)]
struct Inspect {
    #[command(flatten)]
    source: DataSource,
    /// Whose labels count.
    #[arg(long, value_enum, default_value_t = LabelsArg::Own)]
    labels: LabelsArg,
    /// Writes the data set in FER2013's layout to this file, without the training faces that are
    /// also, exactly or nearly, in another split.
    #[arg(long, value_name = "CSV")]
    drop_cross_split: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

impl Data {
    /// Prints to stdout.
    pub fn run(self) -> Outcome {
        match self.verb {
            Verb::Inspect(command) => command.run(),
        }
    }
}

impl Inspect {
    fn run(self) -> Outcome {
        let config = DataConfig {
            labels: self.labels.into(),
            ..DataConfig::default()
        };
        let classes = Expression::FERPLUS.len();
        let mut splits = self.source.prepare(&config, classes)?;
        let inspection = Inspection::new(&splits);
        if self.json {
            outln!(
                "{}",
                serde_json::to_string_pretty(&inspection).or_internal()?
            );
        } else {
            print(&inspection);
        }
        if let Some(path) = &self.drop_cross_split {
            let dropped = data::drop_cross_split(&mut splits);
            data::write_fer2013(path, &splits).or_user()?;
            eprintln!(
                "wrote {} without {dropped} training faces that other splits hold too",
                path.display()
            );
        }
        Ok(())
    }
}

fn print(inspection: &Inspection) {
    out!("{:14}{:>8}", "split", "faces");
    for class in Expression::FERPLUS {
        out!("{:>9}", class.name());
    }
    outln!();
    for split in &inspection.splits {
        out!("{:14}{:>8}", split.split, split.faces);
        for class in Expression::FERPLUS {
            out!("{:>9}", split.classes[class.name()]);
        }
        outln!();
    }
    outln!("\n{:34}{:>8}{:>8}", "duplicates", "exact", "near");
    let [exact, near] = [&inspection.exact, &inspection.near];
    for (name, exact, near) in [
        ("groups of faces", exact.groups, near.groups),
        ("faces beyond the first", exact.faces, near.faces),
        (
            "groups over several splits",
            exact.across_splits,
            near.across_splits,
        ),
        (
            "  training faces in them",
            exact.training_faces_across_splits,
            near.training_faces_across_splits,
        ),
        (
            "groups with different labels",
            exact.label_conflicts,
            near.label_conflicts,
        ),
    ] {
        outln!("{name:34}{exact:>8}{near:>8}");
    }
}
