//! `mien export`: writes a model that can ship.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};
use mien_engine::card::ModelCard;
use mien_engine::nets::NetworkFile;
use mien_engine::plan::{Plan, WeightStorage};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::data_source::DataSource;
use super::{Failure, OrFail, Outcome, start};
use crate::agreement::agreement;
use crate::data::{DataConfig, Labels, VOTES_FILE};
use crate::files::write_atomically;
use crate::models::Model;
use crate::onnx;
use crate::report::{ModelReport, Release, ReleaseError};
use crate::train::{CHECKPOINT_FILE, Checkpoint, best_network, best_plan, weights};

/// Writes a run's best network as a model with its card, or a model anew with other storage; with
/// data its card is written anew too.
#[derive(Debug, Args)]
pub struct Export {
    /// A run's folder, the path of a .mien file, or the name of a shipped model.
    source: String,
    /// The .mien file to write; a run's card goes beside it. With the ending .safetensors a run is
    /// written as it was trained: networks that have no plan are written so.
    #[arg(long, required_unless_present = "onnx")]
    out: Option<PathBuf>,
    /// An ONNX file to write, for other runtimes: 32-bit floats. Input and outputs have the channels
    /// before rows and columns; the file's metadata say how pixels are normalised.
    #[arg(long, value_name = "FILE")]
    onnx: Option<PathBuf>,
    /// The model's name, for a run [default: the name of the file].
    #[arg(long)]
    name: Option<String>,
    /// Another run of the same network, or such a network in a .safetensors file: the weights are the
    /// mean of both runs' best (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").
    #[arg(long, value_name = "RUN|FILE")]
    mean_with: Option<PathBuf>,
    /// The data that the run saw, as for train.
    #[arg(long, env = "FER2013_CSV")]
    data: Option<PathBuf>,
    /// FER+'s votes, for runs that want them [default: fer2013new.csv beside the data].
    #[arg(long, env = "FERPLUS_CSV")]
    votes: Option<PathBuf>,
    /// Scores the private test split as well: once, when nothing is left to choose.
    #[arg(long)]
    private_test: bool,
    /// Existing folder that takes the run's report and training curves; a model's report there is
    /// renewed.
    #[arg(long)]
    reports: Option<PathBuf>,
    /// How the weights are stored.
    #[arg(long, value_enum, default_value_t = Storage::F16)]
    storage: Storage,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Storage {
    /// 16-bit floats.
    F16,
    /// Bytes with a scale for each channel.
    I8,
}

impl From<Storage> for WeightStorage {
    fn from(storage: Storage) -> Self {
        match storage {
            Storage::F16 => Self::F16,
            Storage::I8 => Self::I8,
        }
    }
}

impl Export {
    /// Writes the files and prints what was written, as JSON.
    pub fn run(self) -> Outcome {
        let folder = Path::new(&self.source);
        if folder.join(CHECKPOINT_FILE).exists() {
            let run = self.mean(start::checkpoint(&folder.join(CHECKPOINT_FILE))?)?;
            match &self.out {
                Some(out) if is_network_file(out) => write_network(&run, out),
                Some(out) => self.export_run(&run, out),
                None => {
                    let plan = best_plan(&run).ok_or(ReleaseError::NoPlan);
                    self.write_onnx(&plan.map_err(blame)?)
                }
            }
        } else {
            let model = Model::load(&self.source).or_user()?;
            match &self.out {
                Some(out) => self.export_model(&model, out),
                None => self.write_onnx(&model.plan),
            }
        }
    }

    /// The run with the weights that are asked for.
    fn mean(&self, run: Checkpoint) -> Outcome<Checkpoint> {
        let Some(path) = &self.mean_with else {
            return Ok(run);
        };
        let mean = if is_network_file(path) {
            let other = start::network(path, &start::read(path)?)?;
            run.mean_with(&other.config, &weights::read(&other.network))
        } else {
            let other = start::checkpoint(&path.join(CHECKPOINT_FILE))?;
            run.mean_with(&other.header.config.network, &other.best)
        };
        mean.with_context(|| {
            let path = path.display();
            format!("{path} is of another network; choose another --mean-with")
        })
        .or_user()
    }

    fn export_run(&self, run: &Checkpoint, out: &Path) -> Outcome {
        let data = self
            .data
            .clone()
            .context("give the data that the run saw with --data")
            .or_user()?;
        let source = DataSource {
            data,
            votes: self.votes.clone(),
        };
        let config = &run.header.config;
        let faces = source.prepare(&config.data, config.network.classes())?;
        let stem = out.file_stem().map(|stem| stem.to_string_lossy());
        let name = match (&self.name, stem) {
            (Some(name), _) => name.clone(),
            (None, Some(stem)) => stem.into_owned(),
            (None, None) => run.header.config.name.clone(),
        };
        let mut release = Release::new(run, &faces, &name, self.storage.into(), self.private_test)
            .map_err(blame)?;
        if let Some(other) = &self.mean_with {
            let name = other.file_name().unwrap_or_default().to_string_lossy();
            release.card.training.settings["mean_with"] = json!(name);
        }
        self.ask_voters(&mut release, &source)?;
        release.save(out).map_err(blame)?;
        if let Some(folder) = &self.reports {
            release.save_report(folder).map_err(blame)?;
        }
        self.write_onnx_of(&release.bytes)?;
        outln!(
            "{}",
            serde_json::to_string_pretty(&release.card).or_internal()?
        );
        Ok(())
    }

