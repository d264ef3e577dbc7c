//! The capsule network of study S0.

use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{AvgPool2d, AvgPool2dConfig};
use burn::tensor::activation::{relu, softmax};
use burn::tensor::{Device, Tensor};

use crate::crop::SIDE;
use crate::nets::Ops;

/// Kinds of primary capsules at each place.
const KINDS: usize = 8;
/// Values of a primary capsule.
const PRIMARY: usize = 8;
/// Values of a class capsule.
const CLASS: usize = 16;
/// Rounds of routing.
const ROUNDS: usize = 3;
/// Kernel of both convolutions.
const KERNEL: usize = 9;
/// Channels of the first convolution.
const CHANNELS: usize = 64;

/// Capsules with dynamic routing (Sabour, Frosst and Hinton 2017, "Dynamic routing between
/// capsules").
///
/// Given by the study: dynamic routing and the margin loss. From the paper: 9 x 9 convolutions,
/// the second with stride 2 into primary capsules of 8 values, class capsules of 16 values, three
/// rounds of routing. Chosen: faces halved to 24 x 24 first, 64 channels and 8 kinds of primary
/// capsules in place of 256 and 32, without which the network has 12.7M parameters; no
/// reconstruction of the input, which the study does not mention.
#[derive(Module, Debug)]
pub struct CapsuleNet {
    halve: AvgPool2d,
    first: Conv2d,
    primary: Conv2d,
    /// One matrix from each primary capsule to each class capsule:
    /// `[primary capsules, classes, 16, 8]`.
    matrices: Param<Tensor<4>>,
    classes: usize,
}

impl CapsuleNet {
    /// The network with fresh weights.
    #[must_use]
    pub fn new(classes: usize, device: &Device) -> Self {
        let side = (SIDE / 2 - KERNEL + 1 - KERNEL) / 2 + 1;
        let capsules = KINDS * side * side;
        let conv = |channels, stride| {
            Conv2dConfig::new(channels, [KERNEL; 2])
                .with_stride([stride; 2])
                .init(device)
        };
        Self {
            halve: AvgPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            first: conv([1, CHANNELS], 1),
            primary: conv([CHANNELS, KINDS * PRIMARY], 2),
            matrices: Initializer::Normal {
                mean: 0.0,
                std: 0.1,
            }
            .init([capsules, classes, CLASS, PRIMARY], device),
            classes,
        }
    }

    /// Multiply-adds of the matrices between the capsules, for one face: each number once.
    #[must_use]
    pub fn matrix_macs(&self) -> u64 {
        self.matrices.shape().num_elements() as u64
    }

    /// The lengths of the class capsules, 0 to 1: how sure the network is of each class.
    ///
    /// # Shapes
    /// - `faces`: `[batch, 1, 48, 48]`
    /// - output: `[batch, classes]`
    pub fn forward(&self, faces: Tensor<4>, ops: &impl Ops) -> Tensor<2> {
        let x = relu(ops.conv2d(&self.first, self.halve.forward(faces))); // [batch, 64, 16, 16]
        let x = ops.conv2d(&self.primary, x); // [batch, 64, 4, 4]
        let [batch, _, height, width] = x.dims();
        let capsules = KINDS * height * width;
        let primary = x
            .reshape([batch, KINDS, PRIMARY, height * width])
            .swap_dims(2, 3)
            .reshape([batch, capsules, PRIMARY]);
        let primary = squash(primary.unsqueeze_dim::<4>(2)); // [batch, capsules, 1, 8]
        // What each primary capsule predicts of each class capsule.
        let predicted = self
            .matrices
            .val()
            .unsqueeze_dim::<5>(0) // [1, capsules, classes, 16, 8]
            .mul(primary.unsqueeze_dim::<5>(3)) // [batch, capsules, 1, 1, 8]
            .sum_dim(4)
            .reshape([batch, capsules, self.classes, CLASS]);
        route(predicted)
            .powi_scalar(2)
            .sum_dim(3)
            .add_scalar(1e-8)
            .sqrt()
            .reshape([batch, self.classes])
    }
}

/// Routing by agreement (procedure 1 of the paper). The weights of all rounds but the last are
/// found without gradients.
///
/// # Shapes
/// - `predicted`: `[batch, capsules, classes, 16]`
/// - output: `[batch, 1, classes, 16]`
fn route(predicted: Tensor<4>) -> Tensor<4> {
    let [batch, capsules, classes, _] = predicted.dims();
    let fixed = predicted.clone().detach();
    let mut agreement = Tensor::<4>::zeros([batch, capsules, classes, 1], &predicted.device());
    for _ in 1..ROUNDS {
        let share = softmax(agreement.clone(), 2);
        let class = squash(fixed.clone().mul(share).sum_dim(1));
        agreement = agreement + fixed.clone().mul(class).sum_dim(3);
    }
    squash(predicted.mul(softmax(agreement, 2)).sum_dim(1))
}

/// `|s|² / (1 + |s|²) · s / |s|` along the last axis (equation 1 of the paper).
fn squash(input: Tensor<4>) -> Tensor<4> {
    let square = input.clone().powi_scalar(2).sum_dim(3).add_scalar(1e-8);
    let factor = square.clone().sqrt() / square.add_scalar(1.0);
    input.mul(factor)
}

/// The margin loss (equation 4 of the paper, with its margins of 0.9 and 0.1 and its weight of
/// 0.5): mean over the batch.
///
/// # Shapes
/// - `lengths`, `targets` (1 for the class, else 0): `[batch, classes]`
/// - output: `[1]`
#[must_use]
pub fn margin_loss(lengths: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let present = relu(lengths.clone().neg().add_scalar(0.9)).powi_scalar(2);
    let absent = relu(lengths.sub_scalar(0.1)).powi_scalar(2);
    let others = targets.clone().neg().add_scalar(1.0);
    let loss = targets.mul(present) + others.mul(absent).mul_scalar(0.5);
    loss.sum_dim(1).mean()
}
