//! `ResNetV2`, of study S4.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::MaxPool2d;
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

use super::four_class;
use super::res_net50::{EXPANSION, STAGES, stem_pool};
use crate::nets::Ops;
use crate::nets::blocks::{ConvNorm, ConvNormConfig, mean_over_map};

/// A bottleneck whose batch norms and `ReLU`s come before the convolutions.
#[derive(Module, Debug)]
struct PreBottleneck {
    before: BatchNorm,
    narrow: ConvNorm,
    spatial: ConvNorm,
    widen: Conv2d,
    shortcut: Option<Conv2d>,
}

impl PreBottleneck {
    fn new(channels_in: usize, inner: usize, stride: usize, device: &Device) -> Self {
        let wide = EXPANSION * inner;
        let point = |channels, stride| {
            Conv2dConfig::new(channels, [1, 1])
                .with_stride([stride; 2])
                .init(device)
        };
        let reshapes = channels_in != wide || stride != 1;
        Self {
            before: BatchNormConfig::new(channels_in).init(device),
            narrow: ConvNormConfig::new([channels_in, inner])
                .with_kernel(1)
                .init(device),
            spatial: ConvNormConfig::new([inner, inner])
                .with_stride(stride)
                .init(device),
            widen: point([inner, wide], 1),
            shortcut: reshapes.then(|| point([channels_in, wide], stride)),
        }
    }

    fn forward(&self, input: Tensor<4>, ops: &impl Ops) -> Tensor<4> {
        let x = ops.norm_act(&self.before, input.clone(), None, true);
        let shortcut = match &self.shortcut {
            Some(shortcut) => ops.conv2d(shortcut, x.clone()),
            None => input,
        };
        let x = self.narrow.forward(x, None, true, ops);
        let x = self.spatial.forward(x, None, true, ops);
        ops.conv2d(&self.widen, x).add(shortcut)
    }
}

/// ResNet-50 with identity mappings (He et al. 2016, "Identity mappings in deep residual networks").
///
/// Given by the study: the name. Chosen: the depth of 50 layers; gray or RGB faces of 48 pixels,
/// which the first convolution keeps at their size; one dense layer as classifier. `reduce` divides
/// all channels, so that the network learns within a budget.
#[derive(Module, Debug)]
pub struct ResNetV2 {
    rgb: bool,
    stem: Conv2d,
    pool: MaxPool2d,
    blocks: Vec<PreBottleneck>,
    after: BatchNorm,
    head: Linear,
}

impl ResNetV2 {
    /// The network with fresh weights.
    #[must_use]
    pub fn new(rgb: bool, classes: usize, reduce: usize, device: &Device) -> Self {
        let mut channels = 64 / reduce;
        let from = if rgb { 3 } else { 1 };
        let stem = Conv2dConfig::new([from, channels], [7, 7])
            .with_padding(burn::nn::PaddingConfig2d::Explicit(3, 3, 3, 3))
            .init(device);
        let mut blocks = Vec::new();
        for (inner, count, stride) in STAGES {
            for block in 0..count {
                let stride = if block == 0 { stride } else { 1 };
                blocks.push(PreBottleneck::new(channels, inner / reduce, stride, device));
                channels = EXPANSION * inner / reduce;
            }
        }
        Self {
            rgb,
            stem,
            pool: stem_pool(),
            blocks,
            after: BatchNormConfig::new(channels).init(device),
            head: LinearConfig::new(channels, classes).init(device),
        }
    }

    /// # Shapes
    /// - `faces`: `[batch, 1, 48, 48]`
    /// - output: `[batch, classes]`
    pub fn forward(&self, faces: Tensor<4>, ops: &impl Ops) -> Tensor<2> {
        let faces = if self.rgb {
            four_class::repeated(faces)
        } else {
            faces
        };
        let x = ops.max_pool2d(&self.pool, ops.conv2d(&self.stem, faces)); // 24 x 24
        let x = (self.blocks.iter()).fold(x, |x, block| block.forward(x, ops)); // 3 x 3
        let x = ops.norm_act(&self.after, x, None, true);
        ops.linear(&self.head, mean_over_map(x))
    }
}
