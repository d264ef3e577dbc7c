//! `MicroExpNet`, of study S3.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::nets::Ops;
use crate::nets::stack::{Stack, StackBuilder, resized};

/// Side of the faces that the network takes.
const SIDE: usize = 84;

/// Units of the hidden layer, by which the sizes differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MicroSize {
    /// 768 units.
    M,
    /// 192 units.
    S,
    /// 96 units.
    Xs,
    /// 48 units.
    Xxs,
}

impl MicroSize {
    fn units(self) -> usize {
        match self {
            Self::M => 768,
            Self::S => 192,
            Self::Xs => 96,
            Self::Xxs => 48,
        }
    }
}

/// Two convolutions and two dense layers (Cugu, Sener and Akbas 2019, "`MicroExpNet`: an extremely
/// small and fast model for expression recognition from face images").
///
/// Given by the study: everything. 84 x 84 x 1, SAME padding: convolution 8 x 8 x 16 with stride
/// 2, ReLU, max pooling 2; convolution 4 x 4 x 32 with stride 2, ReLU, max pooling 2; a dense
/// layer, ReLU, dropout of one half; the logits. Our faces of 48 pixels are enlarged.
#[derive(Module, Debug)]
pub struct MicroExpNet {
    stack: Stack,
}

impl MicroExpNet {
    /// The network with fresh weights.
    #[must_use]
    pub fn new(size: MicroSize, classes: usize, device: &Device) -> Self {
        let stack = StackBuilder::new(device, [1, SIDE, SIDE])
            .conv_same(16, 8, 2) // 42 x 42
            .relu()
            .max_pool(2, 2) // 21 x 21
            .conv_same(32, 4, 2) // 11 x 11
            .relu()
            .pad(0, 1) // after ReLU a zero never wins: SAME pooling
            .max_pool(2, 2) // 6 x 6
            .hidden(size.units(), 0.5)
            .classes(classes);
        Self { stack }
    }

    /// # Shapes
    /// - `faces`: `[batch, 1, 48, 48]`
    /// - output: `[batch, classes]`
    pub fn forward(&self, faces: Tensor<4>, ops: &impl Ops) -> Tensor<2> {
        self.stack.forward(resized(faces, SIDE), ops)
    }
}
