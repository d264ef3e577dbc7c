//! Settings that are read from TOML files.

use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::de::DeserializeOwned;
use thiserror::Error;

/// Why a file of settings cannot be used.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// It does not exist or cannot be read.
    #[error("cannot read the {what} {}; check the path", path.display())]
    Read {
        /// What it sets.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// It is not what it should be.
    #[error("the {what} {} is not valid", path.display())]
    Parse {
        /// What it sets.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
}

/// Reads the settings of `what`, as a run or an ensemble, from a file.
pub fn read<T: DeserializeOwned>(what: &'static str, path: &Path) -> Result<T, SettingsError> {
    let text = fs::read_to_string(path).map_err(|source| SettingsError::Read {
        what,
        path: path.to_owned(),
        source,
    })?;
    toml::from_str(&text).map_err(|source| SettingsError::Parse {
        what,
        path: path.to_owned(),
        source: Box::new(source),
    })
}
