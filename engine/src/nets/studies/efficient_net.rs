//! `EfficientNet`, of study S4.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Dropout, DropoutConfig, Linear, LinearConfig};
use burn::tensor::activation::{sigmoid, silu};
use burn::tensor::{Device, Tensor};

use super::four_class;
use crate::nets::Ops;
use crate::nets::blocks::{ConvNorm, ConvNormConfig, mean_over_map};

/// Widening, kernel, first stride, channels and number of the blocks of each stage (table 1 of the
/// paper, and the numbers of the network it was made from).
const STAGES: [(usize, usize, usize, usize, usize); 7] = [
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
];
const STEM: usize = 32;
const LAST: usize = 1280;

/// A 1 x 1 convolution and batch norm.
fn one_by_one(channels: [usize; 2], device: &Device) -> ConvNorm {
    ConvNormConfig::new(channels).with_kernel(1).init(device)
}

/// Weighs the channels by what their means say (Hu, Shen and Sun 2018, "Squeeze-and-excitation
/// networks").
#[derive(Module, Debug)]
struct SqueezeExcitation {
    squeeze: Conv2d,
    excite: Conv2d,
}

impl SqueezeExcitation {
    fn forward(&self, input: Tensor<4>, ops: &impl Ops) -> Tensor<4> {
        let [batch, channels, ..] = input.dims();
        let means = mean_over_map(input.clone()).reshape([batch, channels, 1, 1]);
        let inner = silu(ops.conv2d(&self.squeeze, means));
        input.mul(sigmoid(ops.conv2d(&self.excite, inner)))
    }
}

/// Widened by 1 x 1, a depthwise convolution, squeeze and excitation, narrowed by 1 x 1; where size
/// and channels stay, beside a shortcut.
#[derive(Module, Debug)]
struct MobileBlock {
    widen: Option<ConvNorm>,
    depthwise: ConvNorm,
    attention: SqueezeExcitation,
    narrow: ConvNorm,
    shortcut: bool,
}

impl MobileBlock {
    fn new(
        [from, to]: [usize; 2],
        widening: usize,
        kernel: usize,
        stride: usize,
        device: &Device,
    ) -> Self {
        let inner = from * widening;
        let squeezed = (from / 4).max(1);
        let point = |channels| Conv2dConfig::new(channels, [1, 1]).init(device);
        Self {
            widen: (widening > 1).then(|| one_by_one([from, inner], device)),
            depthwise: ConvNormConfig::new([inner, inner])
                .with_kernel(kernel)
                .with_stride(stride)
                .with_groups(inner)
                .init(device),
            attention: SqueezeExcitation {
                squeeze: point([inner, squeezed]),
                excite: point([squeezed, inner]),
            },
            narrow: one_by_one([inner, to], device),
            shortcut: stride == 1 && from == to,
        }
    }

    fn forward(&self, input: Tensor<4>, ops: &impl Ops) -> Tensor<4> {
        let mut x = input.clone();
        if let Some(widen) = &self.widen {
            x = silu(widen.forward(x, None, false, ops));
        }
        x = silu(self.depthwise.forward(x, None, false, ops));
        x = self.attention.forward(x, ops);
        self.narrow
            .forward(x, self.shortcut.then_some(input), false, ops)
    }
}

/// EfficientNet-B0 (Tan and Le 2019, "`EfficientNet`: rethinking model scaling for convolutional
/// neural networks").
///
/// Given by the study: the name. Chosen: the smallest, B0; gray or RGB faces of 48 pixels, which
/// the first convolution keeps at their size; no stochastic depth. `reduce` divides all channels.
#[derive(Module, Debug)]
pub struct EfficientNet {
    rgb: bool,
    stem: ConvNorm,
    blocks: Vec<MobileBlock>,
    last: ConvNorm,
    dropout: Dropout,
    head: Linear,
}

impl EfficientNet {
    /// The network with fresh weights.
    #[must_use]
    pub fn new(rgb: bool, classes: usize, reduce: usize, device: &Device) -> Self {
        let mut from = STEM / reduce;
        let stem = ConvNormConfig::new([if rgb { 3 } else { 1 }, from]).init(device);
        let mut blocks = Vec::new();
        for (widening, kernel, stride, channels, count) in STAGES {
            for block in 0..count {
                let to = channels / reduce;
                let stride = if block == 0 { stride } else { 1 };
                blocks.push(MobileBlock::new(
                    [from, to],
                    widening,
                    kernel,
                    stride,
                    device,
                ));
                from = to;
            }
        }
        Self {
            rgb,
            stem,
            blocks,
            last: one_by_one([from, LAST / reduce], device),
            dropout: DropoutConfig::new(0.2).init(),
            head: LinearConfig::new(LAST / reduce, classes).init(device),
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
        let x = silu(self.stem.forward(faces, None, false, ops)); // 48 x 48
        let x = (self.blocks.iter()).fold(x, |x, block| block.forward(x, ops)); // 3 x 3
        let x = silu(self.last.forward(x, None, false, ops));
        ops.linear(&self.head, self.dropout.forward(mean_over_map(x)))
    }
}
