//! From a run to a model that can ship.

use std::path::Path;

use mien_engine::card::{
    FileCard, ModelCard, SplitAnswers, SplitEvaluation, TrainingCard, UncertaintyCard,
};
use mien_engine::metrics::{Evaluation, Predictions};
use mien_engine::plan::{FormatError, LayerKind, Plan, ShapeError, WeightStorage};
use serde_json::json;
use sha2::{Digest, Sha256};
use thiserror::Error;
use time::OffsetDateTime;

use super::{ModelReport, class_table};
use crate::data::{Labels, Split, Splits};
use crate::evaluate::{self, EvaluateError};
use crate::files::{WriteError, write_atomically};
use crate::train::{self, Checkpoint, EpochRecord, RunConfig};

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
    /// The network has no plan.
    #[error("this network runs through Burn only and makes no .mien file; choose another run")]
    NoPlan,
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
        let mut plan = train::best_plan(run).ok_or(ReleaseError::NoPlan)?;
        let temperature = evaluate::predict(&plan, &faces.public_test, |_| ())?.fit_temperature();
        divide_logits(&mut plan, temperature);
        let bytes = plan.to_bytes(storage);
        let plan = Plan::from_bytes(&bytes)?;

        let labels = header.config.labels();
        let training = TrainingCard {
            data: origin(&header.config),
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
        let file = file_card(&bytes, storage);
        let mut card = ModelCard::new(name, labels, &plan, file, training, temperature, today())?;
        score(&mut card, &plan, faces, private_test)?;
        Ok(Self {
            bytes,
            card,
            history: header.history.clone(),
        })
    }

    /// A model that has a card, stored anew and scored again; its history is not known.
    pub fn again(
        plan: &Plan,
        card: &ModelCard,
        faces: &Splits,
        storage: WeightStorage,
        private_test: bool,
    ) -> Result<Self, ReleaseError> {
        let bytes = plan.to_bytes(storage);
        let mut card = ModelCard {
            file: file_card(&bytes, storage),
            date: today(),
            ..card.clone()
        };
        score(&mut card, &Plan::from_bytes(&bytes)?, faces, private_test)?;
        Ok(Self {
            bytes,
            card,
            history: Vec::new(),
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
            "agreement": self.card.agreement,
            "history": self.history,
        });
        let report = serde_json::to_string_pretty(&report)? + "\n";
        write_atomically(&folder.join(format!("{name}.json")), report.as_bytes())?;
        self.save_pictures(folder)
    }

    /// Writes the training curves and the confusion matrix into a folder, as `NAME-curves.svg` and
    /// `NAME-confusion.svg`.
    pub fn save_pictures(&self, folder: &Path) -> Result<(), ReleaseError> {
        let report = ModelReport {
            model: self.card.name.clone(),
            evaluations: self.card.evaluations.clone(),
            agreement: self.card.agreement.clone(),
            history: self.history.clone(),
        };
        for (path, svg) in report.pictures(folder) {
            write_atomically(&path, svg.as_bytes())?;
        }
        Ok(())
    }

    /// Writes the error rate of each class on the last split as a Markdown table, `NAME-classes.md`.
    pub fn save_classes(&self, folder: &Path) -> Result<(), ReleaseError> {
        if let Some(last) = self.card.evaluations.last() {
            let path = folder.join(format!("{}-classes.md", self.card.name));
            write_atomically(&path, class_table(&last.evaluation).as_bytes())?;
        }
        Ok(())
    }
}

/// The share of answers that is to be right where a reading is not called uncertain.
const TARGET_ACCURACY: f64 = 0.85;

/// The threshold that gives the most answers of [`TARGET_ACCURACY`] on the first of the splits, and
/// what comes of it on each.
fn uncertainty(scored: &[(Split, Predictions)]) -> Option<UncertaintyCard> {
    let chosen = scored.first()?.1.threshold_for(TARGET_ACCURACY)?;
    // The next smaller number: the face at the threshold itself is answered.
    let below = (chosen.threshold as f32).next_down();
    let answers = |(split, predictions): &(Split, Predictions)| {
        let figures = predictions.at_threshold(f64::from(below));
        SplitAnswers {
            split: split.to_string(),
            answered: figures.coverage,
            accuracy: figures.accuracy,
        }
    };
    Some(UncertaintyCard {
        below,
        target_accuracy: TARGET_ACCURACY,
        splits: scored.iter().map(answers).collect(),
    })
}

/// How cards name what was learned from.
fn origin(run: &RunConfig) -> String {
    let data = &run.data;
    let teacher = match run.distillation {
        Some(_) => ", beside the answers of a teacher",
        None => "",
    };
    let chosen = "epoch and temperature chosen on PublicTest";
    let labels = match data.labels {
        Labels::Own if data.votes_share > 0.0 => format!(
            ", labels blended with what the votes of FER+ (Barsoum et al. 2016) say about them, {:.0} %",
            100.0 * data.votes_share
        ),
        Labels::Own => String::new(),
        labels => format!(", with {}", labels.origin()),
    };
    format!("FER2013 (Goodfellow et al. 2013), split Training{labels}{teacher}; {chosen}")
}

/// Scores a model on [`Split::PublicTest`] and, if asked, on [`Split::PrivateTest`], and puts the
/// figures into its card.
fn score(
    card: &mut ModelCard,
    plan: &Plan,
    faces: &Splits,
    private_test: bool,
) -> Result<(), ReleaseError> {
    let mut splits = vec![Split::PublicTest];
    if private_test {
        splits.push(Split::PrivateTest);
    }
    let scored = splits
        .into_iter()
        .map(|split| Ok((split, evaluate::predict(plan, faces.get(split), |_| ())?)))
        .collect::<Result<Vec<_>, EvaluateError>>()?;
    card.uncertainty = uncertainty(&scored);
    card.evaluations = (scored.iter())
        .map(|(split, predictions)| SplitEvaluation {
            split: split.to_string(),
            evaluation: Evaluation::new(predictions, &card.labels),
        })
        .collect();
    Ok(())
}

fn file_card(bytes: &[u8], storage: WeightStorage) -> FileCard {
    FileCard {
        bytes: bytes.len(),
        storage: storage_name(storage).to_owned(),
        sha256: format!("{:x}", Sha256::digest(bytes)),
    }
}

fn today() -> String {
    OffsetDateTime::now_utc().date().to_string()
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
