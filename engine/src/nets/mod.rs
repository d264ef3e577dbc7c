//! The networks as Burn modules, and their export to a [`Plan`](crate::plan::Plan).
//!
//! Each network is written once, against [`Ops`]: with [`StockOps`] it runs on any Burn device,
//! the trainer brings operations with faster gradients. Its export folds each batch norm into the
//! convolution before it; import brings the weights of a plan back.

pub mod blocks;
pub mod compact_resnet;
pub mod compact_vgg;
mod cost;
mod export;
pub mod file;
mod import;
pub mod ops;
pub mod stack;
pub mod student;
pub mod studies;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::crop::SIDE;
use crate::plan::{InputSpec, Plan};

pub use compact_resnet::{CompactResNet, CompactResNetConfig};
pub use compact_vgg::{CompactVgg, CompactVggConfig};
pub use cost::macs;
pub use export::PlanBuilder;
pub use file::{NetworkFile, NetworkFileError};
pub use import::{ImportError, Layers};
pub use ops::{Ops, StockOps};
pub use student::{Student, StudentConfig};
pub use studies::{StudyConfig, StudyNetwork};

/// What every network for faces expects: one grayscale face of [`SIDE`] x [`SIDE`] pixels. The scale
/// brings a face's pixels to about zero mean and unit variance.
#[must_use]
pub fn face_input() -> InputSpec {
    InputSpec {
        channels: 1,
        size: Some([SIDE; 2]),
        multiple: 1,
        scale: 1.0 / 64.0,
        offset: -2.0,
    }
}

/// Which network, with its settings: what a training run names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum NetworkConfig {
    /// The small residual network that the page runs.
    Student(StudentConfig),
    /// A plain convolutional teacher.
    CompactVgg(CompactVggConfig),
    /// A residual teacher.
    CompactResNet(CompactResNetConfig),
    /// A system of the published studies.
    Study(StudyConfig),
}

impl NetworkConfig {
    /// The network with fresh weights.
    #[must_use]
    pub fn init(&self, device: &Device) -> Network {
        match self {
            Self::Student(config) => Network::Student(config.init(device)),
            Self::CompactVgg(config) => Network::CompactVgg(config.init(device)),
            Self::CompactResNet(config) => Network::CompactResNet(config.init(device)),
            Self::Study(config) => Network::Study(config.init(device)),
        }
    }

    /// Number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        match self {
            Self::Student(config) => config.classes,
            Self::CompactVgg(config) => config.classes,
            Self::CompactResNet(config) => config.classes,
            Self::Study(config) => config.classes,
        }
    }

    /// The same network for another number of classes.
    #[must_use]
    pub fn with_classes(mut self, classes: usize) -> Self {
        match &mut self {
            Self::Student(config) => config.classes = classes,
            Self::CompactVgg(config) => config.classes = classes,
            Self::CompactResNet(config) => config.classes = classes,
            Self::Study(config) => config.classes = classes,
        }
        self
    }
}

/// Any of the networks that classify a face.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant, reason = "a run has one of them")]
pub enum Network {
    /// The small residual network that the page runs.
    Student(Student),
    /// A plain convolutional teacher.
    CompactVgg(CompactVgg),
    /// A residual teacher.
    CompactResNet(CompactResNet),
    /// A system of the published studies.
    Study(StudyNetwork),
}

impl Network {
    /// The logits of each class.
    ///
    /// # Shapes
    /// - `faces`: `[batch, 1, 48, 48]`, normalised as the plan's input says
    /// - output: `[batch, classes]`
    pub fn forward(&self, faces: Tensor<4>, ops: &impl Ops) -> Tensor<2> {
        match self {
            Self::Student(student) => student.forward(faces, ops),
            Self::CompactVgg(vgg) => vgg.forward(faces, ops),
            Self::CompactResNet(resnet) => resnet.forward(faces, ops),
            Self::Study(network) => network.forward(faces, ops),
        }
    }

    /// The network as a plan, batch norms folded with their running statistics; none for the
    /// systems of the studies, which run through Burn.
    #[must_use]
    pub fn export(&self) -> Option<Plan> {
        match self {
            Self::Student(student) => Some(student.export()),
            Self::CompactVgg(vgg) => Some(vgg.export()),
            Self::CompactResNet(resnet) => Some(resnet.export()),
            Self::Study(_) => None,
        }
    }

    /// What an export writes; none for the systems of the studies.
    pub fn layers_mut(&mut self) -> Option<Layers<'_>> {
        match self {
            Self::Student(student) => Some(student.layers_mut()),
            Self::CompactVgg(vgg) => Some(vgg.layers_mut()),
            Self::CompactResNet(resnet) => Some(resnet.layers_mut()),
            Self::Study(_) => None,
        }
    }
}
