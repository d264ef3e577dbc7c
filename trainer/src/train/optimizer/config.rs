//! Settings of the optimiser.

use serde::{Deserialize, Serialize};

/// Which rule moves the weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerKind {
    /// Stochastic gradient descent with Nesterov momentum.
    #[default]
    Sgd,
    /// Adam (Kingma and Ba 2015), weight decay being part of the gradient.
    Adam,
    /// Adam with weight decay apart from the gradient (Loshchilov and Hutter 2019, "Decoupled
    /// weight decay regularization").
    AdamW,
}

impl OptimizerKind {
    /// Whether the rule also remembers squares of gradients.
    #[must_use]
    pub fn has_squares(self) -> bool {
        self != Self::Sgd
    }
}

/// How the weights move. The learning rate rises in a line, then changes as [`Schedule`](crate::train::Schedule) says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptimizerConfig {
    /// Which rule moves the weights.
    #[serde(default)]
    pub kind: OptimizerKind,
    /// The highest learning rate.
    pub learning_rate: f64,
    /// Epochs until it is reached; may be a fraction.
    #[serde(default)]
    pub warmup_epochs: f64,
    /// Epochs during which a cosine schedule falls; all after the rise if not given.
    #[serde(default)]
    pub decay_epochs: Option<f64>,
    /// Share of the last step that is kept; Adam's first beta.
    pub momentum: f64,
    /// Share of the mean of squared gradients that is kept; Adam's second beta.
    #[serde(default = "default_square_momentum")]
    pub square_momentum: f64,
    /// Keeps Adam from dividing by zero.
    #[serde(default = "default_epsilon")]
    pub epsilon: f64,
    /// Decay of kernels and matrices; biases and batch norms are left out.
    #[serde(default)]
    pub weight_decay: f64,
    /// Decay of the running mean of the weights, which is what is evaluated and kept; 0 keeps the
    /// weights themselves.
    #[serde(default)]
    pub ema_decay: f64,
    /// Longer gradients, all weights taken together, are shortened to this length.
    #[serde(default)]
    pub clip_norm: Option<f64>,
}

fn default_square_momentum() -> f64 {
    0.999
}

fn default_epsilon() -> f64 {
    1e-8
}

impl OptimizerConfig {
    /// The settings with their ranges, and whether they keep to them.
    pub(in crate::train) fn checks(&self) -> [(&'static str, &'static str, bool); 7] {
        let share = |value: f64| (0.0..1.0).contains(&value);
        [
            (
                "optimizer.learning_rate",
                "above 0",
                self.learning_rate > 0.0 && self.learning_rate.is_finite(),
            ),
            (
                "optimizer.momentum",
                "from 0 to below 1",
                share(self.momentum),
            ),
            (
                "optimizer.weight_decay",
                "at least 0",
                self.weight_decay >= 0.0 && self.weight_decay.is_finite(),
            ),
            (
                "optimizer.ema_decay",
                "from 0 to below 1",
                share(self.ema_decay),
            ),
            (
                "optimizer.square_momentum",
                "from 0 to below 1",
                share(self.square_momentum),
            ),
            (
                "optimizer.epsilon",
                "above 0",
                self.epsilon > 0.0 && self.epsilon.is_finite(),
            ),
            (
                "optimizer.clip_norm",
                "above 0",
                self.clip_norm.is_none_or(|limit| limit > 0.0),
            ),
        ]
    }
}
