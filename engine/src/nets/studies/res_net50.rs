//! `ResNet50`, of study S1.

use burn::module::Module;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};

use crate::nets::Ops;
use crate::nets::blocks::{ConvNorm, ConvNormConfig, mean_over_map};

/// Channels between the 1 x 1 convolutions, number of blocks and first stride of each stage.
pub(super) const STAGES: [(usize, usize, usize); 4] =
    [(64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)];

/// By how much a block widens what it has narrowed.
pub(super) const EXPANSION: usize = 4;

/// A bottleneck: 1 x 1, 3 x 3 and 1 x 1 convolutions beside a shortcut. The stride is that of the
/// 3 x 3 convolution, as in the networks that are given away.
#[derive(Module, Debug)]
struct Bottleneck {
    narrow: ConvNorm,
    spatial: ConvNorm,
    widen: ConvNorm,
    shortcut: Option<ConvNorm>,
}

impl Bottleneck {
    fn new(channels_in: usize, inner: usize, stride: usize, device: &Device) -> Self {
        let wide = EXPANSION * inner;
        let conv = |channels, kernel, stride| {
            ConvNormConfig::new(channels)
                .with_kernel(kernel)
                .with_stride(stride)
                .init(device)
        };
        let reshapes = channels_in != wide || stride != 1;
        Self {
            narrow: conv([channels_in, inner], 1, 1),
            spatial: conv([inner, inner], 3, stride),
            widen: conv([inner, wide], 1, 1),
            shortcut: reshapes.then(|| conv([channels_in, wide], 1, stride)),
        }
    }

    fn forward(&self, input: Tensor<4>, ops: &impl Ops) -> Tensor<4> {
        let shortcut = match &self.shortcut {
            Some(shortcut) => shortcut.forward(input.clone(), None, false, ops),
            None => input.clone(),
        };
        let x = self.narrow.forward(input, None, true, ops);
        let x = self.spatial.forward(x, None, true, ops);
        self.widen.forward(x, Some(shortcut), true, ops)
    }
}

/// Sixteen bottlenecks in four stages (He et al. 2016, "Deep residual learning for image
/// recognition").
///
/// Given by the study: the name, and a classifier of its own on top. Chosen: gray faces of 48
/// pixels, which the first convolution keeps at their size, since they have less than a quarter of
/// the 224 pixels of the paper; one dense layer as classifier. `reduce` divides all channels, so
/// that the network learns within a budget.
#[derive(Module, Debug)]
pub struct ResNet50 {
    stem: ConvNorm,
    pool: MaxPool2d,
    blocks: Vec<Bottleneck>,
    head: Linear,
}

impl ResNet50 {
    /// The network with fresh weights.
    #[must_use]
    pub fn new(classes: usize, reduce: usize, device: &Device) -> Self {
        let mut channels = 64 / reduce;
        let stem = ConvNormConfig::new([1, channels])
            .with_kernel(7)
            .init(device);
        let mut blocks = Vec::new();
        for (inner, count, stride) in STAGES {
            for block in 0..count {
                let stride = if block == 0 { stride } else { 1 };
                blocks.push(Bottleneck::new(channels, inner / reduce, stride, device));
                channels = EXPANSION * inner / reduce;
            }
        }
        Self {
            stem,
            pool: stem_pool(),
            blocks,
            head: LinearConfig::new(channels, classes).init(device),
        }
    }

    /// # Shapes
    /// - `faces`: `[batch, 1, 48, 48]`
    /// - output: `[batch, classes]`
    pub fn forward(&self, faces: Tensor<4>, ops: &impl Ops) -> Tensor<2> {
        let x = self.stem.forward(faces, None, true, ops); // 48 x 48
        let x = ops.max_pool2d(&self.pool, x); // 24 x 24
        let x = (self.blocks.iter()).fold(x, |x, block| block.forward(x, ops)); // 3 x 3
        ops.linear(&self.head, mean_over_map(x))
    }
}

/// The pooling after the first convolution.
pub(super) fn stem_pool() -> MaxPool2d {
    MaxPool2dConfig::new([3, 3])
        .with_strides([2, 2])
        .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
        .init()
}
