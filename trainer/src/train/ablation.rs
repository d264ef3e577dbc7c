//! Ablations: one run again and again, each time with another setting, all on the same budget.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Checkpoint, ConfigError, RunConfig};
use crate::settings::{self, SettingsError};

/// What is compared: a run and its variants, read from a TOML file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AblationConfig {
    /// The run that the variants are made from, relative to the file.
    pub base: PathBuf,
    /// Settings that base and variants share, as the budget.
    #[serde(default)]
    pub shared: toml::Table,
    /// Every variant is trained with each of these seeds.
    pub seeds: Vec<u64>,
    /// The variants.
    pub variants: Vec<Variant>,
}

/// A run that differs from the base.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Its name, also that of its folder.
    pub name: String,
    /// Its own settings, laid over those of the base: tables are merged, all else is replaced.
    pub set: toml::Table,
}

/// Why an ablation cannot be made.
#[derive(Debug, Error)]
pub enum AblationError {
    /// The file cannot be read, or is not valid.
    #[error(transparent)]
    File(#[from] SettingsError),
    /// A variant's settings do not make a run.
    #[error("the variant {variant:?} is not a valid run")]
    Variant {
        /// Its name.
        variant: String,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// A variant's setting is out of range.
    #[error("the variant {variant:?} is not a valid run")]
    Config {
        /// Its name.
        variant: String,
        /// Which and why.
        source: Box<ConfigError>,
    },
    /// Nothing to compare.
    #[error("an ablation needs a seed and variants of different names")]
    Empty,
}

/// A run of an ablation.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// The variant's name; the base is called that.
    pub variant: String,
    /// Its settings, named by variant and seed.
    pub config: RunConfig,
}

/// The name of the run without changes.
pub const BASE: &str = "base";

/// Reads an ablation and gives its runs, the base's first, seed by seed.
pub fn trials(path: &Path) -> Result<Vec<Trial>, AblationError> {
    let config: AblationConfig = settings::read("ablation", path)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut base: toml::Table = settings::read("run", &folder.join(&config.base))?;
    merge(&mut base, &config.shared);
    let unchanged = Variant {
        name: BASE.to_owned(),
        set: toml::Table::new(),
    };
    let variants: Vec<&Variant> = [&unchanged].into_iter().chain(&config.variants).collect();
    let mut names: Vec<&str> = variants
        .iter()
        .map(|variant| variant.name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    if config.seeds.is_empty() || names.len() < variants.len() || variants.len() < 2 {
        return Err(AblationError::Empty);
    }
    let mut trials = Vec::new();
    for &seed in &config.seeds {
        for variant in &variants {
            let mut settings = base.clone();
            merge(&mut settings, &variant.set);
            let mut run: RunConfig =
                settings
                    .try_into()
                    .map_err(|source| AblationError::Variant {
                        variant: variant.name.clone(),
                        source: Box::new(source),
                    })?;
            run.name = format!("{}-{seed}", variant.name);
            run.seed = seed;
            run.check().map_err(|source| AblationError::Config {
                variant: variant.name.clone(),
                source: Box::new(source),
            })?;
            trials.push(Trial {
                variant: variant.name.clone(),
                config: run,
            });
        }
    }
    Ok(trials)
}

/// Lays settings over others: tables are merged, all else is replaced.
pub(crate) fn merge(settings: &mut toml::Table, other: &toml::Table) {
    for (key, value) in other {
        match (settings.get_mut(key), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(value)) => merge(inner, value),
            _ => drop(settings.insert(key.clone(), value.clone())),
        }
    }
}

/// What came of an ablation: figures on the validation split after the last epoch, no epoch chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AblationReport {
    /// Epochs of each run.
    pub epochs: usize,
    /// Faces learned from.
    pub faces: usize,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// The base and every variant, in the file's order.
    pub rows: Vec<AblationRow>,
}

/// What came of one variant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AblationRow {
    /// The variant.
    pub variant: String,
    /// Share of the validation faces recognised, one entry a seed.
    pub accuracies: Vec<f64>,
    /// Their mean.
    pub accuracy: f64,
    /// Their standard deviation; absent for one seed.
    pub deviation: Option<f64>,
    /// Mean cross entropy over the validation faces, mean over the seeds.
    pub loss: f64,
    /// The mean accuracy minus the base's.
    pub difference: f64,
    /// Mean wall-clock time of an epoch, in seconds.
    pub epoch_seconds: f64,
}

impl AblationReport {
    /// Sums up finished runs; `faces` is how many were learned from.
    #[must_use]
    pub fn new(faces: usize, runs: &[(Trial, Checkpoint)]) -> Self {
        let mut seeds: Vec<u64> = runs.iter().map(|(trial, _)| trial.config.seed).collect();
        seeds.sort_unstable();
        seeds.dedup();
        let mut names: Vec<&str> = Vec::new();
        for (trial, _) in runs {
            if !names.contains(&trial.variant.as_str()) {
                names.push(&trial.variant);
            }
        }
        let mut rows: Vec<AblationRow> = names
            .into_iter()
            .map(|name| {
                let own = runs.iter().filter(|(trial, _)| trial.variant == name);
                AblationRow::new(name, own.map(|(_, run)| run))
            })
            .collect();
        let base = rows.first().map_or(0.0, |row| row.accuracy);
        for row in &mut rows {
            row.difference = row.accuracy - base;
        }
        Self {
            epochs: runs.first().map_or(0, |(trial, _)| trial.config.epochs),
            faces,
            seeds,
            rows,
        }
    }

