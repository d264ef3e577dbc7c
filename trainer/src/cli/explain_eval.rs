//! `mien explain-eval`: how faithful the explanations are.

use std::path::PathBuf;

use clap::Args;
use mien_engine::explain::faithfulness::{FaithfulnessReport, Interval, Row};

use super::engine::load_detector;
use super::{OrFail, Outcome, progress};
use crate::data::{self, DataError, Split};
use crate::explain_eval::{SEED, STEPS, evaluate};
use crate::files::write_atomically;
use crate::models::{DEFAULT_CLASSIFIER, DETECTOR, Model};

/// Measures how faithful each explanation method is, beside random and centre maps.
#[derive(Debug, Args)]
pub struct ExplainEval {
    /// Path of a .mien file, or name of a shipped model.
    #[arg(long, default_value = DEFAULT_CLASSIFIER)]
    model: String,
    /// Path of a face detector, or name of a shipped one.
    #[arg(long, default_value = DETECTOR)]
    detector: String,
    /// FER2013's CSV, plain or gzip, or a folder with one subfolder per class.
    #[arg(long, env = "FER2013_CSV")]
    data: PathBuf,
    /// training, public-test, private-test or all [default: public-test, all for a folder].
    #[arg(long, value_parser = parse_split)]
    split: Option<Split>,
    /// How many faces to use, evenly spread.
    #[arg(long, default_value_t = 500)]
    limit: usize,
    /// Where to write the report.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

fn parse_split(text: &str) -> Result<Split, DataError> {
    text.parse()
}

impl ExplainEval {
    /// Measures, with progress on stderr and the table on stdout.
    pub fn run(self) -> Outcome {
        let model = Model::load(&self.model).or_user()?;
        let mut detector = load_detector(&self.detector)?;
        let (data, split) = data::load(&self.data, self.split).or_user()?;
        let faces = self.limit.min(data.len());
        let bar = progress::bar(faces, "faces");
        let rows = evaluate(&model.plan, &mut detector, &data, faces, || bar.inc(1));
        let rows = rows.or_user()?;
        bar.finish_and_clear();
        let report = FaithfulnessReport {
            model: match &model.card {
                Some(card) => card.name.clone(),
                None => self.model.clone(),
            },
            data: file_name(&self.data),
            split: split.to_string(),
            faces,
            steps: STEPS,
            seed: SEED,
            rows,
        };
        let text = serde_json::to_string_pretty(&report).or_internal()? + "\n";
        if let Some(out) = &self.out {
            write_atomically(out, text.as_bytes()).or_user()?;
            eprintln!("wrote {}", out.display());
        }
        if self.json {
            out!("{text}");
        } else {
            print(&report);
        }
        Ok(())
    }
}

/// A path's last part: reports do not tell where data lie on a machine.
fn file_name(path: &std::path::Path) -> String {
    path.file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn print(report: &FaithfulnessReport) {
    let FaithfulnessReport {
        model,
        split,
        faces,
        ..
    } = report;
    outln!("{model} on {split}, {faces} faces; means and 95 % intervals");
    outln!(
        "{:28}{:>22}{:>22}{:>10}{:>11}{:>12}  verdict",
        "method",
        "deletion (less)",
        "insertion (more)",
        "pointing",
        "stability",
        "randomised"
    );
    for row in &report.rows {
        let figures = &row.figures;
        outln!(
            "{:28}{:>22}{:>22}{:>10.2}{:>11.2}{:>12.2}  {}",
            row.name,
            with_interval(&figures.deletion),
            with_interval(&figures.insertion),
            figures.pointing.mean,
            figures.stability.mean,
            figures.likeness_to_randomised.mean,
            verdict(row),
        );
    }
}

fn with_interval(interval: &Interval) -> String {
    let Interval { mean, low, high } = interval;
    format!("{mean:.3} ({low:.3}-{high:.3})")
}

/// What a method fails, if anything.
fn verdict(row: &Row) -> String {
    let Some(verdict) = row.verdict else {
        return "knows nothing".to_owned();
    };
    let checks = [
        (verdict.deletes_better, "deletion"),
        (verdict.inserts_better, "insertion"),
        (verdict.needs_the_network, "randomised weights"),
    ];
    let failed: Vec<&str> = checks
        .iter()
        .filter(|(is_passed, _)| !is_passed)
        .map(|(_, name)| *name)
        .collect();
    if failed.is_empty() {
        "passed".to_owned()
    } else {
        format!("failed: {}", failed.join(", "))
    }
}
