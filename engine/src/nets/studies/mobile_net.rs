//! `MobileNetV1`, of study S1's question: the one network that faces have taught and whose weights
//! are given away.

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::ops::PadMode;
use burn::tensor::{Device, Tensor};

use crate::nets::Ops;
use crate::nets::blocks::{ConvNorm, ConvNormConfig, mean_over_map};
use crate::nets::stack::resized;

/// Side of the faces that the network takes.
const SIDE: usize = 96;
/// Channels of the first convolution.
const STEM: usize = 32;
/// Channels and stride of each pair of a depthwise and a 1 x 1 convolution (table 1 of the paper).
const PAIRS: [(usize, usize); 13] = [
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    (512, 1),
    (512, 1),
    (512, 1),
    (512, 1),
    (512, 1),
    (1024, 2),
    (1024, 1),
];
/// Where the ReLU ends: values stay within 8 bits.
const RELU_6: f64 = 6.0;

/// Thirteen pairs of a depthwise and a 1 x 1 convolution behind a first one (Howard et al. 2017,
/// "`MobileNets`: efficient convolutional neural networks for mobile vision applications").
///
/// Given by the study: that a network trained on faces is compared with one from scratch. Chosen:
/// this network, since `VGG16` and `ResNet50` with such weights are not to be had; gray faces
/// enlarged to 96 pixels, of the 224 of the paper; TensorFlow's SAME padding and `ReLU6`, with which
/// the weights were made. `reduce` divides all channels.
#[derive(Module, Debug)]
pub struct MobileNet {
    /// The first convolution, then a depthwise and a 1 x 1 convolution in turn.
    pub layers: Vec<ConvNorm>,
    head: Linear,
}

impl MobileNet {
    /// The network with fresh weights.
    #[must_use]
    pub fn new(classes: usize, reduce: usize, device: &Device) -> Self {
        let mut from = STEM / reduce;
        // Where the stride is 2, TensorFlow adds zeros at the bottom and to the right only.
        let strided = |channels, stride: usize| {
            ConvNormConfig::new(channels)
                .with_stride(stride)
                .with_padding((stride != 1).then_some(0))
        };
        let mut layers = vec![strided([1, from], 2).init(device)];
        for (channels, stride) in PAIRS {
            let to = channels / reduce;
            layers.push(strided([from, from], stride).with_groups(from).init(device));
            layers.push(ConvNormConfig::new([from, to]).with_kernel(1).init(device));
            from = to;
        }
        Self {
            layers,
            head: LinearConfig::new(from, classes).init(device),
        }
    }

    /// # Shapes
    /// - `faces`: `[batch, 1, 48, 48]`
    /// - output: `[batch, classes]`
    pub fn forward(&self, faces: Tensor<4>, ops: &impl Ops) -> Tensor<2> {
        ops.linear(&self.head, self.features(faces, ops))
    }

    /// What the last layer sees.
    ///
    /// # Shapes
    /// - `faces`: `[batch, 1, 48, 48]`
    /// - output: `[batch, 1024 / reduce]`
    pub fn features(&self, faces: Tensor<4>, ops: &impl Ops) -> Tensor<2> {
        let x = resized(faces, SIDE);
        let maps = (self.layers.iter()).fold(x, |x, layer| {
            let x = layer.forward(padded(layer, x), None, true, ops);
            x.clamp_max(RELU_6)
        }); // 3 x 3
        mean_over_map(maps)
    }
}

/// What the convolution takes: for one of stride 2 with the zeros that it has not itself.
fn padded(layer: &ConvNorm, input: Tensor<4>) -> Tensor<4> {
    if layer.conv.stride == [1, 1] {
        return input;
    }
    input.pad((0, 1, 0, 1), PadMode::Constant(0.0))
}
