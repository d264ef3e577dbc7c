//! `mien data`: about data sets.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use mien_engine::expression::Expression;

use super::{OrFail, Outcome};
use crate::data::{self, Inspection, Split};

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

/// Counts faces by split and class, exact duplicates within and across splits, and duplicates
/// whose labels differ.
#[derive(Debug, Args)]
struct Inspect {
    /// FER2013's CSV, plain or gzip, or a folder with one subfolder per class.
    #[arg(long, env = "FER2013_CSV")]
    data: PathBuf,
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
        let inspection = if self.data.is_dir() {
            let all = data::read_folder(&self.data).or_user()?;
            Inspection::new(&[(Split::All, &all)])
        } else {
            let fer = data::read_fer2013(&self.data).or_user()?;
            Inspection::new(&[
                (Split::Training, &fer.training),
                (Split::PublicTest, &fer.public_test),
                (Split::PrivateTest, &fer.private_test),
            ])
        };
        if self.json {
            outln!(
                "{}",
                serde_json::to_string_pretty(&inspection).or_internal()?
            );
            return Ok(());
        }
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
        outln!("\nexact duplicates           {:>6}", inspection.duplicates);
        outln!(
            "groups of equal faces      {:>6}",
            inspection.duplicate_groups
        );
        outln!(
            "  over several splits      {:>6}",
            inspection.groups_across_splits
        );
        outln!(
            "  with different labels    {:>6}",
            inspection.groups_with_label_conflict
        );
        Ok(())
    }
}