    /// The report as a Markdown table.
    #[must_use]
    pub fn table(&self) -> String {
        let mut table = "| variant | accuracy | difference, points | loss | seconds an epoch |\n\
                         | --- | --- | --- | --- | --- |\n"
            .to_owned();
        for row in &self.rows {
            let deviation = row
                .deviation
                .map(|deviation| format!(" ± {:.2}", 100.0 * deviation))
                .unwrap_or_default();
            // Writing to a string cannot fail.
            writeln!(
                table,
                "| {} | {:.2}{deviation} % | {:+.2} | {:.3} | {:.0} |",
                row.variant,
                100.0 * row.accuracy,
                100.0 * row.difference,
                row.loss,
                row.epoch_seconds,
            )
            .ok();
        }
        table
    }
}

impl AblationRow {
    fn new<'a>(variant: &str, runs: impl Iterator<Item = &'a Checkpoint>) -> Self {
        let mut accuracies = Vec::new();
        let (mut loss, mut seconds) = (0.0, 0.0);
        for run in runs {
            let history = &run.header.history;
            if let Some(last) = history.last() {
                accuracies.push(last.valid_accuracy);
                loss += last.valid_loss;
                let all: f64 = history.iter().map(|epoch| epoch.seconds).sum();
                seconds += all / history.len() as f64;
            }
        }
        let count = accuracies.len().max(1) as f64;
        let (accuracy, deviation) = mean_and_deviation(&accuracies);
        Self {
            variant: variant.to_owned(),
            accuracies,
            accuracy,
            deviation,
            loss: loss / count,
            difference: 0.0,
            epoch_seconds: seconds / count,
        }
    }
}

/// The mean, 0 without values, and the standard deviation of a sample (`n - 1`), none for fewer than
/// two values.
#[must_use]
pub fn mean_and_deviation(values: &[f64]) -> (f64, Option<f64>) {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let deviation = (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt());
    (mean, deviation)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE_RUN: &str = r#"
        name = "tiny"
        seed = 9
        epochs = 50
        batch = 8
        network = { kind = "student" }
        optimizer = { learning_rate = 0.1, momentum = 0.9 }
        augmentation = { flip = 0.5, rotation = 10.0 }
    "#;

    fn read(ablation: &str) -> Result<Vec<Trial>, AblationError> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("ablation.toml");
        std::fs::write(folder.path().join("base.toml"), BASE_RUN).expect("a writable folder");
        std::fs::write(&path, ablation).expect("a writable folder");
        trials(&path)
    }

    #[test]
    fn a_variant_changes_its_own_settings_only() {
        let trials = read(
            r#"
            base = "base.toml"
            seeds = [1, 2]
            shared = { epochs = 5 }
            [[variants]]
            name = "no-flip"
            set.augmentation.flip = 0.0
            [[variants]]
            name = "adam"
            set.optimizer = { kind = "adam", learning_rate = 0.001 }
            "#,
        )
        .expect("a valid ablation");
        let names: Vec<_> = trials.iter().map(|trial| trial.variant.as_str()).collect();
        assert_eq!(
            names,
            ["base", "no-flip", "adam", "base", "no-flip", "adam"]
        );
        let [base, flip, adam] = [0, 1, 2].map(|index| &trials[index].config);
        assert_eq!((base.epochs, base.seed, trials[3].config.seed), (5, 1, 2));
        assert!(flip.augmentation.flip.abs() < 1e-6);
        let mut same = flip.clone();
        same.augmentation.flip = 0.5;
        same.name.clone_from(&base.name);
        assert_eq!(&same, base);
        assert!((adam.optimizer.momentum - 0.9).abs() < 1e-12);
    }

    #[test]
    fn the_deviation_is_that_of_a_sample() {
        let (mean, deviation) = mean_and_deviation(&[0.5, 0.7, 0.6]);
        assert!((mean - 0.6).abs() < 1e-12);
        assert!((deviation.expect("three values") - 0.1).abs() < 1e-12);
        assert_eq!(mean_and_deviation(&[0.5]), (0.5, None));
    }

    #[test]
    fn mistakes_are_named() {
        let variant = |set: &str| {
            let text = format!(
                "base = \"base.toml\"\nseeds = [1]\n[[variants]]\nname = \"x\"\nset = {{ {set} }}\n"
            );
            read(&text).expect_err("a mistake")
        };
        assert!(matches!(variant("sede = 1"), AblationError::Variant { .. }));
        assert!(matches!(variant("batch = 0"), AblationError::Config { .. }));
        let error = read("base = \"base.toml\"\nseeds = []\nvariants = []\n");
        assert!(matches!(error, Err(AblationError::Empty)));
    }
}
