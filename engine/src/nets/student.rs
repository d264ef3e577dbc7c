//! The small residual network that the page runs.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::blocks::{ConvNorm, ConvNormConfig, ResidualBlock, mean_over_map, residual_stages};
use super::{Layers, Ops, PlanBuilder, face_input};
use crate::expression::Expression;
use crate::plan::{Activation, Plan, TensorId};

/// Configuration of a [`Student`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StudentConfig {
    /// Channels at 48 x 48, 24 x 24, 12 x 12 and 6 x 6 pixels.
    pub channels: [usize; 4],
    /// Residual blocks at 24 x 24, 12 x 12 and 6 x 6 pixels.
    pub blocks: [usize; 3],
    /// Number of classes: 7 as in FER2013 or 8 as in FER+.
    pub classes: usize,
    /// Share of the pooled features dropped while training.
    pub dropout: f64,
}

impl Default for StudentConfig {
    /// What the page's networks have: 0.25M parameters, 36 million multiply-accumulates.
    fn default() -> Self {
        Self {
            channels: [24, 40, 64, 96],
            blocks: [1; 3],
            classes: Expression::FER2013.len(),
            dropout: 0.2,
        }
    }
}

/// A residual network of four sizes for one grayscale face: two convolutions, residual blocks at
/// three sizes, the mean over the map, one dense layer.
///
/// Most of its cost lies at 24 x 24 pixels; at the full 48 x 48 there is only the first
/// convolution, because maps of that size are slow for every backend.
#[derive(Module, Debug)]
pub struct Student {
    stem: ConvNorm,
    reduce: ConvNorm,
    blocks: Vec<ResidualBlock>,
    dropout: Dropout,
    head: Linear,
}

impl StudentConfig {
    /// The network with fresh weights.
    #[must_use]
    pub fn init(&self, device: &Device) -> Student {
        let [full, half, quarter, eighth] = self.channels;
        let [at_half, at_quarter, at_eighth] = self.blocks;
        let stem = ConvNormConfig::new([1, full]).init(device);
        let reduce = ConvNormConfig::new([full, half])
            .with_stride(2)
            .init(device);
        let stages = [
            (half, at_half, 1),
            (quarter, at_quarter, 2),
            (eighth, at_eighth, 2),
        ];
        let (blocks, channels) = residual_stages(half, stages, device);
        Student {
            stem,
            reduce,
            blocks,
            dropout: DropoutConfig::new(self.dropout).init(),
            head: LinearConfig::new(channels, self.classes).init(device),
        }
    }
}

impl Student {
    /// The logits of each class.
    ///
    /// # Shapes
    /// - `faces`: `[batch, 1, 48, 48]`, normalised as [`face_input`] says
    /// - output: `[batch, classes]`
    pub fn forward(&self, faces: Tensor<4>, ops: &impl Ops) -> Tensor<2> {
        let x = self.stem.forward(faces, None, true, ops); // 48 x 48
        let mut x = self.reduce.forward(x, None, true, ops); // 24 x 24
        for block in &self.blocks {
            x = block.forward(x, ops); // the last: 6 x 6
        }
        ops.linear(&self.head, self.dropout.forward(mean_over_map(x))) // [batch, classes]
    }

    /// The network as a plan, batch norms folded with their running statistics.
    #[must_use]
    pub fn export(&self) -> Plan {
        let mut plan = PlanBuilder::new(face_input());
        let x = self
            .stem
            .export(&mut plan, TensorId::INPUT, None, Activation::Relu);
        let x = self.reduce.export(&mut plan, x, None, Activation::Relu);
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
            convs: [&mut self.stem, &mut self.reduce]
                .into_iter()
                .chain(blocks)
                .collect(),
            head: &mut self.head,
        }
    }
}
