//! `mien fairness`: whether a model serves groups of people alike.

use std::path::PathBuf;

use clap::Args;

use super::engine::{load_classifier, load_detector};
use super::{OrFail, Outcome, progress};
use crate::data::read_grouped;
use crate::fairness::{Column, SMALLEST_GROUP, read, report};
use crate::models::{DEFAULT_CLASSIFIER, DETECTOR};

/// Compares accuracy, recall and calibration between groups of people. FER2013 does not say who is
/// in its pictures; bring a table that does.
#[derive(Debug, Args)]
pub struct Fairness {
    /// A CSV with the columns path and label, and one or more that name groups, such as age.
    manifest: PathBuf,
    /// Path of a .mien file, or name of a shipped model.
    #[arg(long, default_value = DEFAULT_CLASSIFIER)]
    model: String,
    /// The images are photos: the largest face found in each counts. Without it they are faces.
    #[arg(long)]
    photos: bool,
    /// Path of a face detector, or name of a shipped one.
    #[arg(long, default_value = DETECTOR)]
    detector: String,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

impl Fairness {
    /// Measures, with progress on stderr and the figures on stdout.
    pub fn run(self) -> Outcome {
        let (mut classifier, _) = load_classifier(&self.model)?;
        let detector = self.photos.then(|| load_detector(&self.detector));
        let mut detector = detector.transpose()?;
        let table = read_grouped(&self.manifest).or_user()?;
        let bar = progress::bar(table.images.len(), "images");
        let readings = read(&table, &mut classifier, detector.as_mut(), || bar.inc(1));
        let readings = readings.or_user()?;
        bar.finish_and_clear();
        let labels: Vec<String> = classifier
            .classes()
            .iter()
            .map(|class| class.name().to_owned())
            .collect();
        let columns = report(&table, &readings, &labels).or_user()?;
        if self.json {
            outln!("{}", serde_json::to_string_pretty(&columns).or_internal()?);
        } else {
            columns.iter().for_each(print);
        }
        Ok(())
    }
}

fn print(column: &Column) {
    let percent = |share: f64| 100.0 * share;
    outln!("by {}", column.column);
    outln!(
        "{:24}{:>8}{:>9}{:>11}{:>18}{:>13}",
        "group",
        "images",
        "found",
        "accuracy",
        "95 % interval",
        "calibration"
    );
    for group in &column.groups {
        let [low, high] = group.accuracy_interval.map(percent);
        outln!(
            "{:24}{:>8}{:>8.1}%{:>10.1}%{:>18}{:>12.1}%",
            group.group,
            group.images,
            percent(group.found),
            percent(group.accuracy),
            format!("{low:.1} to {high:.1}"),
            percent(group.calibration_error)
        );
    }
    match &column.accuracy_gap {
        Some(gap) => outln!(
            "gap in accuracy: {:.1} points ({:.1} to {:.1})",
            percent(gap.mean),
            percent(gap.low),
            percent(gap.high)
        ),
        None => outln!("no gap: fewer than two groups of {SMALLEST_GROUP} faces"),
    }
    for (class, gap) in &column.recall_gaps {
        outln!("gap in the recall of {class}: {:.1} points", percent(*gap));
    }
    outln!();
}
