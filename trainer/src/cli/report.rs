//! `mien report`: regenerates what README and model cards show.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::Args;
use mien_engine::study_report::StudyReport;

use super::{Failure, OrFail, Outcome};
use crate::files::write_atomically;
use crate::report::{Document, ModelReport};
use crate::study;

/// The report on the systems of the studies.
const STUDIES: &str = "studies.json";

/// Regenerates every picture of reports and every table between markers in Markdown files from
/// the committed figures.
#[derive(Debug, Args)]
pub struct Report {
    /// Folder with the reports.
    #[arg(long, default_value = "reports")]
    reports: PathBuf,
    /// Markdown files with tables.
    #[arg(long = "document", default_value = "README.md")]
    documents: Vec<PathBuf>,
    /// Writes nothing; fails where something is not as it would be written.
    #[arg(long)]
    check: bool,
}

impl Report {
    /// Writes what has changed, and lists it on stdout.
    pub fn run(self) -> Outcome {
        let mut files = Vec::new();
        for report in ModelReport::read_all(&self.reports).or_user()? {
            files.extend(report.pictures(&self.reports));
        }
        for path in &self.documents {
            let document = Document::read(path).or_user()?;
            files.push((path.clone(), document.filled(&self.reports).or_user()?));
        }
        let studies = self.reports.join(STUDIES);
        if studies.exists() {
            let text = fs::read_to_string(&studies).or_user()?;
            let report: StudyReport = serde_json::from_str(&text)
                .with_context(|| format!("{} is damaged", studies.display()))
                .or_user()?;
            files.push((studies.with_extension("md"), study::markdown(&report)));
            files.push((studies.with_extension("svg"), study::graph(&report)));
        }
        let mut stale = 0;
        for (path, text) in files {
            if fs::read(&path).is_ok_and(|old| old == text.as_bytes()) {
                continue;
            }
            stale += 1;
            outln!("{}", path.display());
            if !self.check {
                write_atomically(&path, text.as_bytes()).or_user()?;
            }
        }
        if self.check && stale > 0 {
            return Err(Failure::User(anyhow!(
                "{stale} files are not what their reports say; run mien report"
            )));
        }
        Ok(())
    }
}
