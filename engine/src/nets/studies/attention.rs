//! The attention network that teaches in study S3.

use burn::module::Module;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::sigmoid;
use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};
use burn::tensor::{Device, Tensor};

use crate::nets::Ops;
use crate::nets::blocks::{
    ConvNorm, ConvNormConfig, ResidualBlock, ResidualBlockConfig, mean_over_map,
};

/// A small U-Net of one level: what it finds at half the size meets what it found at the full one.
#[derive(Module, Debug)]
struct Mask {
    fine: ConvNorm,
    pool: MaxPool2d,
    coarse: ConvNorm,
    last: ConvNorm,
}

impl Mask {
    fn new(channels: usize, device: &Device) -> Self {
        let conv = || ConvNormConfig::new([channels; 2]).init(device);
        Self {
            fine: conv(),
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            coarse: conv(),
            last: conv(),
        }
    }

    /// Values from 0 to 1, of the input's shape.
    fn forward(&self, input: Tensor<4>, ops: &impl Ops) -> Tensor<4> {
        let [_, _, height, width] = input.dims();
        let fine = self.fine.forward(input, None, true, ops);
        let half = ops.max_pool2d(&self.pool, fine.clone());
        let coarse = self.coarse.forward(half, None, true, ops);
        let options =
            InterpolateOptions::new(InterpolateMode::Nearest).with_output_size([height, width]);
        let both = interpolate(coarse, options).add(fine);
        sigmoid(self.last.forward(both, None, false, ops))
    }
}

/// A residual network whose stages are each multiplied by `1 + M(x)`, `M` a small U-Net (Pham, Vu and
/// Tran 2021, "Facial expression recognition using residual masking network").
///
/// Given by the study: that its students may have an attention network as teacher. Chosen: the
/// paper's masking of every stage, on four stages of one residual block and a quarter of `ResNet`'s
/// channels (16, 32, 64, 128), a first 3 x 3 convolution, a U-Net of one level.
#[derive(Module, Debug)]
pub struct AttentionNet {
    stem: ConvNorm,
    stages: Vec<ResidualBlock>,
    masks: Vec<Mask>,
    head: Linear,
}

impl AttentionNet {
    /// The network with fresh weights.
    #[must_use]
    pub fn new(classes: usize, device: &Device) -> Self {
        let stages = [([16, 16], 2), ([16, 32], 1), ([32, 64], 2), ([64, 128], 2)];
        Self {
            stem: ConvNormConfig::new([1, 16]).init(device),
            stages: stages
                .map(|(channels, stride)| {
                    ResidualBlockConfig::new(channels)
                        .with_stride(stride)
                        .init(device)
                })
                .to_vec(),
            masks: stages
                .map(|([_, channels], _)| Mask::new(channels, device))
                .to_vec(),
            head: LinearConfig::new(128, classes).init(device),
        }
    }

    /// # Shapes
    /// - `faces`: `[batch, 1, 48, 48]`
    /// - output: `[batch, classes]`
    pub fn forward(&self, faces: Tensor<4>, ops: &impl Ops) -> Tensor<2> {
        let mut x = self.stem.forward(faces, None, true, ops); // 48 x 48
        for (stage, mask) in self.stages.iter().zip(&self.masks) {
            let maps = stage.forward(x, ops); // the last: 6 x 6
            let masked = mask.forward(maps.clone(), ops).mul(maps.clone());
            x = maps.add(masked);
        }
        ops.linear(&self.head, mean_over_map(x))
    }
}
