//! How fast training steps are.

pub mod nets;
pub mod pytorch;

use std::time::Duration;

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Distribution, Tensor};
use cpu_time::ProcessTime;
use mien_engine::expression::Expression;
use mien_engine::nets::Ops;

use crate::train::{OptimizerConfig, Sgd};
use nets::{Net, Shape};

/// Faces a step.
pub const BATCH: usize = 128;

/// Height and width of a face.
pub const SIDE: usize = 44;

/// A network in training on random faces.
#[derive(Debug)]
pub struct Trial {
    network: Net,
    sgd: Sgd,
    faces: Tensor<4>,
    targets: Tensor<2>,
}

impl Trial {
    /// A network with fresh weights.
    #[must_use]
    pub fn new(shape: Shape) -> Self {
        let device = Device::flex().autodiff();
        device.seed(1);
        let network = shape.init(&device);
        let numbers = network.num_params();
        let config = OptimizerConfig {
            learning_rate: 0.01,
            warmup_epochs: 0.0,
            decay_epochs: None,
            momentum: 0.9,
            weight_decay: 5e-4,
            ema_decay: 0.999,
        };
        let faces = Tensor::random(
            [BATCH, 1, SIDE, SIDE],
            Distribution::Normal(0.0, 1.0),
            &device,
        );
        let classes = Expression::FER2013.len();
        Self {
            network,
            sgd: Sgd::new(config, vec![0.0; numbers], vec![0.0; numbers], 0),
            faces,
            targets: Tensor::full([BATCH, classes], 1.0 / classes as f64, &device),
        }
    }

    /// Number of learnt parameters and running statistics.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.network.num_params()
    }

    /// Forward, backward and the optimizer's step; the CPU time that it took.
    pub fn step(&mut self, ops: &impl Ops) -> Duration {
        let start = ProcessTime::now();
        let logits = self.network.forward(self.faces.clone(), ops);
        let loss = log_softmax(logits, 1).mul(self.targets.clone());
        let gradients = loss.sum_dim(1).mean().neg().backward();
        let gradients = GradientsParams::from_grads(gradients, &self.network);
        self.network = self.sgd.step(self.network.clone(), gradients, 0.01);
        start.elapsed()
    }
}
