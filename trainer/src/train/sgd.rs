//! Stochastic gradient descent with Nesterov momentum, in one pass over the numbers.

use burn::module::{Module, ModuleMapper, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

use super::config::OptimizerConfig;
use super::weights;

/// The optimiser's memory: one entry for each number of [`weights::read`], also for running
/// statistics, which have no momentum but take part in the mean of the weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Sgd {
    config: OptimizerConfig,
    momentum: Vec<f32>,
    mean: Vec<f32>,
    steps: usize,
}

impl Sgd {
    /// Goes on from what [`momentum`](Self::momentum) and [`mean`](Self::mean) gave after `steps`
    /// steps; at the start from zeros, the fresh weights and 0.
    #[must_use]
    pub fn new(config: OptimizerConfig, momentum: Vec<f32>, mean: Vec<f32>, steps: usize) -> Self {
        Self {
            config,
            momentum,
            mean,
            steps,
        }
    }

    /// The momentum of each number.
    #[must_use]
    pub fn momentum(&self) -> &[f32] {
        &self.momentum
    }

    /// The running mean of the weights (Polyak and Juditsky 1992, exponentially weighted).
    #[must_use]
    pub fn mean(&self) -> &[f32] {
        &self.mean
    }

    /// One step along the gradients.
    #[must_use]
    pub fn step<M: Module>(&mut self, network: M, gradients: GradientsParams, rate: f64) -> M {
        // At the start the mean follows faster, so that it forgets the fresh weights.
        let seen = self.steps as f64;
        let decay = self.config.ema_decay.min((1.0 + seen) / (10.0 + seen));
        self.steps += 1;
        let mut pass = Pass {
            rate: rate as f32,
            kept: self.config.momentum as f32,
            weight_decay: self.config.weight_decay as f32,
            follow: 1.0 - decay as f32,
            gradients,
            momentum: &mut self.momentum,
            mean: &mut self.mean,
        };
        network.map(&mut pass)
    }
}

/// One visit of all parameters; the slices hold what is still to come.
struct Pass<'a> {
    rate: f32,
    kept: f32,
    weight_decay: f32,
    follow: f32,
    gradients: GradientsParams,
    momentum: &'a mut [f32],
    mean: &'a mut [f32],
}

impl ModuleMapper for Pass<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let count = param.shape().num_elements();
        let momentum = self.momentum.split_off_mut(..count).unwrap_or_default();
        let mean = self.mean.split_off_mut(..count).unwrap_or_default();
        let gradient = self.gradients.remove::<D>(param.id);
        // Biases and batch norms are vectors: they do not decay.
        let decay = if D > 1 { self.weight_decay } else { 0.0 };
        param.map(|tensor| {
            let mut values: Vec<f32> = tensor.to_data().iter::<f32>().collect();
            let has_gradient = gradient.is_some();
            if let Some(gradient) = gradient {
                let gradient = gradient.to_data();
                let slopes = gradient.iter::<f32>();
                for ((value, momentum), slope) in values.iter_mut().zip(momentum).zip(slopes) {
                    let slope = slope + decay * *value;
                    *momentum = self.kept * *momentum + slope;
                    *value -= self.rate * (slope + self.kept * *momentum);
                }
            }
            for (mean, value) in mean.iter_mut().zip(&values) {
                *mean += self.follow * (value - *mean);
            }
            if has_gradient {
                weights::replace(&tensor, values)
            } else {
                tensor
            }
        })
    }
}
