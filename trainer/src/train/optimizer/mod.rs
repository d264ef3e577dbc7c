//! How gradients move the weights: stochastic gradient descent, Adam and `AdamW`, in one pass over
//! the numbers.

mod config;

use super::schedule::Rates;
use super::weights;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

pub use config::{OptimizerConfig, OptimizerKind};

/// The optimiser's memory: one entry for each number of [`weights::read`], also for running
/// statistics, which have no momentum but take part in the mean of the weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimizer {
    config: OptimizerConfig,
    momentum: Vec<f32>,
    squares: Vec<f32>,
    mean: Vec<f32>,
    steps: usize,
}

impl Optimizer {
    /// Goes on from what [`momentum`](Self::momentum), [`squares`](Self::squares) and
    /// [`mean`](Self::mean) gave after `steps` steps; at the start from zeros, zeros, the fresh
    /// weights and 0.
    #[must_use]
    pub fn new(
        config: OptimizerConfig,
        momentum: Vec<f32>,
        squares: Vec<f32>,
        mean: Vec<f32>,
        steps: usize,
    ) -> Self {
        Self {
            config,
            momentum,
            squares,
            mean,
            steps,
        }
    }

    /// The momentum of each number.
    #[must_use]
    pub fn momentum(&self) -> &[f32] {
        &self.momentum
    }

    /// The running mean of the squares of each number's gradients; empty where the rule has none.
    #[must_use]
    pub fn squares(&self) -> &[f32] {
        &self.squares
    }

    /// The running mean of the weights (Polyak and Juditsky 1992, exponentially weighted).
    #[must_use]
    pub fn mean(&self) -> &[f32] {
        &self.mean
    }

    /// One step along the gradients.
    #[must_use]
    pub fn step<M: Module>(&mut self, network: M, gradients: GradientsParams, rates: Rates) -> M {
        // At the start the mean follows faster, so that it forgets the fresh weights.
        let seen = self.steps as f64;
        let decay = self.config.ema_decay.min((1.0 + seen) / (10.0 + seen));
        self.steps += 1;
        let scale = self
            .config
            .clip_norm
            .map_or(1.0, |limit| (limit / norm(&network, &gradients)).min(1.0));
        let mut pass = Pass {
            rule: Rule::new(&self.config, rates, self.steps),
            weight_decay: self.config.weight_decay as f32,
            scale: scale as f32,
            follow: 1.0 - decay as f32,
            gradients,
            momentum: &mut self.momentum,
            squares: &mut self.squares,
            mean: &mut self.mean,
        };
        network.map(&mut pass)
    }
}

/// The rule with the figures of one step.
#[derive(Clone, Copy, Debug)]
enum Rule {
    Sgd {
        rate: f32,
        kept: f32,
    },
    Adam {
        /// The learning rate, corrected for the start, when both means are too small.
        rate: f32,
        kept: f32,
        kept_squares: f32,
        /// Corrected alike.
        epsilon: f32,
        /// Share of the weight that is lost.
        lost: f32,
        /// Whether weight decay is part of the gradient.
        coupled: bool,
    },
}

impl Rule {
    fn new(config: &OptimizerConfig, rates: Rates, step: usize) -> Self {
        let kept = rates.momentum;
        if config.kind == OptimizerKind::Sgd {
            return Self::Sgd {
                rate: rates.learning_rate as f32,
                kept: kept as f32,
            };
        }
        // Kingma and Ba 2015, section 2: the same as correcting both means.
        let [first, second] = [config.momentum, config.square_momentum]
            .map(|kept| 1.0 - kept.powi(i32::try_from(step).unwrap_or(i32::MAX)));
        let coupled = config.kind == OptimizerKind::Adam;
        Self::Adam {
            rate: (rates.learning_rate * second.sqrt() / first) as f32,
            kept: kept as f32,
            kept_squares: config.square_momentum as f32,
            epsilon: (config.epsilon * second.sqrt()) as f32,
            lost: (rates.learning_rate * config.weight_decay) as f32,
            coupled,
        }
    }

    /// Moves one number; `decay` is its weight decay.
    fn update(
        self,
        value: &mut f32,
        slope: f32,
        decay: f32,
        momentum: &mut f32,
        square: Option<&mut f32>,
    ) {
        match (self, square) {
            (
                Self::Adam {
                    rate,
                    kept,
                    kept_squares,
                    epsilon,
                    lost,
                    coupled,
                },
                Some(square),
            ) => {
                let slope = if coupled {
                    slope + decay * *value
                } else {
                    slope
                };
                *momentum = kept * *momentum + (1.0 - kept) * slope;
                *square = kept_squares * *square + (1.0 - kept_squares) * slope * slope;
                if !coupled && decay > 0.0 {
                    *value -= lost * *value;
                }
                *value -= rate * *momentum / (square.sqrt() + epsilon);
            }
            (Self::Sgd { rate, kept } | Self::Adam { rate, kept, .. }, _) => {
                let slope = slope + decay * *value;
                *momentum = kept * *momentum + slope;
                *value -= rate * (slope + kept * *momentum);
            }
        }
    }
}

