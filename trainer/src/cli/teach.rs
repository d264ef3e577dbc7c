//! `mien teach`: an ensemble's worth, and its soft labels.

use std::path::PathBuf;

use clap::Args;
use mien_engine::metrics::Evaluation;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{OrFail, Outcome, progress};
use crate::data::{self, DataSet};
use crate::models::{Model, class_names};
use crate::teacher::{Ensemble, Member, TeacherConfig, mixture, mixture_weights, teach};

/// Weighs the members of an ensemble on the public test split, scores it, and writes its soft
/// labels.
#[derive(Debug, Args)]
pub struct Teach {
    /// The ensemble: a TOML file, as in trainer/teachers.
    ensemble: PathBuf,
    /// FER2013's CSV, plain or gzip.
    #[arg(long, env = "FER2013_CSV")]
    data: PathBuf,
    /// File that takes the soft labels of the training split; without it they are not made.
    #[arg(long)]
    labels: Option<PathBuf>,
    /// Scores the private test split as well: once, when nothing is left to choose.
    #[arg(long)]
    private_test: bool,
}

/// What is printed.
#[derive(Serialize)]
struct Report {
    name: String,
    averaged_over: &'static str,
    weights_chosen_on: &'static str,
    splits: Vec<SplitReport>,
}

/// The figures on one split.
#[derive(Serialize)]
struct SplitReport {
    split: &'static str,
    members: Vec<MemberReport>,
    evaluation: Evaluation,
}

/// A member and its share of recognised faces.
#[derive(Serialize)]
struct MemberReport {
    #[serde(flatten)]
    member: Member,
    accuracy: f64,
}

impl Teach {
    /// Prints the figures as JSON; progress goes to stderr.
    pub fn run(self) -> Outcome {
        let config = TeacherConfig::read(&self.ensemble).or_user()?;
        let mut members = Vec::new();
        for path in &config.members {
            let model = Model::load(&path.to_string_lossy()).or_user()?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            let member = Member {
                name: name.into_owned(),
                sha256: format!("{:x}", Sha256::digest(&model.bytes)),
                weight: 0.0,
            };
            members.push((member, model.plan));
        }
        let mut ensemble = Ensemble::new(members).or_user()?;
        let fer = data::read_fer2013(&self.data).or_user()?;

        let predictions = ensemble.predictions(&fer.public_test).or_user()?;
        ensemble.weigh(&mixture_weights(&predictions));
        let mut splits = vec![score(&mut ensemble, "public-test", &fer.public_test)?];
        if self.private_test {
            splits.push(score(&mut ensemble, "private-test", &fer.private_test)?);
        }
        if let Some(path) = &self.labels {
            let bar = progress::bar(config.views * fer.training.len(), "views of faces");
            let labels = teach(
                &config,
                ensemble.members().to_vec(),
                ensemble.classes(),
                &fer.training,
                |pixels| ensemble.probabilities(pixels),
                |done| bar.set_position(done as u64),
            )
            .or_user()?;
            bar.finish_and_clear();
            labels.save(path).or_user()?;
        }
        let report = Report {
            name: config.name,
            averaged_over: "each face and its mirror image",
            weights_chosen_on: "public-test",
            splits,
        };
        outln!("{}", serde_json::to_string_pretty(&report).or_internal()?);
        Ok(())
    }
}

fn score(
    ensemble: &mut Ensemble,
    split: &'static str,
    data: &DataSet,
) -> Result<SplitReport, super::Failure> {
    let predictions = ensemble.predictions(data).or_user()?;
    let weights: Vec<f64> = ensemble.members().iter().map(|m| m.weight).collect();
    let mixed = mixture(&predictions, &weights).or_internal()?;
    let members = ensemble.members().iter().zip(&predictions);
    Ok(SplitReport {
        split,
        members: members
            .map(|(member, predictions)| MemberReport {
                member: member.clone(),
                accuracy: predictions.accuracy(),
            })
            .collect(),
        evaluation: Evaluation::new(&mixed, &class_names(mixed.classes())),
    })
}