    fn export_model(&self, model: &Model, out: &Path) -> Outcome {
        if let (Some(card), Some(data)) = (&model.card, &self.data) {
            return self.score_again(&model.plan, card, data, out);
        }
        let bytes = model.plan.to_bytes(self.storage.into());
        write_atomically(out, &bytes).or_user()?;
        self.write_onnx_of(&bytes)?;
        let written = json!({
            "file": out,
            "bytes": bytes.len(),
            "sha256": format!("{:x}", Sha256::digest(&bytes)),
        });
        outln!("{written:#}");
        Ok(())
    }

    /// Writes the ONNX file, if one is asked for, with the weights as a .mien file holds them.
    fn write_onnx_of(&self, bytes: &[u8]) -> Outcome {
        if self.onnx.is_none() {
            return Ok(());
        }
        self.write_onnx(&Plan::from_bytes(bytes).or_internal()?)
    }

    fn write_onnx(&self, plan: &Plan) -> Outcome {
        let Some(path) = &self.onnx else {
            return Ok(());
        };
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let bytes = onnx::write_plan(plan, &stem).or_internal()?;
        write_atomically(path, &bytes).or_user()
    }

    /// Puts into the card how many voters share the answers, where there are votes.
    fn ask_voters(&self, release: &mut Release, source: &DataSource) -> Outcome {
        let beside = source.data.with_file_name(VOTES_FILE);
        let votes = self.votes.as_deref().unwrap_or(&beside);
        if self.votes.is_some() || votes.exists() {
            let plan = Plan::from_bytes(&release.bytes).or_internal()?;
            release.card.agreement = agreement(&plan, &source.data, votes).or_user()?;
        }
        Ok(())
    }

    /// Writes a model anew, with a card of new figures.
    fn score_again(&self, plan: &Plan, card: &ModelCard, data: &Path, out: &Path) -> Outcome {
        let source = DataSource {
            data: data.to_owned(),
            votes: self.votes.clone(),
        };
        let config = DataConfig {
            labels: run_labels(card),
            ..DataConfig::default()
        };
        let faces = source.prepare(&config, card.labels.len())?;
        let storage = self.storage.into();
        let mut release =
            Release::again(plan, card, &faces, storage, self.private_test).map_err(blame)?;
        self.ask_voters(&mut release, &source)?;
        release.save(out).map_err(blame)?;
        if let Some(folder) = &self.reports {
            // Only the report of before knows how the run went.
            let known = ModelReport::read_all(folder).or_user()?;
            let own = known
                .into_iter()
                .find(|report| report.model == release.card.name);
            release.history = own.map(|report| report.history).unwrap_or_default();
            release.save_report(folder).map_err(blame)?;
        }
        self.write_onnx_of(&release.bytes)?;
        outln!(
            "{}",
            serde_json::to_string_pretty(&release.card).or_internal()?
        );
        Ok(())
    }
}

/// Whether a file holds a network as it was trained, by its ending.
pub(super) fn is_network_file(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "safetensors")
}

/// Writes the network of a run as it was trained, in 16 bits.
pub(super) fn write_network(run: &Checkpoint, out: &Path) -> Outcome {
    let config = &run.header.config;
    let network = NetworkFile {
        config: config.network.clone(),
        labels: config.labels(),
        network: best_network(run),
    };
    write_atomically(out, &network.to_bytes().or_internal()?).or_user()
}

/// Whose labels the run of a card learned from.
fn run_labels(card: &ModelCard) -> Labels {
    let labels = card.training.settings.pointer("/data/labels").cloned();
    // Cards of before there was a choice say nothing.
    labels
        .and_then(|labels| serde_json::from_value(labels).ok())
        .unwrap_or_default()
}

/// Other data and unwritable files can be mended; the rest is a defect of the network's export.
pub(super) fn blame(error: ReleaseError) -> Failure {
    match error {
        ReleaseError::NoPlan | ReleaseError::OtherData | ReleaseError::Write(_) => {
            Failure::User(error.into())
        }
        ReleaseError::Evaluate(_)
        | ReleaseError::Shape(_)
        | ReleaseError::Format(_)
        | ReleaseError::Json(_) => Failure::Internal(error.into()),
    }
}
