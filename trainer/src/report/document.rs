//! Pictures and tables that follow from committed reports alone.
//!
//! A table stands in a Markdown file between `<!-- NAME of REPORT -->` and `<!-- end -->`, where
//! `NAME` is `splits` (the figures of each split), `classes` (the error rate of each class on the
//! last split), `agreement` (how many people see what models say), `seeds` (how far runs lie apart
//! that differ in their seeds), `members` (those of an ensemble), `scenes` (faces found in larger
//! pictures), `ablation` or `benches`, and `REPORT` a file of the reports' folder without its ending;
//! for `agreement`, `seeds` and `scenes` several, with spaces between.

use std::fs;
use std::path::{Path, PathBuf};

use mien_engine::card::{AgreementCard, SplitEvaluation};
use serde::Deserialize;
use thiserror::Error;

use super::confusion::percent;
use super::{BenchReport, class_table, confusion, curves};
use crate::robustness::InScenes;
use crate::teacher::EnsembleReport;
use crate::train::{AblationReport, EpochRecord, mean_and_deviation};

/// Begins and ends the name of a table.
const OPEN: &str = "<!-- ";
const CLOSE: &str = " -->";
/// Ends a table.
const END: &str = "<!-- end -->";

/// A model's committed report, as [`Release::save_report`](super::Release::save_report) writes it.
#[derive(Clone, Debug, Deserialize)]
pub struct ModelReport {
    /// The model's name.
    pub model: String,
    /// How good it is, by split.
    pub evaluations: Vec<SplitEvaluation>,
    /// How many people see what it says.
    #[serde(default)]
    pub agreement: Option<AgreementCard>,
    /// Every epoch of its run.
    pub history: Vec<EpochRecord>,
}

/// Why a report or a document cannot be used.
#[derive(Debug, Error)]
pub enum DocumentError {
    /// A file does not exist or cannot be read.
    #[error("cannot read {}; check the path", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A report is not what the table wants.
    #[error("{} is not such a report; write it again with mien export, teach, ablate or robustness", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// A table begins and does not end, or has a name that nothing is known about.
    #[error("{}: there is no table {name:?}, or no {END:?} behind it", path.display())]
    Marker {
        /// The file.
        path: PathBuf,
        /// What stands in the marker.
        name: String,
    },
}

impl ModelReport {
    /// Reads the reports of models in a folder, by name; other files are passed over.
    pub fn read_all(folder: &Path) -> Result<Vec<Self>, DocumentError> {
        let read_error = |source| DocumentError::Read {
            path: folder.to_owned(),
            source,
        };
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(read_error)? {
            let path = entry.map_err(read_error)?.path();
            if path.extension().is_some_and(|ending| ending == "json") {
                paths.push(path);
            }
        }
        paths.sort();
        let mut reports = Vec::new();
        for path in paths {
            let value: serde_json::Value = parse(&path)?;
            if value.get("model").is_some() && value.get("history").is_some() {
                reports.push(parse(&path)?);
            }
        }
        Ok(reports)
    }

    /// The pictures with the paths where they belong: training curves, and the confusion matrix of
    /// the last split that was scored.
    #[must_use]
    pub fn pictures(&self, folder: &Path) -> Vec<(PathBuf, String)> {
        let path = |kind: &str| folder.join(format!("{}-{kind}.svg", self.model));
        let mut pictures = vec![(path("curves"), curves(&self.model, &self.history))];
        if let Some(last) = self.evaluations.last() {
            let title = format!("{} on {}", self.model, last.split);
            pictures.push((path("confusion"), confusion(&title, &last.evaluation)));
        }
        pictures
    }

    fn split_table(&self) -> String {
        let mut table =
            "| split | faces | top-1 | top-2 | balanced | macro F1 | calibration error |\n\
                         | --- | --- | --- | --- | --- | --- | --- |\n"
                .to_owned();
        for scored in &self.evaluations {
            let figures = &scored.evaluation;
            let shares = [
                figures.accuracy,
                figures.top2_accuracy,
                figures.balanced_accuracy,
                figures.macro_f1,
                figures.expected_calibration_error,
            ];
            let cells = shares.map(|share| percent(Some(share))).join(" | ");
            let faces = figures.samples.to_string();
            table += &["| ", &[&*scored.split, &faces, &cells].join(" | "), " |\n"].concat();
        }
        table
    }

    fn agreement_row(&self) -> Option<String> {
        let agreement = self.agreement.as_ref()?;
        let shares = [agreement.share_of_votes, agreement.strange];
        let [votes, strange] = shares.map(|share| percent(Some(share)));
        let (split, faces) = (&agreement.split, agreement.faces);
        Some(format!(
            "| {} | {split} | {faces} | {votes} | {strange} |\n",
            self.model
        ))
    }

    fn class_table(&self) -> String {
        let last = self.evaluations.last();
        last.map(|scored| class_table(&scored.evaluation))
            .unwrap_or_default()
    }
}

/// A Markdown file with tables between markers.
#[derive(Clone, Debug)]
pub struct Document {
    path: PathBuf,
    text: String,
}

impl Document {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, DocumentError> {
        let text = fs::read_to_string(path).map_err(|source| DocumentError::Read {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
            text,
        })
    }

