//! The blocks that the networks are built of.

use burn::config::Config;
use burn::module::{Module, Param, RunningState};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Initializer, PaddingConfig2d};
use burn::tensor::{Device, Tensor, TensorData};

use super::{Ops, PlanBuilder};
use crate::plan::{Activation, Residual, TensorId};

/// Configuration of a [`ConvNorm`].
#[derive(Config, Debug)]
pub struct ConvNormConfig {
    /// Channels in and out.
    pub channels: [usize; 2],
    /// Side of the square kernel; odd.
    #[config(default = 3)]
    pub kernel: usize,
    /// Step down and right.
    #[config(default = 1)]
    pub stride: usize,
    /// 1, or the number of channels for a depthwise convolution.
    #[config(default = 1)]
    pub groups: usize,
    /// Zeros on each side; without it half of the kernel, so that stride 1 keeps the size.
    pub padding: Option<usize>,
}

/// A convolution without bias, then batch norm.
#[derive(Module, Debug)]
pub struct ConvNorm {
    /// The convolution.
    pub conv: Conv2d,
    /// The batch norm.
    pub norm: BatchNorm,
}

impl ConvNormConfig {
    /// The block with fresh weights (He et al. 2015, "Delving deep into rectifiers": normal
    /// distribution, variance `2 / fan_out`, of a depthwise convolution `2 / fan_in`).
    #[must_use]
    pub fn init(&self, device: &Device) -> ConvNorm {
        let pad = self.padding.unwrap_or(self.kernel / 2);
        let conv = Conv2dConfig::new(self.channels, [self.kernel; 2])
            .with_stride([self.stride; 2])
            .with_groups(self.groups)
            .with_padding(PaddingConfig2d::Explicit(pad, pad, pad, pad))
            .with_bias(false)
            .with_initializer(Initializer::KaimingNormal {
                gain: std::f64::consts::SQRT_2,
                fan_out_only: self.groups == 1,
            })
            .init(device);
        let norm = BatchNormConfig::new(self.channels[1]).init(device);
        ConvNorm { conv, norm }
    }
}

impl ConvNorm {
    /// Convolution, batch norm, then the residual added if there is one, then ReLU if asked.
    ///
    /// # Shapes
    /// - `input`: `[batch, channels_in, height, width]`
    /// - `residual` and output: `[batch, channels_out, height / stride, width / stride]`
    pub fn forward(
        &self,
        input: Tensor<4>,
        residual: Option<Tensor<4>>,
        relu: bool,
        ops: &impl Ops,
    ) -> Tensor<4> {
        let output = ops.conv2d(&self.conv, input);
        ops.norm_act(&self.norm, output, residual, relu)
    }

    /// Puts a kernel, of the shape of the convolution's, in place, and a batch norm that was folded
    /// to `scale * x + shift`, `[channels_out]` each. It has no statistics: mean 0, variance 1.
    pub fn set_folded(&mut self, kernel: TensorData, scale: Vec<f32>, shift: Vec<f32>) {
        let device = self.conv.weight.device();
        let channels = [shift.len()];
        self.conv.weight = Param::from_data(kernel, &device);
        let norm = &mut self.norm;
        norm.gamma = Param::from_data(TensorData::new(scale, channels), &device);
        norm.beta = Param::from_data(TensorData::new(shift, channels), &device);
        norm.running_mean = RunningState::new(Tensor::zeros(channels, &device));
        // With what is added to it, one.
        let variance = Tensor::ones(channels, &device).sub_scalar(norm.epsilon);
        norm.running_var = RunningState::new(variance);
    }

    /// Adds the block to a plan as one layer.
    pub fn export(
        &self,
        plan: &mut PlanBuilder,
        input: TensorId,
        residual: Option<TensorId>,
        activation: Activation,
    ) -> TensorId {
        let residual = residual.map(Residual::BeforeActivation);
        plan.conv(input, &self.conv, Some(&self.norm), residual, activation)
    }
}

/// Cuts the same margin off all four sides.
#[derive(Module, Debug)]
pub struct CentreCrop {
    margin: usize,
}

impl CentreCrop {
    /// Cuts off `margin` pixels on each side.
    #[must_use]
    pub fn new(margin: usize) -> Self {
        Self { margin }
    }

