//! Fast operations for the CPU: convolution, batch norm and max pooling with their own gradients.
//!
//! They are registered with Burn as a backend extension ([`extension`]), so that they take part in
//! its automatic differentiation, and reach the networks through the engine's [`Ops`] trait.
//! Everything here runs on one thread: one training process a core scales better than threads.

#![allow(
    clippy::inline_always,
    reason = "loops must be inlined into the function that is compiled for the CPU's vectors"
)]
#![allow(
    clippy::needless_range_loop,
    reason = "an index that walks several arrays of registers at once reads best"
)]

mod buffer;
pub mod conv;
mod extension;
pub mod norm;
pub mod pool;

use burn::backend::{Dispatch, DispatchDevice};
use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2d;
use burn::nn::{BatchNorm, PaddingConfig2d};
use burn::tensor::{Device, Tensor};
use clap::ValueEnum;
use mien_engine::nets::{Ops, StockOps};
use serde::{Deserialize, Serialize};

use conv::Window;
use extension::TrainingOps;

/// Numbers that convolutions multiply; sums and everything else are `f32`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// As they are.
    #[default]
    F32,
    /// Rounded to bfloat16 in dense convolutions of more than one channel: half the digits. Twice
    /// as fast on CPUs that multiply bfloat16 (AVX512-BF16), the same but slow on others.
    Bf16,
}

/// Our own kernels on Burn's CPU backend, Burn's operations everywhere else.
#[derive(Clone, Copy, Debug, Default)]
pub struct FastOps {
    /// What convolutions multiply.
    pub precision: Precision,
}

impl Ops for FastOps {
    fn conv2d(&self, conv: &Conv2d, input: Tensor<4>) -> Tensor<4> {
        let channels_in = input.dims()[1];
        match window(conv, channels_in) {
            Some(window) if is_cpu(&input.device()) => {
                // Answers are not rounded, only what is learned from.
                let precision = if input.device().is_autodiff() {
                    self.precision
                } else {
                    Precision::F32
                };
                Tensor::from_dispatch(Dispatch::train_conv2d(
                    input.into_dispatch(),
                    conv.weight.val().into_dispatch(),
                    conv.bias
                        .as_ref()
                        .map(|bias| bias.val().into_dispatch())
                        .into(),
                    window,
                    precision,
                ))
            }
            _ => StockOps.conv2d(conv, input),
        }
    }

    fn norm_act(
        &self,
        norm: &BatchNorm,
        input: Tensor<4>,
        residual: Option<Tensor<4>>,
        relu: bool,
    ) -> Tensor<4> {
        let device = input.device();
        if !(is_cpu(&device) && device.is_autodiff() && norm.training.is_enabled()) {
            return StockOps.norm_act(norm, input, residual, relu);
        }
        let (output, mean, variance) = Dispatch::train_norm_act(
            input.into_dispatch(),
            norm.gamma.val().into_dispatch(),
            norm.beta.val().into_dispatch(),
            residual.map(Tensor::into_dispatch).into(),
            norm.epsilon as f32,
            relu,
        );
        for (running, batch) in [(&norm.running_mean, mean), (&norm.running_var, variance)] {
            let batch = Tensor::<1>::from_dispatch(batch).detach();
            let old = running.value_sync().to_device(&device);
            let new = old.mul_scalar(1.0 - norm.momentum) + batch.mul_scalar(norm.momentum);
            running.update(new.detach());
        }
        Tensor::from_dispatch(output)
    }

    fn max_pool2d(&self, pool: &MaxPool2d, input: Tensor<4>) -> Tensor<4> {
        let large_enough = input.dims()[2..].iter().all(|side| *side >= 2);
        if is_cpu(&input.device()) && halves(pool) && large_enough {
            Tensor::from_dispatch(Dispatch::train_max_pool2d(input.into_dispatch()))
        } else {
            StockOps.max_pool2d(pool, input)
        }
    }
}

/// Whether Burn's CPU backend computes on this device, differentiating or not.
fn is_cpu(device: &Device) -> bool {
    matches!(
        device.clone().without_autodiff().as_dispatch(),
        DispatchDevice::Flex(_)
    )
}

/// The module's window, where our kernels cover it: no dilation, symmetric padding, dense or depthwise.
fn window(conv: &Conv2d, channels_in: usize) -> Option<Window> {
    let [channels_out, _, _, _] = conv.weight.dims();
    let depthwise = conv.groups == channels_in && conv.groups == channels_out;
    let kernel = conv.kernel_size;
    let padding = match conv.padding {
        PaddingConfig2d::Valid => [0, 0],
        PaddingConfig2d::Explicit(top, left, bottom, right) if top == bottom && left == right => {
            [top, left]
        }
        PaddingConfig2d::Same if conv.stride == [1, 1] && kernel.iter().all(|k| k % 2 == 1) => {
            kernel.map(|k| k / 2)
        }
        _ => return None,
    };
    (conv.dilation == [1, 1] && (conv.groups == 1 || depthwise)).then_some(Window {
        kernel,
        stride: conv.stride,
        padding,
        depthwise: depthwise && conv.groups > 1,
    })
}

/// Whether the module takes the maxima of 2 x 2 pixels that do not overlap.
fn halves(pool: &MaxPool2d) -> bool {
    let unpadded = matches!(
        pool.padding,
        PaddingConfig2d::Valid | PaddingConfig2d::Explicit(0, 0, 0, 0)
    );
    [pool.kernel_size, pool.stride] == [[2; 2]; 2]
        && pool.dilation == [1, 1]
        && unpadded
        && !pool.ceil_mode
}

#[cfg(test)]
mod tests;
