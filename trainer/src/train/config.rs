//! A training run's settings, read from a TOML file.

use std::path::{Path, PathBuf};

use mien_engine::nets::NetworkConfig;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::balance::Balance;
use super::checkpoint::Header;
use super::mixing::Mixing;
use super::optimizer::OptimizerConfig;
use super::schedule::Schedule;
use crate::augment::Augmentation;
use crate::data::{DataConfig, Labels};
use crate::models::class_names;
use crate::ops::Precision;
use crate::settings::{self, SettingsError};

/// Everything that decides a run's result, apart from the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// Name of the run and of the model that it makes.
    pub name: String,
    /// Where all random numbers come from.
    pub seed: u64,
    /// Passes over the training faces.
    pub epochs: usize,
    /// Faces a step.
    pub batch: usize,
    /// Ends an epoch after so many steps, where an epoch over all faces would take too long; the
    /// next one visits others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch_steps: Option<usize>,
    /// Share of the target given evenly to all classes (Szegedy et al. 2016).
    #[serde(default)]
    pub label_smoothing: f32,
    /// What the convolutions multiply while training.
    #[serde(default)]
    pub precision: Precision,
    /// What is trained.
    pub network: NetworkConfig,
    /// How the weights move.
    pub optimizer: OptimizerConfig,
    /// What is done to the faces; with soft labels, to the views that the teacher has seen.
    #[serde(default)]
    pub augmentation: Augmentation,
    /// What is learned from a teacher.
    #[serde(default)]
    pub distillation: Option<Distillation>,
    /// Checkpoint of another run of the same network, or a file of [`pretrained`](crate::pretrained)
    /// weights, relative to the run file: training begins with them. Where they know other classes,
    /// the last layer begins afresh.
    #[serde(default)]
    pub start: Option<PathBuf>,
    /// Which faces and labels are learned from.
    #[serde(default)]
    pub data: DataConfig,
    /// How the learning rate changes.
    #[serde(default)]
    pub schedule: Schedule,
    /// How the faces of a batch are mixed with each other.
    #[serde(default)]
    pub mixing: Mixing,
    /// How rare classes get more weight.
    #[serde(default)]
    pub balance: Balance,
    /// Names of layers that do not learn, as `stem` or `blocks.0`.
    #[serde(default)]
    pub freeze: Vec<String>,
    /// Ends the run after so many epochs without a new highest validation accuracy.
    #[serde(default)]
    pub early_stopping: Option<usize>,
}

/// Learning from a teacher's soft labels (Hinton et al. 2015, "Distilling the knowledge in a
/// neural network"), which belong to views of the faces that the student sees as the teacher saw
/// them (Beyer et al. 2022, "Knowledge distillation: a good teacher is patient and consistent").
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distillation {
    /// The file with the soft labels, relative to the run file.
    pub labels: PathBuf,
    /// Divides the logits of teacher and student before they are compared.
    pub temperature: f32,
    /// Share of the loss that compares with the teacher; the rest compares with the true class.
    pub weight: f32,
}

/// Why a run file cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read, or is not valid.
    #[error(transparent)]
    File(#[from] SettingsError),
    /// A setting is out of range.
    #[error("the run's setting {setting} must be {range}")]
    Range {
        /// The setting's name.
        setting: &'static str,
        /// What it may be.
        range: &'static str,
    },
}

