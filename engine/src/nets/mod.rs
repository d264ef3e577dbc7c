//! The networks as Burn modules, and their export to a [`Plan`](crate::plan::Plan).
//!
//! Each network is written once, against [`Ops`]: with [`StockOps`] it runs on any Burn device,
//! the trainer brings operations with faster gradients. Its export folds each batch norm into the
//! convolution before it.

pub mod blocks;
mod export;
pub mod ops;
pub mod student;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::plan::Plan;

pub use export::PlanBuilder;
pub use ops::{Ops, StockOps};
pub use student::{Student, StudentConfig};

/// Which network, with its settings: what a training run names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum NetworkConfig {
    /// The small residual network that the page runs.
    Student(StudentConfig),
}

impl NetworkConfig {
    /// The network with fresh weights.
    #[must_use]
    pub fn init(&self, device: &Device) -> Network {
        match self {
            Self::Student(config) => Network::Student(config.init(device)),
        }
    }

    /// Number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        match self {
            Self::Student(config) => config.classes,
        }
    }
}

/// Any of the networks that classify a face.
#[derive(Module, Debug)]
pub enum Network {
    /// The small residual network that the page runs.
    Student(Student),
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
        }
    }

    /// The network as a plan, batch norms folded with their running statistics.
    #[must_use]
    pub fn export(&self) -> Plan {
        match self {
            Self::Student(student) => student.export(),
        }
    }
}
