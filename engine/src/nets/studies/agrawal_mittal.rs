//! Agrawal and Mittal's network, of study S2.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::nets::Ops;
use crate::nets::blocks::mean_over_map;
use crate::nets::stack::{Stack, StackBuilder, resized};

/// Side of the faces that the network takes.
const SIDE: usize = 64;

/// A network without dense layers, of large kernels (Agrawal and Mittal 2020, "Using CNN for
/// facial expression recognition: a study of the effects of kernel size and number of filters on
/// accuracy").
///
/// Given by the study: 64 x 64 grayscale faces; pairs of an 8 x 8 convolution with batch norm and
/// one with ReLU and stride 2, three pairs of 32 filters and two of 16; two 8 x 8 convolutions of
/// 8 filters with batch norm; one 7 x 7 convolution of a filter a class with ReLU; softmax.
/// Chosen: SAME padding, and the mean over the last map, which is 2 x 2. The last ReLU is left out
/// where the softmax follows: it would forbid negative logits.
#[derive(Module, Debug)]
pub struct AgrawalMittal {
    stack: Stack,
}

impl AgrawalMittal {
    /// The network with fresh weights.
    #[must_use]
    pub fn new(classes: usize, device: &Device) -> Self {
        let mut builder = StackBuilder::new(device, [1, SIDE, SIDE]);
        for filters in [32, 32, 32, 16, 16] {
            builder = builder
                .conv_same(filters, 8, 1)
                .norm()
                .conv_same(filters, 8, 2)
                .relu();
        }
        let stack = builder
            .conv_same(8, 8, 1)
            .norm()
            .conv_same(8, 8, 1)
            .norm()
            .conv_same(classes, 7, 1)
            .features_only();
        Self { stack }
    }

    /// # Shapes
    /// - `faces`: `[batch, 1, 48, 48]`
    /// - output: `[batch, classes]`
    pub fn forward(&self, faces: Tensor<4>, ops: &impl Ops) -> Tensor<2> {
        mean_over_map(self.stack.features(resized(faces, SIDE), ops))
    }
}