/// The Euclidean length of all gradients together.
fn norm<M: Module>(network: &M, gradients: &GradientsParams) -> f64 {
    struct Sum<'a> {
        gradients: &'a GradientsParams,
        squares: f64,
    }
    impl ModuleVisitor for Sum<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(gradient) = self.gradients.get::<D>(param.id) {
                let square = |slope: f32| f64::from(slope) * f64::from(slope);
                self.squares += gradient.to_data().iter::<f32>().map(square).sum::<f64>();
            }
        }
    }
    let mut sum = Sum {
        gradients,
        squares: 0.0,
    };
    network.visit(&mut sum);
    // Never zero: it divides.
    sum.squares.sqrt().max(f64::MIN_POSITIVE)
}

/// One visit of all parameters; the slices hold what is still to come.
struct Pass<'a> {
    rule: Rule,
    weight_decay: f32,
    /// Of the gradients.
    scale: f32,
    follow: f32,
    gradients: GradientsParams,
    momentum: &'a mut [f32],
    squares: &'a mut [f32],
    mean: &'a mut [f32],
}

impl ModuleMapper for Pass<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let count = param.shape().num_elements();
        let momentum = self.momentum.split_off_mut(..count).unwrap_or_default();
        let squares = self.squares.split_off_mut(..count).unwrap_or_default();
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
                let mut squares = squares.iter_mut();
                for ((value, momentum), slope) in values.iter_mut().zip(momentum).zip(slopes) {
                    let slope = slope * self.scale;
                    self.rule
                        .update(value, slope, decay, momentum, squares.next());
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

#[cfg(test)]
mod tests {
    use super::*;

    fn config(kind: OptimizerKind) -> OptimizerConfig {
        OptimizerConfig {
            kind,
            learning_rate: 0.1,
            warmup_epochs: 0.0,
            decay_epochs: None,
            momentum: 0.9,
            square_momentum: 0.99,
            epsilon: 1e-8,
            weight_decay: 0.01,
            ema_decay: 0.0,
            clip_norm: None,
        }
    }

    /// A number after steps along these slopes.
    fn after(kind: OptimizerKind, slopes: &[f32]) -> f32 {
        let config = config(kind);
        let rates = Rates {
            learning_rate: 0.1,
            momentum: 0.9,
        };
        let (mut value, mut momentum, mut square) = (1.0, 0.0, 0.0);
        for (step, &slope) in slopes.iter().enumerate() {
            let square = kind.has_squares().then_some(&mut square);
            let rule = Rule::new(&config, rates, step + 1);
            rule.update(&mut value, slope, 0.01, &mut momentum, square);
        }
        value
    }

    fn assert_close(a: f32, b: f64) {
        assert!((f64::from(a) - b).abs() < 1e-6, "{a} is not {b}");
    }

    #[test]
    fn nesterov_looks_ahead() {
        // Slope 0.51 with decay; momentum 0.51; step 0.1 (0.51 + 0.9 * 0.51).
        assert_close(after(OptimizerKind::Sgd, &[0.5]), 1.0 - 0.0969);
    }

    /// The reference writes the paper's algorithm down, both means corrected.
    #[test]
    fn adam_follows_its_paper() {
        for kind in [OptimizerKind::Adam, OptimizerKind::AdamW] {
            let slopes = [0.5, -0.2, 0.3];
            let (mut value, mut first, mut second) = (1.0_f64, 0.0, 0.0);
            for (step, &slope) in (1..).zip(&slopes) {
                let mut slope = f64::from(slope);
                if kind == OptimizerKind::Adam {
                    slope += 0.01 * value;
                } else {
                    value -= 0.1 * 0.01 * value;
                }
                first = 0.9 * first + 0.1 * slope;
                second = 0.99 * second + 0.01 * slope * slope;
                let first = first / (1.0 - 0.9_f64.powi(step));
                let second: f64 = second / (1.0 - 0.99_f64.powi(step));
                value -= 0.1 * first / (second.sqrt() + 1e-8);
            }
            assert_close(after(kind, &slopes), value);
        }
    }
}
