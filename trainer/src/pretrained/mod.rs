//! Weights from elsewhere: what others have trained, as the beginning of a run.
//!
//! | file | networks |
//! | --- | --- |
//! | `.pth`, `.pt`: a PyTorch state dict with torchvision's names | `VGG16`, `ResNet50`, `Inception_v3`, `EfficientNet` |
//! | `.safetensors`: the same | the same |
//! | `.json`, beside its `.bin`: a TensorFlow.js graph | `MobileNetV1` |
//! | `.mien`: one of our own models, as export writes it | the student and its teachers |
//! | `.safetensors`: one of our own networks, as export writes it | all |
//!
//! Last layers that know other classes begin afresh. Faces are gray: a first convolution over three
//! colours becomes the sum over them.

mod names;
mod state_dict;
mod statistics;
mod tfjs;

use std::path::{Path, PathBuf};
use std::{fs, io};

use burn::tensor::Device;
use mien_engine::nets::studies::{StudyConfig, StudyNetwork};
use mien_engine::nets::{Network, NetworkConfig, NetworkFile, NetworkFileError};
use mien_engine::plan::Plan;
use thiserror::Error;

use crate::data::DataSet;
use crate::train::weights;

/// Why weights from elsewhere cannot be used.
#[derive(Debug, Error)]
pub enum PretrainedError {
    /// The file does not exist or cannot be read.
    #[error("cannot read the weights {}; check the path", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The file is damaged or of another kind.
    #[error("{} holds no weights that can be read: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// No names are known for this network's layers.
    #[error(
        "weights from elsewhere are read for vgg16, res-net50, inception-v3 and efficient-net, \
         from .json for mobile-net, from .mien for student, compact-vgg and compact-res-net; take \
         another network, or no start"
    )]
    Network,
    /// A tensor that the network needs is not there.
    #[error("the weights lack {name}; they are of another network")]
    Missing {
        /// Its name, as the network or the file has it.
        name: String,
    },
    /// A model of ours is of another network.
    #[error("{reason}; give the run the network that {} was trained as", path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// What differs.
        reason: String,
    },
    /// A tensor has another shape.
    #[error("{reason}; these weights want the whole network: set network.reduce to 1")]
    Shape {
        /// Which tensor and which shapes.
        reason: String,
    },
}

/// Whether a file is one of weights from elsewhere, by its ending.
#[must_use]
pub fn is_named_so(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| ["pth", "pt", "safetensors", "json", "mien"].contains(&ending))
}

/// Puts the weights of a file into `network`, which is on the CPU and of `config`; last layers of
/// other classes stay as they are. `faces` measure what a folded batch norm no longer says.
pub fn load(
    path: &Path,
    config: &NetworkConfig,
    network: Network,
    faces: &DataSet,
) -> Result<Network, PretrainedError> {
    let ending = path.extension().and_then(|ending| ending.to_str());
    if ending == Some("safetensors")
        && let Some(file) = own_network(path)?
    {
        return from_network(path, &file, config, network);
    }
    match (ending, config, network) {
        (Some("mien"), _, network) => from_model(path, network, faces),
        (Some("json"), _, Network::Study(StudyNetwork::MobileNet(network))) => {
            let mut network = tfjs::load(path, network)?;
            let whole = Network::Study(StudyNetwork::MobileNet(network.clone()));
            statistics::give(&mut network.layers, statistics::of(&whole, faces));
            Ok(Network::Study(StudyNetwork::MobileNet(network)))
        }
        (Some("json"), ..) => Err(PretrainedError::Network),
        (_, NetworkConfig::Study(config), Network::Study(network)) => {
            from_state_dict(path, config, network).map(Network::Study)
        }
        _ => Err(PretrainedError::Network),
    }
}

fn from_model(
    path: &Path,
    mut network: Network,
    faces: &DataSet,
) -> Result<Network, PretrainedError> {
    let layers = network.layers_mut().ok_or(PretrainedError::Network)?;
    let plan = Plan::from_bytes(&read(path)?).map_err(|error| PretrainedError::Format {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    layers
        .import(&plan)
        .map_err(|error| PretrainedError::Other {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
    let seen = statistics::of(&network, faces);
    if let Some(layers) = network.layers_mut() {
        statistics::give(layers.convs, seen);
    }
    Ok(network)
}

/// The network of a file that says which of ours it holds.
fn own_network(path: &Path) -> Result<Option<NetworkFile>, PretrainedError> {
    match NetworkFile::from_bytes(&read(path)?, &Device::flex()) {
        Ok(file) => Ok(Some(file)),
        Err(
            NetworkFileError::UnknownNetwork(_)
            | NetworkFileError::Format(_)
            | NetworkFileError::TooLarge(_),
        ) => Ok(None),
        Err(error) => Err(PretrainedError::Format {
            path: path.to_owned(),
            reason: error.to_string(),
        }),
    }
}

fn from_network(
    path: &Path,
    file: &NetworkFile,
    config: &NetworkConfig,
    network: Network,
) -> Result<Network, PretrainedError> {
    if file.config.clone().with_classes(config.classes()) != *config {
        return Err(PretrainedError::Other {
            path: path.to_owned(),
            reason: "the file's network has other settings".to_owned(),
        });
    }
    let (theirs, fresh) = (weights::read(&file.network), weights::read(&network));
    let values = weights::transplant(&file.network, &theirs, &network, &fresh);
    Ok(weights::write(network, &values))
}

fn read(path: &Path) -> Result<Vec<u8>, PretrainedError> {
    fs::read(path).map_err(|source| PretrainedError::Read {
        path: path.to_owned(),
        source,
    })
}

fn from_state_dict(
    path: &Path,
    config: &StudyConfig,
    network: StudyNetwork,
) -> Result<StudyNetwork, PretrainedError> {
    let names = names::of(config.system).ok_or(PretrainedError::Network)?;
    state_dict::load(path, &names, network)
}
