//! `mien predict`: reads the expressions in photos.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;
use mien_engine::detect::DetectOptions;
use mien_engine::pipeline::{Engine, FaceReading};
use mien_engine::report::{FaceReport, Outcome as PhotoOutcome, PhotoReport};

use super::engine::Models;
use super::{Failure, OrFail, Outcome, progress};
use crate::photo::read_photo;

/// Finds the faces in photos and says what their expressions resemble.
#[derive(Debug, Args)]
pub struct Predict {
    /// PNG, JPEG, GIF, WebP or BMP files.
    #[arg(required = true)]
    photos: Vec<PathBuf>,
    #[command(flatten)]
    models: Models,
    /// Prints a JSON array with one entry a photo.
    #[arg(long)]
    json: bool,
}

impl Predict {
    /// Reads the photos one after the other, results on stdout. A photo that cannot be read does
    /// not keep the others from being read.
    pub fn run(self) -> Outcome {
        let mut engine = self.models.load()?;
        let bar = progress::bar(self.photos.len(), "photos");
        let mut reports = Vec::with_capacity(self.photos.len());
        for path in &self.photos {
            reports.push(report(&mut engine, path));
            bar.inc(1);
        }
        bar.finish_and_clear();
        if self.json {
            outln!("{}", serde_json::to_string_pretty(&reports).or_internal()?);
        } else {
            reports.iter().for_each(print);
        }
        let failed = reports
            .iter()
            .filter(|report| matches!(report.outcome, PhotoOutcome::Failed { .. }))
            .count();
        if failed > 0 {
            let all = reports.len();
            return Err(Failure::User(anyhow!("{failed} of {all} photos failed")));
        }
        Ok(())
    }
}

fn report(engine: &mut Engine, path: &Path) -> PhotoReport {
    let outcome = match read(engine, path) {
        Ok((width, height, faces)) => PhotoOutcome::Read {
            width,
            height,
            faces: faces.iter().map(FaceReport::from).collect(),
        },
        Err(error) => PhotoOutcome::Failed {
            error: format!("{error:#}"),
        },
    };
    PhotoReport {
        photo: path.display().to_string(),
        outcome,
    }
}

fn read(engine: &mut Engine, path: &Path) -> anyhow::Result<(usize, usize, Vec<FaceReading>)> {
    let photo = read_photo(path)?;
    let faces = pollster::block_on(engine.analyze(&photo, &DetectOptions::PHOTO))?;
    Ok((photo.width(), photo.height(), faces))
}

fn print(report: &PhotoReport) {
    let name = &report.photo;
    let (width, height, faces) = match &report.outcome {
        PhotoOutcome::Failed { error } => return outln!("{name}: {error}"),
        PhotoOutcome::Read {
            width,
            height,
            faces,
        } => (width, height, faces),
    };
    let found = match faces.len() {
        0 => "no face found".to_owned(),
        1 => "1 face".to_owned(),
        count => format!("{count} faces"),
    };
    outln!("{name} ({width} x {height}): {found}");
    for (index, face) in faces.iter().enumerate() {
        let bounds = &face.bounds;
        outln!(
            "  {:>3}  {:>4.0} x {:<4.0} at {:>4.0}, {:<4.0}  {} {} ({:.1} %)",
            index + 1,
            bounds.width,
            bounds.height,
            bounds.x,
            bounds.y,
            if face.uncertain {
                "uncertain, most like"
            } else {
                "resembles"
            },
            face.label.name(),
            100.0 * face.confidence,
        );
    }
}
