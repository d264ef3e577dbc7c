//! `mien evaluate`: how good a model is on a data set.

use clap::Args;
use mien_engine::metrics::Evaluation;
use serde::Serialize;

use super::data_source::SplitSource;
use super::{OrFail, Outcome, progress};
use crate::average::{self, Average};
use crate::evaluate::Reader;
use crate::models::{DEFAULT_CLASSIFIER, Model};

/// Prints accuracy, figures of each class, confusion matrix and calibration of a model.
#[derive(Debug, Args)]
pub struct Evaluate {
    /// Path of a .mien file, or name of a shipped model.
    #[arg(long, default_value = DEFAULT_CLASSIFIER)]
    model: String,
    #[command(flatten)]
    faces: SplitSource,
    /// Averages the answers over views of each face: flip takes its mirror image too, ten-crop also
    /// four small shifts.
    #[arg(long, value_enum)]
    average: Option<Average>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    model: &'a str,
    data: String,
    split: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    average: Option<Average>,
    #[serde(flatten)]
    evaluation: &'a Evaluation,
}

impl Evaluate {
    /// Evaluates, with progress on stderr and the figures on stdout.
    pub fn run(self) -> Outcome {
        let model = Model::load(&self.model).or_user()?;
        let mut reader = Reader::of_plan(model.plan.clone()).or_user()?;
        let (data, split) = self.faces.read(reader.classes())?;
        let bar = progress::bar(data.len(), "faces");
        let tell = |done| bar.set_position(done as u64);
        let predictions = match self.average {
            Some(average) => average::predict(&mut reader, &data, average, tell),
            None => reader.predict(&data, tell),
        }
        .or_user()?;
        bar.finish_and_clear();
        let evaluation = Evaluation::new(&predictions, &model.labels());
        if self.json {
            let report = Report {
                model: &self.model,
                data: self.faces.source.data.display().to_string(),
                split: split.to_string(),
                average: self.average,
                evaluation: &evaluation,
            };
            outln!("{}", serde_json::to_string_pretty(&report).or_internal()?);
        } else {
            outln!("{} on {split}, {} faces", self.model, evaluation.samples);
            print(&evaluation);
        }
        Ok(())
    }
}

fn print(evaluation: &Evaluation) {
    for (name, share) in [
        ("accuracy", evaluation.accuracy),
        ("top-2 accuracy", evaluation.top2_accuracy),
        ("balanced accuracy", evaluation.balanced_accuracy),
        ("macro F1", evaluation.macro_f1),
        ("calibration error", evaluation.expected_calibration_error),
    ] {
        outln!("{name:18}{}", percent(Some(share)));
    }
    outln!(
        "\n{:10}{:>8}{:>8}{:>11}{:>8}",
        "class",
        "faces",
        "recall",
        "precision",
        "F1"
    );
    for class in &evaluation.classes {
        outln!(
            "{:10}{:>8}{:>8}{:>11}{:>8}",
            class.label,
            class.samples,
            percent(class.recall),
            percent(class.precision),
            percent(class.f1),
        );
    }
    outln!("\nconfusion matrix (rows: truth, columns: prediction)");
    out!("{:10}", "");
    for class in &evaluation.classes {
        out!("{:>9}", class.label);
    }
    outln!();
    for (class, row) in evaluation.classes.iter().zip(evaluation.confusion.counts()) {
        out!("{:10}", class.label);
        for count in row {
            out!("{count:>9}");
        }
        outln!();
    }
}

fn percent(share: Option<f64>) -> String {
    match share {
        Some(share) => format!("{:.2}%", 100.0 * share),
        None => "-".to_owned(),
    }
}
