//! The plain networks of study S4, which tells happy, sad, neutral and surprise apart.
//!
//! The study takes gray or RGB faces: [`repeated`] makes three equal channels of a gray face.

use burn::tensor::{Device, Tensor};

use crate::crop::SIDE;
use crate::nets::stack::{Stack, StackBuilder};

/// Slope of the leaky ReLU below zero, as Keras has it.
const SLOPE: f64 = 0.3;

/// Model 1. Given by the study: only its accuracy. Chosen: what its final model is made of, taken
/// back by one step: three blocks of convolution, ReLU and max pooling, dropout after each.
#[must_use]
pub fn model_1(channels: usize, classes: usize, device: &Device) -> Stack {
    let mut builder = StackBuilder::new(device, [channels, SIDE, SIDE]);
    for filters in [32, 64, 128] {
        builder = builder
            .conv(filters, 3, 1, 1)
            .relu()
            .max_pool(2, 2)
            .dropout(0.2);
    }
    builder.hidden(256, 0.4).classes(classes)
}

/// Model 2. Given by the study: only its accuracy. Chosen: [`model_1`] with batch norm and 5 x 5
/// kernels in the first block.
#[must_use]
pub fn model_2(channels: usize, classes: usize, device: &Device) -> Stack {
    let mut builder = StackBuilder::new(device, [channels, SIDE, SIDE]);
    for (filters, kernel) in [(32, 5), (64, 3), (128, 3)] {
        builder = builder
            .conv(filters, kernel, 1, kernel / 2)
            .norm()
            .relu()
            .max_pool(2, 2)
            .dropout(0.2);
    }
    builder.hidden(256, 0.4).classes(classes)
}

/// The final model. Given by the study: blocks of convolution, batch norm, leaky ReLU and max
/// pooling, and dropout in the fully connected part only. Chosen: four blocks of 32, 64, 128 and
/// 256 filters of 3 x 3, two hidden layers of 256 units with dropout of 0.4.
#[must_use]
pub fn final_model(channels: usize, classes: usize, device: &Device) -> Stack {
    let mut builder = StackBuilder::new(device, [channels, SIDE, SIDE]);
    for filters in [32, 64, 128, 256] {
        builder = builder
            .conv(filters, 3, 1, 1)
            .norm()
            .leaky_relu(SLOPE)
            .max_pool(2, 2);
    }
    builder.hidden(256, 0.4).hidden(256, 0.4).classes(classes)
}

/// Three equal channels of a gray face.
///
/// # Shapes
/// - `faces`: `[batch, 1, height, width]`
/// - output: `[batch, 3, height, width]`
#[must_use]
pub fn repeated(faces: Tensor<4>) -> Tensor<4> {
    faces.repeat_dim(1, 3)
}
