//! The representational autoencoder of study S0.

use burn::module::Module;
use burn::nn::conv::{ConvTranspose2d, ConvTranspose2dConfig};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use crate::crop::SIDE;
use crate::nets::Ops;
use crate::nets::stack::{Stack, StackBuilder};

/// Values of the code.
const CODE: usize = 128;
/// Channels where the decoder begins.
const CHANNELS: usize = 64;
/// Height and width where the decoder begins.
const SMALL: usize = SIDE / 8;

/// A network that learns to reconstruct faces from a short code, then to classify the code.
///
/// Given by the study: the two phases, reconstruct, then classify the code; its low accuracy shows
/// that the code is not trained further in the second. Chosen: an encoder of three 3 x 3
/// convolutions with stride 2 and batch norm (16, 32, 64 channels) and a dense layer to 128
/// values, its mirror image as decoder with transposed convolutions of 2 x 2, the mean squared
/// error; one hidden layer of 128 units as classifier; the encoder stays as it is in the second
/// phase.
#[derive(Module, Debug)]
pub struct Autoencoder {
    encoder: Stack,
    widen: Linear,
    decoder: Vec<ConvTranspose2d>,
    hidden: Linear,
    head: Linear,
}

impl Autoencoder {
    /// The network with fresh weights.
    #[must_use]
    pub fn new(classes: usize, device: &Device) -> Self {
        let encoder = StackBuilder::new(device, [1, SIDE, SIDE])
            .conv_norm_relu(16, 3, 2)
            .conv_norm_relu(32, 3, 2)
            .conv_norm_relu(CHANNELS, 3, 2)
            .classes(CODE);
        let double = |channels: [usize; 2]| {
            ConvTranspose2dConfig::new(channels, [2, 2])
                .with_stride([2, 2])
                .init(device)
        };
        Self {
            encoder,
            widen: LinearConfig::new(CODE, CHANNELS * SMALL * SMALL).init(device),
            decoder: vec![double([CHANNELS, 32]), double([32, 16]), double([16, 1])],
            hidden: LinearConfig::new(CODE, CODE).init(device),
            head: LinearConfig::new(CODE, classes).init(device),
        }
    }

    /// The codes, `[batch, 128]`, of faces, `[batch, 1, 48, 48]`.
    pub fn encode(&self, faces: Tensor<4>, ops: &impl Ops) -> Tensor<2> {
        self.encoder.forward(faces, ops)
    }

    /// The faces, `[batch, 1, 48, 48]`, of codes, `[batch, 128]`.
    #[must_use]
    pub fn decode(&self, codes: Tensor<2>) -> Tensor<4> {
        let batch = codes.dims()[0];
        let mut x = relu(self.widen.forward(codes)).reshape([batch, CHANNELS, SMALL, SMALL]);
        for (index, layer) in self.decoder.iter().enumerate() {
            x = layer.forward(x);
            if index + 1 < self.decoder.len() {
                x = relu(x);
            }
        }
        x
    }

    /// The logits of each class; the encoder gets no gradient.
    ///
    /// # Shapes
    /// - `faces`: `[batch, 1, 48, 48]`
    /// - output: `[batch, classes]`
    pub fn forward(&self, faces: Tensor<4>, ops: &impl Ops) -> Tensor<2> {
        let code = self.encode(faces, ops).detach();
        ops.linear(&self.head, relu(ops.linear(&self.hidden, code)))
    }
}

/// The mean squared difference of faces, `[1]`.
#[must_use]
pub fn reconstruction_loss(found: Tensor<4>, faces: Tensor<4>) -> Tensor<1> {
    (found - faces).powi_scalar(2).mean()
}
