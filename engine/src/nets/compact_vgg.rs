//! A plain network in the manner of VGG, small enough to train on a CPU: a teacher.

use burn::module::Module;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Dropout, DropoutConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::blocks::{CentreCrop, ConvNorm, ConvNormConfig, mean_over_map};
use super::{Layers, Ops, PlanBuilder, face_input};
use crate::expression::Expression;
use crate::plan::{Activation, Plan, TensorId};

/// Configuration of a [`CompactVgg`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CompactVggConfig {
    /// Pixels cut off on each side of a face, so that a shifted face shows another crop of it.
    pub margin: usize,
    /// Channels of each stage; height and width halve from stage to stage.
    pub channels: Vec<usize>,
    /// Convolutions a stage.
    pub depth: usize,
    /// Number of classes.
    pub classes: usize,
    /// Share of the pooled features dropped while training.
    pub dropout: f64,
}

impl Default for CompactVggConfig {
    /// 1.2M parameters on crops of 40 x 40 pixels.
    fn default() -> Self {
        Self {
            margin: 4,
            channels: vec![32, 64, 128, 256],
            depth: 2,
            classes: Expression::FER2013.len(),
            dropout: 0.2,
        }
    }
}

/// Stages of 3 x 3 convolutions with batch norm and ReLU, max pooling between them, the mean over
/// the map, one dense layer.
///
/// Simonyan and Zisserman 2015, "Very deep convolutional networks", configuration B, with batch
/// norm, fewer channels, and the mean in place of the hidden dense layers, which hold most of the
/// original's weights. Crops of 40 pixels are those of Khaireddin and Chen 2021, "Facial emotion
/// recognition: state of the art performance on FER2013".
#[derive(Module, Debug)]
pub struct CompactVgg {
    crop: CentreCrop,
    stages: Vec<Vec<ConvNorm>>,
    pool: MaxPool2d,
    dropout: Dropout,
    head: Linear,
}

impl CompactVggConfig {
    /// The network with fresh weights.
    #[must_use]
    pub fn init(&self, device: &Device) -> CompactVgg {
        let mut channels_in = 1;
        let mut stages = Vec::new();
        for &channels in &self.channels {
            let mut stage = Vec::new();
            for _ in 0..self.depth {
                stage.push(ConvNormConfig::new([channels_in, channels]).init(device));
                channels_in = channels;
            }
            stages.push(stage);
        }
        CompactVgg {
            crop: CentreCrop::new(self.margin),
            stages,
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            dropout: DropoutConfig::new(self.dropout).init(),
            head: LinearConfig::new(channels_in, self.classes).init(device),
        }
    }
}

impl CompactVgg {
    /// The logits of each class.
    ///
    /// # Shapes
    /// - `faces`: `[batch, 1, 48, 48]`, normalised as [`face_input`] says
    /// - output: `[batch, classes]`
    pub fn forward(&self, faces: Tensor<4>, ops: &impl Ops) -> Tensor<2> {
        let mut x = self.crop.forward(faces);
        for (index, stage) in self.stages.iter().enumerate() {
            if index > 0 {
                x = ops.max_pool2d(&self.pool, x);
            }
            x = stage
                .iter()
                .fold(x, |x, block| block.forward(x, None, true, ops));
        }
        ops.linear(&self.head, self.dropout.forward(mean_over_map(x)))
    }

    /// The network as a plan, batch norms folded with their running statistics.
    #[must_use]
    pub fn export(&self) -> Plan {
        let mut plan = PlanBuilder::new(face_input());
        let mut x = self.crop.export(&mut plan, TensorId::INPUT);
        for (index, stage) in self.stages.iter().enumerate() {
            if index > 0 {
                x = plan.max_pool(x, &self.pool);
            }
            x = stage.iter().fold(x, |x, block| {
                block.export(&mut plan, x, None, Activation::Relu)
            });
        }
        let x = plan.global_average_pool(x);
        let logits = plan.linear(x, &self.head);
        plan.finish(vec![logits])
    }

    /// What an export writes.
    pub fn layers_mut(&mut self) -> Layers<'_> {
        Layers {
            convs: self.stages.iter_mut().flatten().collect(),
            head: &mut self.head,
        }
    }
}
