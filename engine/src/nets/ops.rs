//! The operations that make up nearly all of a network's cost, behind a trait.

use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2d;
use burn::nn::{BatchNorm, Linear};
use burn::tensor::{Tensor, activation::relu};

/// How a network computes its convolutions, batch norms, max pooling and dense layers: by Burn's own
/// operations, unless an implementation brings others.
///
/// Batch norm uses the batch's own statistics, and updates the running ones, exactly when Burn's
/// own does: on an autodiff device, unless the module is frozen.
pub trait Ops {
    /// Convolution with the module's weights, bias, stride, padding and groups.
    ///
    /// # Shapes
    /// - `input`: `[batch, channels_in, height, width]`
    /// - output: `[batch, channels_out, height_out, width_out]`
    fn conv2d(&self, conv: &Conv2d, input: Tensor<4>) -> Tensor<4> {
        conv.forward(input)
    }

    /// Batch norm, then `residual` added if there is one, then ReLU if `with_relu`.
    ///
    /// # Shapes
    /// - `input`, `residual` and output: `[batch, channels, height, width]`
    fn norm_act(
        &self,
        norm: &BatchNorm,
        input: Tensor<4>,
        residual: Option<Tensor<4>>,
        with_relu: bool,
    ) -> Tensor<4> {
        let mut output = norm.forward(input);
        if let Some(residual) = residual {
            output = output.add(residual);
        }
        if with_relu { relu(output) } else { output }
    }

    /// Max pooling as the module says.
    ///
    /// # Shapes
    /// - `input`: `[batch, channels, height, width]`
    /// - output: `[batch, channels, height_out, width_out]`
    fn max_pool2d(&self, pool: &MaxPool2d, input: Tensor<4>) -> Tensor<4> {
        pool.forward(input)
    }

    /// A dense layer.
    ///
    /// # Shapes
    /// - `input`: `[batch, values_in]`
    /// - output: `[batch, values_out]`
    fn linear(&self, linear: &Linear, input: Tensor<2>) -> Tensor<2> {
        linear.forward(input)
    }
}

/// Burn's own operations: they run on every device.
#[derive(Clone, Copy, Debug, Default)]
pub struct StockOps;

impl Ops for StockOps {}