    /// The text with every table made anew from the reports in a folder.
    pub fn filled(&self, reports: &Path) -> Result<String, DocumentError> {
        let mut filled = String::new();
        let mut rest = self.text.as_str();
        while let Some((before, name, after)) = next_marker(rest) {
            let unknown = || DocumentError::Marker {
                path: self.path.clone(),
                name: name.to_owned(),
            };
            let (kind, report) = name.split_once(" of ").ok_or_else(unknown)?;
            let path = reports.join(report).with_extension("json");
            let table = match kind {
                "splits" => parse::<ModelReport>(&path)?.split_table(),
                "classes" => parse::<ModelReport>(&path)?.class_table(),
                "agreement" => agreement_table(reports, report)?,
                "seeds" => seeds_table(reports, report)?,
                "scenes" => InScenes::table(&parse_each(reports, report)?),
                "members" => parse::<EnsembleReport>(&path)?.table(),
                "ablation" => parse::<AblationReport>(&path)?.table(),
                "benches" => parse::<BenchReport>(&path)?.table(),
                _ => return Err(unknown()),
            };
            let (_, behind) = after.split_once(END).ok_or_else(unknown)?;
            filled += before;
            filled += &[OPEN, name, CLOSE, "\n", &table, END].concat();
            rest = behind;
        }
        Ok(filled + rest)
    }
}

/// What voters say to the answers of the models that are named with spaces between.
fn agreement_table(reports: &Path, names: &str) -> Result<String, DocumentError> {
    let mut table = "| model | split | faces | votes for its answer | at most one of ten |\n\
                     | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for report in parse_each::<ModelReport>(reports, names)? {
        table += &report.agreement_row().unwrap_or_default();
    }
    Ok(table)
}

/// The share of recognised faces in each of the runs that are named with spaces between, their mean
/// and their standard deviation, by split.
fn seeds_table(reports: &Path, names: &str) -> Result<String, DocumentError> {
    let runs: Vec<ModelReport> = parse_each(reports, names)?;
    let mut table = "| split | top-1 of each run | mean | standard deviation |\n\
                     | --- | --- | --- | --- |\n"
        .to_owned();
    let splits = runs.first().map_or(&[][..], |run| &run.evaluations);
    for SplitEvaluation { split, .. } in splits {
        let shares: Vec<f64> = (runs.iter().flat_map(|run| &run.evaluations))
            .filter(|scored| scored.split == *split)
            .map(|scored| scored.evaluation.accuracy)
            .collect();
        let (mean, deviation) = mean_and_deviation(&shares);
        let each: Vec<String> = shares.iter().map(|&share| percent(Some(share))).collect();
        let cells = [each.join(", "), percent(Some(mean)), percent(deviation)];
        table += &["| ", split, " | ", &cells.join(" | "), " |\n"].concat();
    }
    Ok(table)
}

/// What stands before the next table's marker, the marker's name, and what follows it.
fn next_marker(text: &str) -> Option<(&str, &str, &str)> {
    let start = text.find(OPEN)?;
    let (name, after) = text[start + OPEN.len()..].split_once(CLOSE)?;
    Some((&text[..start], name, after))
}

/// The reports that are named with spaces between.
fn parse_each<T: serde::de::DeserializeOwned>(
    reports: &Path,
    names: &str,
) -> Result<Vec<T>, DocumentError> {
    let names = names.split_whitespace();
    names
        .map(|name| parse(&reports.join(name).with_extension("json")))
        .collect()
}

fn parse<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, DocumentError> {
    let bytes = fs::read(path).map_err(|source| DocumentError::Read {
        path: path.to_owned(),
        source,
    })?;
    serde_json::from_slice(&bytes).map_err(|source| DocumentError::Parse {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use mien_engine::metrics::{Evaluation, Predictions};

    use super::*;

    fn document(text: &str) -> Document {
        Document {
            path: PathBuf::from("README.md"),
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_table_is_made_anew_between_its_markers() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let report = AblationReport::new(3, &[]);
        let json = serde_json::to_string(&report).expect("plain figures");
        fs::write(folder.path().join("tiny.json"), json).expect("a writable folder");
        let text = "# Title\n\n<!-- ablation of tiny -->\nold\n<!-- end -->\n\nafter\n";
        let filled = document(text).filled(folder.path()).expect("a table");
        assert!(filled.starts_with("# Title\n\n<!-- ablation of tiny -->\n| variant |"));
        assert!(filled.ends_with("| --- |\n<!-- end -->\n\nafter\n"));
        let again = document(&filled).filled(folder.path()).expect("a table");
        assert_eq!(again, filled);
    }

    #[test]
    fn seeds_are_set_beside_each_other_by_split() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let labels = ["happy", "sad"].map(str::to_owned);
        for (name, answers) in [("a", [1.0, 0.0]), ("b", [0.0, 1.0])] {
            // One face is right in either run; of the other, in the second only.
            let logits = vec![1.0, 0.0, answers[0], answers[1]];
            let predictions = Predictions::new(logits, vec![0, 1], 2).expect("two faces");
            let scored = SplitEvaluation {
                split: "private-test".to_owned(),
                evaluation: Evaluation::new(&predictions, &labels),
            };
            let report = serde_json::json!({
                "model": name,
                "evaluations": [scored],
                "history": [],
            });
            let path = folder.path().join(name).with_extension("json");
            fs::write(path, report.to_string()).expect("a writable folder");
        }
        let text = "<!-- seeds of a b -->\n<!-- end -->\n";
        let filled = document(text).filled(folder.path()).expect("a table");
        let row = "| private-test | 50.0 %, 100.0 % | 75.0 % | 35.4 % |";
        assert!(filled.contains(row), "{filled}");
    }

    #[test]
    fn unknown_tables_and_missing_ends_are_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for text in ["<!-- weather of today -->\n<!-- end -->", "<!-- splits -->"] {
            let error = document(text).filled(folder.path());
            assert!(matches!(error, Err(DocumentError::Marker { .. })), "{text}");
        }
        let error = document("<!-- splits of missing -->\n<!-- end -->").filled(folder.path());
        assert!(matches!(error, Err(DocumentError::Read { .. })));
    }
}
