//! Networks that are a chain of layers, told layer by layer.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{
    BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Initializer, LeakyRelu, LeakyReluConfig,
    Linear, LinearConfig, PaddingConfig2d, Relu,
};
use burn::tensor::activation::relu;
use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions, PadMode};
use burn::tensor::{Device, Tensor};

use super::Ops;
use super::blocks::{ConvNorm, ConvNormConfig, ResidualBlock, ResidualBlockConfig, mean_over_map};

/// One layer over maps.
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "a network has some twenty of them"
)]
pub enum Feature {
    /// Convolution with bias.
    Conv(Conv2d),
    /// Zeros at the bottom and to the right, then no others: what TensorFlow's SAME padding adds
    /// beside the symmetric part.
    Pad(Pad),
    /// Convolution, batch norm, ReLU.
    ConvNorm(ConvNorm),
    /// Batch norm.
    Norm(BatchNorm),
    /// `max(x, 0)`.
    Relu(Relu),
    /// `max(x, 0) + slope min(x, 0)`.
    LeakyRelu(LeakyRelu),
    /// The largest value under a window.
    MaxPool(MaxPool2d),
    /// A residual block.
    Residual(ResidualBlock),
    /// Drops values while training.
    Dropout(Dropout),
}

/// Zeros at the sides of a map.
#[derive(Module, Debug)]
pub struct Pad {
    start: usize,
    end: usize,
}

/// One dense layer, with what follows it.
#[derive(Module, Debug)]
pub struct Dense {
    linear: Linear,
    rectified: bool,
    dropout: Dropout,
}

/// Layers over maps, then dense ones.
#[derive(Module, Debug)]
pub struct Stack {
    features: Vec<Feature>,
    pooled: bool,
    dense: Vec<Dense>,
}

impl Stack {
    /// # Shapes
    /// - `input`: `[batch, channels, height, width]`, as told to [`StackBuilder::new`]
    /// - output: `[batch, outputs of the last dense layer]`
    pub fn forward(&self, input: Tensor<4>, ops: &impl Ops) -> Tensor<2> {
        let maps = self.features(input, ops);
        let mut x = if self.pooled {
            mean_over_map(maps)
        } else {
            maps.flatten(1, 3)
        };
        for dense in &self.dense {
            x = ops.linear(&dense.linear, x);
            if dense.rectified {
                x = dense.dropout.forward(relu(x));
            }
        }
        x
    }

    /// Only the layers over maps.
    pub fn features(&self, input: Tensor<4>, ops: &impl Ops) -> Tensor<4> {
        self.features.iter().fold(input, |x, layer| match layer {
            Feature::Conv(conv) => ops.conv2d(conv, x),
            Feature::Pad(pad) => x.pad(
                (pad.start, pad.end, pad.start, pad.end),
                PadMode::Constant(0.0),
            ),
            Feature::ConvNorm(block) => block.forward(x, None, true, ops),
            Feature::Norm(norm) => ops.norm_act(norm, x, None, false),
            Feature::Relu(layer) => layer.forward(x),
            Feature::LeakyRelu(layer) => layer.forward(x),
            Feature::MaxPool(pool) => ops.max_pool2d(pool, x),
            Feature::Residual(block) => block.forward(x, ops),
            Feature::Dropout(dropout) => dropout.forward(x),
        })
    }
}

/// Tells a [`Stack`] layer by layer, with fresh weights.
#[derive(Debug)]
pub struct StackBuilder<'a> {
    device: &'a Device,
    /// Channels, height and width of the maps so far.
    shape: [usize; 3],
    features: Vec<Feature>,
    pooled: bool,
    /// Values that enter the next dense layer; none before the first.
    width: Option<usize>,
    dense: Vec<Dense>,
}

impl<'a> StackBuilder<'a> {
    /// Maps of `[channels, height, width]` come in.
    #[must_use]
    pub fn new(device: &'a Device, shape: [usize; 3]) -> Self {
        Self {
            device,
            shape,
            features: Vec::new(),
            pooled: false,
            width: None,
            dense: Vec::new(),
        }
    }

    /// Channels, height and width of the maps so far.
    #[must_use]
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// A convolution with bias; `pad` zeros on each side.
    #[must_use]
    pub fn conv(mut self, channels: usize, kernel: usize, stride: usize, pad: usize) -> Self {
        let conv = Conv2dConfig::new([self.shape[0], channels], [kernel; 2])
            .with_stride([stride; 2])
            .with_padding(PaddingConfig2d::Explicit(pad, pad, pad, pad))
            .with_initializer(Initializer::KaimingNormal {
                gain: std::f64::consts::SQRT_2,
                fan_out_only: false,
            })
            .init(self.device);
        self.features.push(Feature::Conv(conv));
        let side = |side: usize| (side + 2 * pad - kernel) / stride + 1;
        self.shape = [channels, side(self.shape[1]), side(self.shape[2])];
        self
    }

