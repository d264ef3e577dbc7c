//! `mien fit-crop`: fits how a crop frames a face.

use std::path::PathBuf;

use clap::Args;
use mien_engine::crop::{FRAMING, Framing};
use serde::Serialize;

use super::engine::load_detector;
use super::{OrFail, Outcome, progress};
use crate::crop_fit::{self, CropFit, Surroundings};
use crate::data::{self, Split};
use crate::files::write_atomically;
use crate::models::DETECTOR;

/// Fits how a crop frames a face to how FER2013 frames its faces.
#[derive(Debug, Args)]
pub struct FitCrop {
    /// FER2013's CSV, plain or gzip; its Training faces are used.
    #[arg(long, env = "FER2013_CSV")]
    data: PathBuf,
    /// How many faces to use, evenly spread.
    #[arg(long, default_value_t = 2000)]
    limit: usize,
    /// Path of a face detector, or name of a shipped one.
    #[arg(long, default_value = DETECTOR)]
    detector: String,
    /// The report.
    #[arg(long, default_value = "reports/crop-fit.json")]
    out: PathBuf,
    /// Prints the report as well.
    #[arg(long)]
    json: bool,
}

/// The report: the framing to use, and the fits behind it.
#[derive(Serialize)]
struct Report {
    /// That of the first fit.
    framing: Framing,
    data: &'static str,
    fits: Vec<CropFit>,
}

impl FitCrop {
    /// Fits with both surroundings and writes the report.
    pub fn run(self) -> Outcome {
        let mut detector = load_detector(&self.detector)?;
        let (data, _) = data::load(&self.data, Some(Split::Training)).or_user()?;

        // The detector finds the most faces amid their mean, so that fit counts. The other shows
        // that it does not hang on the surroundings.
        let kinds = [Surroundings::Mean, Surroundings::Edge];
        let bar = progress::bar(kinds.len() * self.limit.min(data.len()), "faces");
        let mut fits = Vec::new();
        for kind in kinds {
            let fit = crop_fit::fit(&mut detector, &data, self.limit, kind, || bar.inc(1));
            fits.push(fit.or_user()?);
        }
        bar.finish_and_clear();

        let report = Report {
            framing: fits[0].framing,
            data: "FER2013 Training",
            fits,
        };
        let text = serde_json::to_string_pretty(&report).or_internal()? + "\n";
        write_atomically(&self.out, text.as_bytes()).or_user()?;
        if self.json {
            out!("{text}");
        }
        eprintln!("wrote {}", self.out.display());
        if report.framing != FRAMING {
            eprintln!(
                "the engine has another framing; set FRAMING in engine/src/crop.rs to {:?}",
                report.framing
            );
        }
        Ok(())
    }
}
