//! Which systems are compared, read from a TOML file.

use std::path::Path;

use mien_engine::study_report::Reported;
use serde::Deserialize;
use thiserror::Error;

use super::vote::Rule;
use crate::settings::{self, SettingsError};
use crate::train::{ConfigError, RunConfig};

/// What is compared: all systems, trained by one protocol.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudiesConfig {
    /// CPU-minutes that a single network may learn for.
    pub budget_minutes: f64,
    /// The settings of a run that all systems share; `name`, `network` and `epochs` are their own.
    pub protocol: toml::Table,
    /// The systems, study by study.
    pub systems: Vec<SystemConfig>,
}

/// One system.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SystemConfig {
    /// `S0` to `S4`.
    pub study: String,
    /// Its name, also that of its folder and file.
    pub name: String,
    /// How a table calls it.
    pub title: String,
    /// How it comes about.
    pub how: Method,
    /// Faces of a balanced sample of the private test split that is scored beside the whole.
    #[serde(default)]
    pub small_sample: Option<usize>,
    /// What the study reports.
    #[serde(default)]
    pub reported: Option<Reported>,
}

/// How a system comes about.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Method {
    /// A network is trained.
    Train {
        /// Its own settings, laid over the protocol: tables are merged, all else is replaced.
        set: toml::Table,
        /// The name of the system whose answers it learns from.
        #[serde(default)]
        teacher: Option<String>,
    },
    /// Trained networks answer together.
    Ensemble {
        /// Their names.
        members: Vec<String>,
        /// How their answers become one.
        rule: Rule,
    },
}

/// Why the systems cannot be compared.
#[derive(Debug, Error)]
pub enum StudiesError {
    /// The file cannot be read, or is not valid.
    #[error(transparent)]
    File(#[from] SettingsError),
    /// A system's settings do not make a run.
    #[error("the settings of the system {system:?} are not those of a run")]
    Settings {
        /// Its name.
        system: String,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// A system's setting is out of range.
    #[error("a setting of the system {system:?} is out of range")]
    Range {
        /// Its name.
        system: String,
        /// Which and why.
        source: Box<ConfigError>,
    },
    /// Two systems have one name.
    #[error("there are two systems {0:?}; give each a name of its own")]
    Twice(String),
    /// A system wants one that comes later or not at all.
    #[error("the system {system:?} wants {wanted:?}, which is not a network above it")]
    Order {
        /// Its name.
        system: String,
        /// What it wants.
        wanted: String,
    },
}

impl StudiesConfig {
    /// Reads and checks the file.
    pub fn read(path: &Path) -> Result<Self, StudiesError> {
        let config: Self = settings::read("comparison", path)?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), StudiesError> {
        for (index, system) in self.systems.iter().enumerate() {
            let above = &self.systems[..index];
            if above.iter().any(|other| other.name == system.name) {
                return Err(StudiesError::Twice(system.name.clone()));
            }
            for wanted in system.wants() {
                let is_it = |other: &&SystemConfig| other.name == *wanted;
                if !above.iter().any(|other| is_it(&other)) {
                    return Err(StudiesError::Order {
                        system: system.name.clone(),
                        wanted: wanted.clone(),
                    });
                }
            }
            self.run(system)?;
        }
        Ok(())
    }

    /// The settings of a system's training, for one epoch; `None` for an ensemble.
    pub fn run(&self, system: &SystemConfig) -> Result<Option<RunConfig>, StudiesError> {
        let Method::Train { set, .. } = &system.how else {
            return Ok(None);
        };
        let mut settings = self.protocol.clone();
        crate::train::merge(&mut settings, set);
        settings.insert("name".to_owned(), system.name.clone().into());
        settings.insert("epochs".to_owned(), 1.into());
        let run: RunConfig = settings
            .try_into()
            .map_err(|source| StudiesError::Settings {
                system: system.name.clone(),
                source: Box::new(source),
            })?;
        run.check().map_err(|source| StudiesError::Range {
            system: system.name.clone(),
            source: Box::new(source),
        })?;
        Ok(Some(run))
    }
}

impl SystemConfig {
    /// The systems that this one is made from.
    #[must_use]
    pub fn wants(&self) -> &[String] {
        match &self.how {
            Method::Train { teacher, .. } => teacher.as_slice(),
            Method::Ensemble { members, .. } => members,
        }
    }
}