    /// A convolution with bias and TensorFlow's SAME padding: the size is divided by the stride,
    /// rounded up, and an odd zero goes to the bottom and to the right.
    #[must_use]
    pub fn conv_same(mut self, channels: usize, kernel: usize, stride: usize) -> Self {
        let side = self.shape[1];
        let total = ((side.div_ceil(stride) - 1) * stride + kernel).saturating_sub(side);
        self = self.pad(total / 2, total - total / 2);
        self.conv(channels, kernel, stride, 0)
    }

    /// Zeros above and to the left, and below and to the right.
    #[must_use]
    pub fn pad(mut self, start: usize, end: usize) -> Self {
        self.features.push(Feature::Pad(Pad { start, end }));
        let [channels, height, width] = self.shape;
        self.shape = [channels, height + start + end, width + start + end];
        self
    }

    /// A convolution without bias that keeps the size (or divides it by the stride), batch norm,
    /// ReLU. The kernel is odd.
    #[must_use]
    pub fn conv_norm_relu(mut self, channels: usize, kernel: usize, stride: usize) -> Self {
        let config = ConvNormConfig::new([self.shape[0], channels])
            .with_kernel(kernel)
            .with_stride(stride);
        self.features
            .push(Feature::ConvNorm(config.init(self.device)));
        self.strided(channels, stride)
    }

    /// A residual block of two 3 x 3 convolutions.
    #[must_use]
    pub fn residual(mut self, channels: usize, stride: usize) -> Self {
        let config = ResidualBlockConfig::new([self.shape[0], channels]).with_stride(stride);
        self.features
            .push(Feature::Residual(config.init(self.device)));
        self.strided(channels, stride)
    }

    fn strided(mut self, channels: usize, stride: usize) -> Self {
        let [_, height, width] = self.shape;
        self.shape = [channels, height.div_ceil(stride), width.div_ceil(stride)];
        self
    }

    /// Batch norm.
    #[must_use]
    pub fn norm(mut self) -> Self {
        let norm = BatchNormConfig::new(self.shape[0]).init(self.device);
        self.features.push(Feature::Norm(norm));
        self
    }

    /// ReLU.
    #[must_use]
    pub fn relu(mut self) -> Self {
        self.features.push(Feature::Relu(Relu::new()));
        self
    }

    /// Leaky ReLU.
    #[must_use]
    pub fn leaky_relu(mut self, slope: f64) -> Self {
        let layer = LeakyReluConfig::new().with_negative_slope(slope).init();
        self.features.push(Feature::LeakyRelu(layer));
        self
    }

    /// Max pooling without padding.
    #[must_use]
    pub fn max_pool(mut self, kernel: usize, stride: usize) -> Self {
        let pool = MaxPool2dConfig::new([kernel; 2]).with_strides([stride; 2]);
        self.features.push(Feature::MaxPool(pool.init()));
        let [channels, height, width] = self.shape;
        let side = |side: usize| (side - kernel) / stride + 1;
        self.shape = [channels, side(height), side(width)];
        self
    }

    /// Dropout on maps.
    #[must_use]
    pub fn dropout(mut self, share: f64) -> Self {
        let dropout = DropoutConfig::new(share).init();
        self.features.push(Feature::Dropout(dropout));
        self
    }

    /// The mean over each map enters the dense layers, in place of all values.
    #[must_use]
    pub fn mean(mut self) -> Self {
        self.pooled = true;
        self
    }

    /// A dense layer with ReLU and dropout.
    #[must_use]
    pub fn hidden(self, outputs: usize, dropout: f64) -> Self {
        self.dense(outputs, true, dropout)
    }

    /// The last dense layer, which gives the logits.
    #[must_use]
    pub fn classes(self, classes: usize) -> Stack {
        let done = self.dense(classes, false, 0.0);
        Stack {
            features: done.features,
            pooled: done.pooled,
            dense: done.dense,
        }
    }

    /// No dense layers: for use of [`Stack::features`] alone.
    #[must_use]
    pub fn features_only(self) -> Stack {
        Stack {
            features: self.features,
            pooled: false,
            dense: Vec::new(),
        }
    }

    fn dense(mut self, outputs: usize, rectified: bool, dropout: f64) -> Self {
        let [channels, height, width] = self.shape;
        let inputs = self.width.unwrap_or(if self.pooled {
            channels
        } else {
            channels * height * width
        });
        self.dense.push(Dense {
            linear: LinearConfig::new(inputs, outputs).init(self.device),
            rectified,
            dropout: DropoutConfig::new(dropout).init(),
        });
        self.width = Some(outputs);
        self
    }
}

/// Faces of another size, bilinear.
///
/// # Shapes
/// - `faces`: `[batch, channels, height, width]`
/// - output: `[batch, channels, side, side]`
#[must_use]
pub fn resized(faces: Tensor<4>, side: usize) -> Tensor<4> {
    if faces.dims()[2..] == [side; 2] {
        return faces;
    }
    let options = InterpolateOptions::new(InterpolateMode::Bilinear)
        .with_align_corners(false)
        .with_output_size([side; 2]);
    interpolate(faces, options)
}
