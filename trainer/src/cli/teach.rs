//! `mien teach`: an ensemble's worth, and its soft labels.

use std::path::{Path, PathBuf};

use clap::Args;
use mien_engine::metrics::{Evaluation, Predictions};
use sha2::{Digest, Sha256};

use super::data_source::DataSource;
use super::{OrFail, Outcome, export, progress, start};
use crate::evaluate::Reader;
use crate::models::{Model, class_names};
use crate::teacher::{
    Ensemble, EnsembleReport, Member, MemberReport, SplitReport, TeacherConfig, mixture,
    mixture_weights, teach,
};
use crate::train::{self, CHECKPOINT_FILE};

/// Weighs the members of an ensemble on the public test split, scores it, and writes its soft
/// labels.
#[derive(Debug, Args)]
pub struct Teach {
    /// The ensemble: a TOML file, as in trainer/teachers.
    ensemble: PathBuf,
    #[command(flatten)]
    source: DataSource,
    /// File that takes the soft labels of the training split; without it they are not made.
    #[arg(long)]
    labels: Option<PathBuf>,
    /// Scores the private test split as well: once, when nothing is left to choose.
    #[arg(long)]
    private_test: bool,
}

impl Teach {
    /// Prints the figures as JSON; progress goes to stderr.
    pub fn run(self) -> Outcome {
        let config = TeacherConfig::read(&self.ensemble).or_user()?;
        let members = config.members.iter().map(|path| member(path));
        let members = members.collect::<Outcome<Vec<_>>>()?;
        let mut ensemble = Ensemble::new(members, config.average).or_user()?;
        let faces = self.source.prepare(&config.data, ensemble.classes())?;

        let predictions = ensemble.predictions(&faces.public_test).or_user()?;
        ensemble.weigh(&mixture_weights(&predictions));
        let mut splits = vec![score(ensemble.members(), "public-test", &predictions)?];
        if self.private_test {
            let predictions = ensemble.predictions(&faces.private_test).or_user()?;
            splits.push(score(ensemble.members(), "private-test", &predictions)?);
        }
        if let Some(path) = &self.labels {
            let bar = progress::bar(config.views * faces.training.len(), "views of faces");
            let labels = teach(
                &config,
                ensemble.members().to_vec(),
                ensemble.classes(),
                &faces.training,
                |pixels| ensemble.probabilities(pixels),
                |done| bar.set_position(done as u64),
            )
            .or_user()?;
            bar.finish_and_clear();
            labels.save(path).or_user()?;
        }
        let report = EnsembleReport {
            name: config.name,
            averaged_over: config.average,
            weights_chosen_on: "public-test".to_owned(),
            splits,
        };
        outln!("{}", serde_json::to_string_pretty(&report).or_internal()?);
        Ok(())
    }
}

/// A member of no weight yet.
fn member(path: &Path) -> Outcome<(Member, Reader)> {
    let (bytes, reader) = if path.is_dir() {
        let path = path.join(CHECKPOINT_FILE);
        let bytes = start::read(&path)?;
        let run = start::checkpoint(&path)?;
        let classes = run.header.config.network.classes();
        (
            bytes,
            Reader::of_network(train::best_network(&run), classes),
        )
    } else if export::is_network_file(path) {
        let bytes = start::read(path)?;
        let file = start::network(path, &bytes)?;
        let classes = file.config.classes();
        (bytes, Reader::of_network(file.network, classes))
    } else {
        let model = Model::load(&path.to_string_lossy()).or_user()?;
        (model.bytes, Reader::of_plan(model.plan))
    };
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let member = Member {
        name: name.into_owned(),
        sha256: format!("{:x}", Sha256::digest(&bytes)),
        weight: 0.0,
    };
    Ok((member, reader.or_user()?))
}

/// The figures of weighed members and of all together, from what each says of a split.
fn score(members: &[Member], split: &str, predictions: &[Predictions]) -> Outcome<SplitReport> {
    let weights: Vec<f64> = members.iter().map(|member| member.weight).collect();
    let mixed = mixture(predictions, &weights).or_internal()?;
    Ok(SplitReport {
        split: split.to_owned(),
        members: (members.iter().zip(predictions))
            .map(|(member, predictions)| MemberReport {
                member: member.clone(),
                accuracy: predictions.accuracy(),
            })
            .collect(),
        evaluation: Evaluation::new(&mixed, &class_names(mixed.classes())),
    })
}
