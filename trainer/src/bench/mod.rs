//! How fast training steps are.

pub mod nets;
pub mod pytorch;

use std::time::Duration;

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Distribution, Tensor};
use cpu_time::ProcessTime;
use mien_engine::crop;
use mien_engine::expression::Expression;
use mien_engine::nets::Ops;
use serde::Serialize;

use crate::augment::face_rng;
use crate::data::FACE_PIXELS;
use crate::ops::Precision;
use crate::train::{Optimizer, OptimizerConfig, OptimizerKind, Rates, RunConfig};
use nets::{Net, SIDE, Subject};

/// Faces a step.
pub const BATCH: usize = 128;

/// What was measured of one network; speeds are images per second of CPU time, on one thread.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Which network.
    pub network: &'static str,
    /// What its convolutions multiply.
    pub precision: Precision,
    /// Learnt parameters and running statistics.
    pub parameters: usize,
    /// Steps with our operations.
    pub ours: f64,
    /// Steps with Burn's own, in `f32`.
    pub stock: Option<f64>,
    /// Steps in PyTorch, with the same precision.
    pub pytorch: Option<f64>,
    /// Share of a step's time that drawing and changing its faces takes.
    pub loading: Option<f64>,
}

/// What each step moves the weights by.
const RATES: Rates = Rates {
    learning_rate: 0.01,
    momentum: 0.9,
};

/// A network in training on random faces.
#[derive(Debug)]
pub struct Trial {
    run: Option<RunConfig>,
    network: Net,
    optimizer: Optimizer,
    faces: Tensor<4>,
    targets: Tensor<2>,
}

impl Trial {
    /// A network with fresh weights.
    #[must_use]
    pub fn new(subject: Subject) -> Self {
        let device = Device::flex().autodiff();
        device.seed(1);
        let network = subject.init(&device);
        let run = subject.run();
        let side = if run.is_some() { crop::SIDE } else { SIDE };
        let numbers = network.num_params();
        let config = OptimizerConfig {
            kind: OptimizerKind::Sgd,
            learning_rate: RATES.learning_rate,
            warmup_epochs: 0.0,
            decay_epochs: None,
            momentum: RATES.momentum,
            square_momentum: 0.0,
            epsilon: 0.0,
            weight_decay: 5e-4,
            ema_decay: 0.999,
            clip_norm: None,
        };
        let faces = Tensor::random(
            [BATCH, 1, side, side],
            Distribution::Normal(0.0, 1.0),
            &device,
        );
        let classes = Expression::FER2013.len();
        Self {
            run,
            network,
            optimizer: Optimizer::new(
                config,
                vec![0.0; numbers],
                Vec::new(),
                vec![0.0; numbers],
                0,
            ),
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
        self.network = self.optimizer.step(self.network.clone(), gradients, RATES);
        start.elapsed()
    }

    /// Changes a step's faces as the run does; the CPU time that it took.
    #[must_use]
    pub fn load(&self) -> Option<Duration> {
        let run = self.run.as_ref()?;
        let face: Vec<f32> = (0..FACE_PIXELS).map(|i| (i * 89 % 256) as f32).collect();
        let mut faces = vec![0.0; BATCH * FACE_PIXELS];
        let start = ProcessTime::now();
        for (index, out) in faces.chunks_exact_mut(FACE_PIXELS).enumerate() {
            let mut rng = face_rng(run.seed, 0, index);
            run.augmentation.apply(&face, &mut rng, out);
        }
        Some(start.elapsed())
    }
}
