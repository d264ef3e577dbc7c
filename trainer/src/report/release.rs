//! From a run to a model that can ship.

use std::path::Path;

use mien_engine::card::{FileCard, ModelCard, SplitEvaluation, TrainingCard};
use mien_engine::metrics::Evaluation;
use mien_engine::plan::{FormatError, LayerKind, Plan, ShapeError, WeightStorage};
use serde_json::json;
use sha2::{Digest, Sha256};
use thiserror::Error;
use time::OffsetDateTime;

use super::curves;
use crate::data::{DataSet, Labels, Split, Splits};
use crate::evaluate::{self, EvaluateError};
use crate::files::{WriteError, write_atomically};
use crate::models::class_names;
use crate::train::{self, Checkpoint, EpochRecord};

/// A model that can ship, with all that is known about it.
#[derive(Clone, Debug)]
pub struct Release {
    /// The weights' file.
    pub bytes: Vec<u8>,
    /// What it is worth.
    pub card: ModelCard,
    /// Every epoch of its run.
    pub history: Vec<EpochRecord>,
}

/// Why a run does not make a model.
#[derive(Debug, Error)]
pub enum ReleaseError {
    /// The run saw other faces.
    #[error("the run was made with other data; give the same with --data")]
    OtherData,
    /// The model cannot be evaluated.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// The plan's layers do not fit together.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The model does not survive its own format.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A report cannot be written as JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

impl Release {
    /// The best epoch's network, with a temperature fitted on [`Split::PublicTest`] and divided
    /// into its last layer, scored on that split and, if asked, on [`Split::PrivateTest`].
    /// All figures are of the weights as stored.
    pub fn new(
        run: &Checkpoint,
        faces: &Splits,
        name: &str,
        storage: WeightStorage,
        private_test: bool,
    ) -> Result<Self, ReleaseError> {
        let header = &run.header;
        if train::fingerprint(&[&faces.training, &faces.public_test]) != header.data {
            return Err(ReleaseError::OtherData);
        }
        let mut plan = train::best_plan(run);
        let temperature = evaluate::predict(&plan, &faces.public_test, |_| ())?.fit_temperature();
        divide_logits(&mut plan, temperature);
        let bytes = plan.to_bytes(storage);
        let plan = Plan::from_bytes(&bytes)?;

        let labels = class_names(header.config.network.classes());
        let score = |data: &DataSet, split: Split| -> Result<SplitEvaluation, ReleaseError> {
            let predictions = evaluate::predict(&plan, data, |_| ())?;
            Ok(SplitEvaluation {
                split: split.to_string(),
                evaluation: Evaluation::new(&predictions, &labels),
            })
        };
        let mut evaluations = vec![score(&faces.public_test, Split::PublicTest)?];
        if private_test {
            evaluations.push(score(&faces.private_test, Split::PrivateTest)?);
        }
        let training = TrainingCard {
            data: origin(header.config.data.labels),
            data_sha256: header.data.clone(),
            faces: faces.training.len(),
            epochs: header.history.len(),
            best_epoch: header.best_epoch,
            hours: header
                .history
                .iter()
                .map(|record| record.seconds)
                .sum::<f64>()
                / 3600.0,
            // By way of text, so that 0.1 stays 0.1 and does not become 0.10000000149.
            settings: serde_json::from_str(&serde_json::to_string(&header.config)?)?,
        };
        let file = FileCard {
            bytes: bytes.len(),
            storage: storage_name(storage).to_owned(),
            sha256: format!("{:x}", Sha256::digest(&bytes)),
        };
        let date = OffsetDateTime::now_utc().date().to_string();
        let mut card = ModelCard::new(name, labels, &plan, file, training, temperature, date)?;
        card.evaluations = evaluations;
        Ok(Self {
            bytes,
            card,
            history: header.history.clone(),
        })
    }

    /// Writes the model, and its card beside it with the ending `.json`.
    pub fn save(&self, path: &Path) -> Result<(), ReleaseError> {
        let card = serde_json::to_string_pretty(&self.card)? + "\n";
        write_atomically(path, &self.bytes)?;
        write_atomically(&path.with_extension("json"), card.as_bytes())?;
        Ok(())
    }

    /// Writes `NAME.json` (figures and history) and `NAME-curves.svg` into a folder.
    pub fn save_report(&self, folder: &Path) -> Result<(), ReleaseError> {
        let name = &self.card.name;
        let report = json!({
            "model": name,
            "sha256": self.card.file.sha256,
            "evaluations": self.card.evaluations,
            "history": self.history,
        });
        let report = serde_json::to_string_pretty(&report)? + "\n";
        write_atomically(&folder.join(format!("{name}.json")), report.as_bytes())?;
        self.save_curves(folder)
    }

    /// Writes `NAME-curves.svg` into a folder.
    pub fn save_curves(&self, folder: &Path) -> Result<(), ReleaseError> {
        let name = &self.card.name;
        let svg = curves(name, &self.history);
        write_atomically(&folder.join(format!("{name}-curves.svg")), svg.as_bytes())?;
        Ok(())
    }
}

/// How cards name the data.
fn origin(labels: Labels) -> String {
    let chosen = "epoch and temperature chosen on PublicTest";
    match labels {
        Labels::Own => {
            format!("FER2013 (Goodfellow et al. 2013), split Training; {chosen}")
        }
        labels => format!(
            "FER2013 (Goodfellow et al. 2013), split Training, with {}; {chosen}",
            labels.origin()
        ),
    }
}

/// How cards name the storage of weights.
#[must_use]
pub fn storage_name(storage: WeightStorage) -> &'static str {
    match storage {
        WeightStorage::F16 => "f16",
        WeightStorage::I8 => "i8",
    }
}

/// Divides the last layer, and with it the logits, by a temperature.
fn divide_logits(plan: &mut Plan, temperature: f64) {
    if let Some(LayerKind::Conv { weight, bias, .. }) =
        plan.layers.last_mut().map(|layer| &mut layer.kind)
    {
        for value in weight.iter_mut().chain(bias) {
            *value = (f64::from(*value) / temperature) as f32;
        }
    }
}
