//! Weights from elsewhere: what others have trained, as the beginning of a run.
//!
//! | file | networks |
//! | --- | --- |
//! | `.pth`, `.pt`: a PyTorch state dict with torchvision's names | `VGG16`, `ResNet50`, `Inception_v3`, `EfficientNet` |
//! | `.safetensors`: the same | the same |
//! | `.json`, beside its `.bin`: a TensorFlow.js graph | `MobileNetV1` |
//!
//! The last layers, which know other classes, begin afresh. Faces are gray: a first convolution
//! over three colours becomes the sum over them.

mod names;
mod state_dict;
mod tfjs;

use std::io;
use std::path::{Path, PathBuf};

use mien_engine::nets::studies::{StudyConfig, StudyNetwork};
use mien_engine::nets::{Network, NetworkConfig};
use thiserror::Error;

use crate::data::DataSet;

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
         from .json for mobile-net; take another network, or no start"
    )]
    Network,
    /// A tensor that the network needs is not there.
    #[error("the weights lack {name}; they are of another network")]
    Missing {
        /// Its name, as the network or the file has it.
        name: String,
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
    ending.is_some_and(|ending| ["pth", "pt", "safetensors", "json"].contains(&ending))
}

/// Puts the weights of a file into `network`, which is on the CPU and of `config`; the last layers
/// stay as they are. `faces` measure what a folded batch norm no longer says.
pub fn load(
    path: &Path,
    config: &NetworkConfig,
    network: Network,
    faces: &DataSet,
) -> Result<Network, PretrainedError> {
    let (NetworkConfig::Study(config), Network::Study(network)) = (config, network) else {
        return Err(PretrainedError::Network);
    };
    let is_json = path.extension().is_some_and(|ending| ending == "json");
    let loaded = match network {
        StudyNetwork::MobileNet(network) if is_json => {
            StudyNetwork::MobileNet(tfjs::load(path, network, faces)?)
        }
        network if !is_json => from_state_dict(path, config, network)?,
        _ => return Err(PretrainedError::Network),
    };
    Ok(Network::Study(loaded))
}

fn from_state_dict(
    path: &Path,
    config: &StudyConfig,
    network: StudyNetwork,
) -> Result<StudyNetwork, PretrainedError> {
    let names = names::of(config.system).ok_or(PretrainedError::Network)?;
    state_dict::load(path, &names, network)
}
