//! A residual network small enough to train on a CPU: a teacher.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::blocks::{
    CentreCrop, ConvNorm, ConvNormConfig, ResidualBlock, mean_over_map, residual_stages,
};
use super::{Layers, Ops, PlanBuilder, face_input};
use crate::expression::Expression;
use crate::plan::{Activation, Plan, TensorId};

/// Configuration of a [`CompactResNet`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CompactResNetConfig {
    /// Pixels cut off on each side of a face, so that a shifted face shows another crop of it.
    pub margin: usize,
    /// Channels of the first convolution, at the crop's full size.
    pub stem: usize,
    /// Channels of each stage; every stage begins by halving height and width.
    pub channels: Vec<usize>,
    /// Residual blocks a stage.
    pub depth: usize,
    /// Number of classes.
    pub classes: usize,
    /// Share of the pooled features dropped while training.
    pub dropout: f64,
}

impl Default for CompactResNetConfig {
    /// 1.6M parameters on crops of 44 x 44 pixels.
    fn default() -> Self {
        Self {
            margin: 2,
            stem: 24,
            channels: vec![48, 96, 192],
            depth: 2,
            classes: Expression::FER2013.len(),
            dropout: 0.2,
        }
    }
}

/// One convolution at full size, then stages of residual blocks, each of half the size of the one
/// before, the mean over the map, one dense layer (He et al. 2016, "Deep residual learning", in
/// the form of ResNet-18 for small pictures).
#[derive(Module, Debug)]
pub struct CompactResNet {
    crop: CentreCrop,
    stem: ConvNorm,
    blocks: Vec<ResidualBlock>,
    dropout: Dropout,
    head: Linear,
}

impl CompactResNetConfig {
    /// The network with fresh weights.
    #[must_use]
    pub fn init(&self, device: &Device) -> CompactResNet {
        let stages = self.channels.iter();
        let stages = stages.map(|&channels| (channels, self.depth, 2));
        let (blocks, channels) = residual_stages(self.stem, stages, device);
        CompactResNet {
            crop: CentreCrop::new(self.margin),
            stem: ConvNormConfig::new([1, self.stem]).init(device),
            blocks,
            dropout: DropoutConfig::new(self.dropout).init(),
            head: LinearConfig::new(channels, self.classes).init(device),
        }
    }
}

impl CompactResNet {
    /// The logits of each class.
    ///
    /// # Shapes
    /// - `faces`: `[batch, 1, 48, 48]`, normalised as [`face_input`] says
    /// - output: `[batch, classes]`
    pub fn forward(&self, faces: Tensor<4>, ops: &impl Ops) -> Tensor<2> {
        let x = self.stem.forward(self.crop.forward(faces), None, true, ops);
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x, ops));
        ops.linear(&self.head, self.dropout.forward(mean_over_map(x)))
    }

    /// The network as a plan, batch norms folded with their running statistics.
    #[must_use]
    pub fn export(&self) -> Plan {
        let mut plan = PlanBuilder::new(face_input());
        let x = self.crop.export(&mut plan, TensorId::INPUT);
        let x = self.stem.export(&mut plan, x, None, Activation::Relu);
        let x = self
            .blocks
            .iter()
            .fold(x, |x, block| block.export(&mut plan, x));
        let x = plan.global_average_pool(x);
        let logits = plan.linear(x, &self.head);
        plan.finish(vec![logits])
    }

    /// What an export writes.
    pub fn layers_mut(&mut self) -> Layers<'_> {
        let blocks = self.blocks.iter_mut().flat_map(ResidualBlock::convs_mut);
        Layers {
            convs: std::iter::once(&mut self.stem).chain(blocks).collect(),
            head: &mut self.head,
        }
    }
}