impl RunConfig {
    /// Reads and checks a run file.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let config: Self = settings::read("run", path)?;
        config.check()?;
        Ok(config)
    }

    /// A path of the run file at `run`, as seen from here.
    #[must_use]
    pub fn resolve(run: &Path, path: &Path) -> PathBuf {
        run.parent().unwrap_or(Path::new("")).join(path)
    }

    /// The names of the classes, in the order of the network's outputs.
    #[must_use]
    pub fn labels(&self) -> Vec<String> {
        if self.data.classes.is_empty() {
            return class_names(self.network.classes());
        }
        let classes = self.data.classes.iter();
        classes.map(|class| class.name().to_owned()).collect()
    }

    /// Whether every setting is in its range.
    pub fn check(&self) -> Result<(), ConfigError> {
        let share = |value: f64| (0.0..1.0).contains(&value);
        let optimizer = &self.optimizer;
        let augmentation = &self.augmentation;
        let distillation = self.distillation.as_ref();
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let checks = [
            (
                "name",
                "letters, digits, '-', '_' and '.'",
                !self.name.is_empty() && self.name.chars().all(is_name),
            ),
            ("epochs", "at least 1", self.epochs >= 1),
            ("batch", "at least 2", self.batch >= 2),
            ("epoch_steps", "at least 1", self.epoch_steps != Some(0)),
            (
                "label_smoothing",
                "from 0 to below 1",
                share(f64::from(self.label_smoothing)),
            ),
            (
                "optimizer.warmup_epochs",
                "from 0 to below epochs",
                optimizer.warmup_epochs >= 0.0 && optimizer.warmup_epochs < self.epochs as f64,
            ),
            (
                "optimizer.decay_epochs",
                "above 0, and with warmup_epochs at most epochs",
                self.decay_epochs() > 0.0
                    && optimizer.warmup_epochs + self.decay_epochs() <= self.epochs as f64,
            ),
            (
                "early_stopping",
                "at least 1",
                self.early_stopping != Some(0),
            ),
            (
                "freeze",
                "names of layers, as stem or blocks.0",
                self.freeze.iter().all(|name| {
                    !name.is_empty()
                        && name
                            .chars()
                            .all(|c| c.is_ascii_alphanumeric() || "_.".contains(c))
                }),
            ),
            (
                "distillation.temperature",
                "above 0",
                distillation.is_none_or(|d| d.temperature > 0.0 && d.temperature.is_finite()),
            ),
            (
                "distillation.weight",
                "from 0 to 1",
                distillation.is_none_or(|d| (0.0..=1.0).contains(&d.weight)),
            ),
            (
                "data.votes_share",
                "from 0 to 1, and 0 with labels of FER+",
                (0.0..=1.0).contains(&self.data.votes_share)
                    && (self.data.votes_share == 0.0 || self.data.labels == Labels::Own),
            ),
            (
                "data.classes",
                "different ones, as many as the network has, with the data set's own labels",
                self.classes_fit(),
            ),
            (
                "augmentation.scale",
                "from 0 to below 1",
                share(f64::from(augmentation.scale)),
            ),
            (
                "augmentation.erase_area",
                "from 0 to below 1",
                share(f64::from(augmentation.erase_area)),
            ),
            (
                "augmentation.downscale_loss",
                "from 0 to below 1",
                share(f64::from(augmentation.downscale_loss)),
            ),
            (
                "augmentation.noise_deviation",
                "at least 0",
                augmentation.noise_deviation >= 0.0 && augmentation.noise_deviation.is_finite(),
            ),
        ];
        let checks = checks
            .into_iter()
            .chain(self.optimizer.checks())
            .chain(self.schedule.checks())
            .chain(self.mixing.checks())
            .chain(self.balance.checks());
        match checks.into_iter().find(|(_, _, holds)| !holds) {
            Some((setting, range, _)) => Err(ConfigError::Range { setting, range }),
            None => Ok(()),
        }
    }

    /// The learning rate of a step in a [`Schedule::Cosine`], counted from 0 over the whole run.
    #[must_use]
    pub fn learning_rate(&self, step: usize, steps_per_epoch: usize) -> f64 {
        let peak = self.optimizer.learning_rate;
        let epoch = step as f64 / steps_per_epoch as f64;
        let warmup = self.optimizer.warmup_epochs;
        if epoch < warmup {
            let first = 1.0 / steps_per_epoch as f64;
            return peak * (epoch + first) / (warmup + first);
        }
        let decay = self.decay_epochs();
        let progress = ((epoch - (self.epochs as f64 - decay)) / decay).max(0.0);
        peak * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos())
    }

    /// The share of the highest learning rate during the rise; `None` after it.
    #[must_use]
    pub fn rise(&self, step: usize, steps_per_epoch: usize) -> Option<f64> {
        let warmup = self.optimizer.warmup_epochs * steps_per_epoch as f64;
        let step = step as f64;
        (step < warmup).then(|| (step + 1.0) / (warmup + 1.0))
    }

    /// Whether a run with this history has come to its end.
    #[must_use]
    pub fn is_finished(&self, header: &Header) -> bool {
        let epochs = header.history.len();
        let waited = epochs - header.best_epoch;
        epochs >= self.epochs || self.early_stopping.is_some_and(|limit| waited >= limit)
    }

    /// Whether a run that has made `epochs` epochs with the settings `past` would have gone the
    /// same way with these.
    #[must_use]
    pub fn continues(&self, past: &Self, epochs: usize) -> bool {
        let constant = |run: &Self| match run.schedule {
            Schedule::Cosine => epochs as f64 <= run.epochs as f64 - run.decay_epochs(),
            Schedule::Step(_) | Schedule::Plateau(_) => true,
            Schedule::OneCycle(_) => false,
        };
        let lengthened = Self {
            epochs: past.epochs,
            ..self.clone()
        };
        self == past || (lengthened == *past && constant(self) && constant(past))
    }

    /// Steps of an epoch over so many faces.
    #[must_use]
    pub fn steps(&self, faces: usize) -> usize {
        let all = faces / self.batch;
        self.epoch_steps.map_or(all, |limit| limit.min(all))
    }

    fn classes_fit(&self) -> bool {
        let mut classes = self.data.classes.clone();
        classes.sort_unstable();
        classes.dedup();
        let own = self.data.labels == Labels::Own && self.data.votes_share == 0.0;
        self.data.classes.is_empty()
            || (own
                && classes.len() == self.data.classes.len()
                && classes.len() == self.network.classes())
    }

    fn decay_epochs(&self) -> f64 {
        let optimizer = &self.optimizer;
        optimizer
            .decay_epochs
            .unwrap_or(self.epochs as f64 - optimizer.warmup_epochs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = r#"
        name = "tiny"
        seed = 1
        epochs = 10
        batch = 8
        network = { kind = "student" }
        optimizer = { learning_rate = 0.1, warmup_epochs = 2.0, momentum = 0.9 }
    "#;

    #[test]
    fn the_learning_rate_rises_then_falls_to_zero() {
        let config: RunConfig = toml::from_str(RUN).expect("a valid run");
        let rates: Vec<f64> = (0..100)
            .map(|step| config.learning_rate(step, 10))
            .collect();
        assert!(rates[0] < 0.01);
        assert!(rates[..20].is_sorted());
        assert!((rates[20] - 0.1).abs() < 1e-12);
        assert!(rates[20..].is_sorted_by(|a, b| a >= b));
        assert!(rates[99] < 1e-4);
    }

    #[test]
    fn a_run_may_be_lengthened_until_the_learning_rate_falls() {
        let mut past: RunConfig = toml::from_str(RUN).expect("a valid run");
        past.optimizer.decay_epochs = Some(4.0);
        let longer = RunConfig {
            epochs: 12,
            ..past.clone()
        };
        assert!((past.learning_rate(59, 10) - 0.1).abs() < 1e-12);
        assert!(past.learning_rate(65, 10) < 0.099);
        assert!(longer.continues(&past, 6));
        assert!(!longer.continues(&past, 7));
        assert!(past.continues(&past, 7));
        let other = RunConfig { seed: 2, ..longer };
        assert!(!other.continues(&past, 6));
    }

    #[test]
    fn an_unknown_setting_is_refused() {
        let text = RUN.replace("seed = 1", "seed = 1\nsede = 2");
        let error = toml::from_str::<RunConfig>(&text).expect_err("an unknown setting");
        assert!(error.to_string().contains("sede"), "{error}");
    }

    #[test]
    fn a_setting_out_of_range_is_refused() {
        let mut config: RunConfig = toml::from_str(RUN).expect("a valid run");
        config.check().expect("settings in range");
        config.optimizer.momentum = 1.0;
        let error = config.check().expect_err("momentum 1");
        assert!(error.to_string().contains("optimizer.momentum"), "{error}");
    }
}