    /// # Shapes
    /// - `input`: `[batch, 1, height, width]`
    /// - output: `[batch, 1, height - 2 margin, width - 2 margin]`
    #[must_use]
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let [batch, channels, height, width] = input.dims();
        let inside = |side: usize| self.margin..side - self.margin;
        input.slice([0..batch, 0..channels, inside(height), inside(width)])
    }

    /// Adds the crop to a plan, as a kernel of zeros around a one: plans need no layer of its own
    /// for it.
    pub fn export(&self, plan: &mut PlanBuilder, input: TensorId) -> TensorId {
        if self.margin == 0 {
            return input;
        }
        plan.pick(input, 2 * self.margin + 1)
    }
}

/// The mean over the map.
///
/// # Shapes
/// - `input`: `[batch, channels, height, width]`
/// - output: `[batch, channels]`
#[must_use]
pub fn mean_over_map(input: Tensor<4>) -> Tensor<2> {
    let [batch, channels, height, width] = input.dims();
    input
        .reshape([batch, channels, height * width])
        .mean_dim(2)
        .reshape([batch, channels])
}

/// Stages of residual blocks behind `channels` channels, each stage its channels, its number of
/// blocks and the stride of the first of them: the blocks, and the channels behind the last.
#[must_use]
pub fn residual_stages(
    mut channels: usize,
    stages: impl IntoIterator<Item = (usize, usize, usize)>,
    device: &Device,
) -> (Vec<ResidualBlock>, usize) {
    let mut blocks = Vec::new();
    for (stage_channels, count, first_stride) in stages {
        for index in 0..count {
            let block = ResidualBlockConfig::new([channels, stage_channels])
                .with_stride(if index == 0 { first_stride } else { 1 });
            blocks.push(block.init(device));
            channels = stage_channels;
        }
    }
    (blocks, channels)
}

/// Configuration of a [`ResidualBlock`].
#[derive(Config, Debug)]
pub struct ResidualBlockConfig {
    /// Channels in and out.
    pub channels: [usize; 2],
    /// Stride of the first convolution.
    #[config(default = 1)]
    pub stride: usize,
}

/// Two 3 x 3 convolutions beside a shortcut (He et al. 2016, "Deep residual learning").
/// The shortcut is a 1 x 1 convolution where size or channels change, else the input itself.
#[derive(Module, Debug)]
pub struct ResidualBlock {
    /// The convolution that may change size and channels.
    pub first: ConvNorm,
    /// The convolution whose result meets the shortcut.
    pub second: ConvNorm,
    /// What leads past both.
    pub shortcut: Option<ConvNorm>,
}

impl ResidualBlockConfig {
    /// The block with fresh weights.
    #[must_use]
    pub fn init(&self, device: &Device) -> ResidualBlock {
        let [channels_in, channels_out] = self.channels;
        let reshapes = channels_in != channels_out || self.stride != 1;
        ResidualBlock {
            first: ConvNormConfig::new(self.channels)
                .with_stride(self.stride)
                .init(device),
            second: ConvNormConfig::new([channels_out; 2]).init(device),
            shortcut: reshapes.then(|| {
                ConvNormConfig::new(self.channels)
                    .with_kernel(1)
                    .with_stride(self.stride)
                    .init(device)
            }),
        }
    }
}

impl ResidualBlock {
    /// # Shapes
    /// - `input`: `[batch, channels_in, height, width]`
    /// - output: `[batch, channels_out, height / stride, width / stride]`
    pub fn forward(&self, input: Tensor<4>, ops: &impl Ops) -> Tensor<4> {
        let shortcut = match &self.shortcut {
            Some(shortcut) => shortcut.forward(input.clone(), None, false, ops),
            None => input.clone(),
        };
        let inner = self.first.forward(input, None, true, ops);
        self.second.forward(inner, Some(shortcut), true, ops)
    }

    /// Its convolutions, in the order in which they compute.
    pub fn convs_mut(&mut self) -> impl Iterator<Item = &mut ConvNorm> {
        (self.shortcut.iter_mut()).chain([&mut self.first, &mut self.second])
    }

    /// Adds the block to a plan.
    pub fn export(&self, plan: &mut PlanBuilder, input: TensorId) -> TensorId {
        let shortcut = match &self.shortcut {
            Some(shortcut) => shortcut.export(plan, input, None, Activation::Identity),
            None => input,
        };
        let inner = self.first.export(plan, input, None, Activation::Relu);
        self.second
            .export(plan, inner, Some(shortcut), Activation::Relu)
    }
}
