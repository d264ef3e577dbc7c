//! An ensemble's settings, read from a TOML file.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

use crate::augment::Augmentation;
use crate::average::Average;
use crate::data::DataConfig;
use crate::settings::{self, SettingsError};

/// Which networks teach, and what they see.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeacherConfig {
    /// Name of the ensemble and of its soft labels.
    pub name: String,
    /// The networks, relative to the file of these settings: folders of runs, `.mien` files, or
    /// networks in `.safetensors` files.
    pub members: Vec<PathBuf>,
    /// Over which views of a face each member's answers are averaged.
    #[serde(default)]
    pub average: Average,
    /// Whose labels weigh and score the members.
    #[serde(default)]
    pub data: DataConfig,
    /// Where the views' random numbers come from.
    pub seed: u64,
    /// Changed copies of each training face that get a label each.
    pub views: usize,
    /// How a view is changed.
    #[serde(default)]
    pub augmentation: Augmentation,
}

/// Why an ensemble's file cannot be used.
#[derive(Debug, Error)]
pub enum TeacherConfigError {
    /// The file cannot be read, or is not valid.
    #[error(transparent)]
    File(#[from] SettingsError),
    /// Nobody teaches, or nothing is taught.
    #[error("the ensemble {} needs at least one member and one view", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

impl TeacherConfig {
    /// Reads and checks an ensemble's file; the members' paths are then as seen from here.
    pub fn read(path: &Path) -> Result<Self, TeacherConfigError> {
        let mut config: Self = settings::read("ensemble", path)?;
        if config.members.is_empty() || config.views == 0 {
            return Err(TeacherConfigError::Empty {
                path: path.to_owned(),
            });
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        for member in &mut config.members {
            *member = folder.join(&member);
        }
        Ok(config)
    }
}
