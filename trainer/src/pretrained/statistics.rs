//! Statistics for batch norms that were folded away: a network can be trained on only with those of
//! faces.

use std::cell::RefCell;

use burn::module::RunningState;
use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2d;
use burn::nn::{BatchNorm, Linear};
use burn::tensor::Tensor;
use mien_engine::nets::blocks::ConvNorm;
use mien_engine::nets::{Network, Ops};

use crate::data::DataSet;
use crate::evaluate;
use crate::ops::FastOps;

/// Faces that the statistics are measured on.
const FACES: usize = 256;

/// Mean and variance of each channel that a batch norm has seen, `[channels]` each.
#[derive(Debug)]
pub struct Statistics {
    mean: Tensor<1>,
    variance: Tensor<1>,
}

/// What each batch norm of a network sees of `faces`, in the order in which they compute.
pub fn of(network: &Network, faces: &DataSet) -> Vec<Statistics> {
    let some = 0..faces.len().min(FACES);
    let pixels: Vec<f32> = some.flat_map(|face| faces.pixels(face)).collect();
    let observer = Observer::default();
    evaluate::logits(network, &pixels, &observer);
    observer.seen.into_inner()
}

/// Gives batch norms these statistics, and scales and shifts with which they compute what they did.
pub fn give<'a>(
    layers: impl IntoIterator<Item = &'a mut ConvNorm>,
    statistics: impl IntoIterator<Item = Statistics>,
) {
    for (layer, Statistics { mean, variance }) in layers.into_iter().zip(statistics) {
        let norm = &mut layer.norm;
        let deviation = |variance: Tensor<1>| variance.add_scalar(norm.epsilon).sqrt();
        let scale = norm.gamma.val() / deviation(norm.running_var.value());
        let shift = norm.beta.val() - norm.running_mean.value() * scale.clone();
        let gamma = scale.clone() * deviation(variance.clone());
        let beta = shift + mean.clone() * scale;
        norm.gamma = norm.gamma.clone().map(|_| gamma.clone());
        norm.beta = norm.beta.clone().map(|_| beta.clone());
        norm.running_mean = RunningState::new(mean);
        norm.running_var = RunningState::new(variance);
    }
}

/// Operations that keep what batch norms see.
#[derive(Debug, Default)]
struct Observer {
    ops: FastOps,
    seen: RefCell<Vec<Statistics>>,
}

impl Ops for Observer {
    fn conv2d(&self, conv: &Conv2d, input: Tensor<4>) -> Tensor<4> {
        self.ops.conv2d(conv, input)
    }

    fn norm_act(
        &self,
        norm: &BatchNorm,
        input: Tensor<4>,
        residual: Option<Tensor<4>>,
        with_relu: bool,
    ) -> Tensor<4> {
        let [batch, channels, height, width] = input.dims();
        let (variance, mean) = input
            .clone()
            .swap_dims(0, 1)
            .reshape([channels, batch * height * width])
            .var_mean_bias(1);
        self.seen.borrow_mut().push(Statistics {
            mean: mean.squeeze_dim(1),
            variance: variance.squeeze_dim(1),
        });
        self.ops.norm_act(norm, input, residual, with_relu)
    }

    fn max_pool2d(&self, pool: &MaxPool2d, input: Tensor<4>) -> Tensor<4> {
        self.ops.max_pool2d(pool, input)
    }

    fn linear(&self, linear: &Linear, input: Tensor<2>) -> Tensor<2> {
        self.ops.linear(linear, input)
    }
}
