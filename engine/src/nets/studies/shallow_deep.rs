//! The shallow and the deep network of study S2.

use burn::tensor::Device;

use crate::crop::SIDE;
use crate::nets::stack::{Stack, StackBuilder};

/// Share of values that the study drops.
const DROPOUT: f64 = 0.3;

/// Two convolutional layers and one fully connected one.
///
/// Given by the study: the numbers of layers, batch norm, dropout of 0.3, max pooling. Chosen:
/// 3 x 3 kernels, 32 and 64 channels, 256 hidden units before the logits.
#[must_use]
pub fn shallow(classes: usize, device: &Device) -> Stack {
    StackBuilder::new(device, [1, SIDE, SIDE])
        .conv_norm_relu(32, 3, 1)
        .max_pool(2, 2)
        .dropout(DROPOUT)
        .conv_norm_relu(64, 3, 1)
        .max_pool(2, 2)
        .dropout(DROPOUT)
        .hidden(256, DROPOUT)
        .classes(classes)
}

/// Four convolutional layers and two fully connected ones.
///
/// Given by the study: the numbers of layers, batch norm, dropout of 0.3, max pooling. Chosen:
/// 3 x 3 kernels, 32, 64, 128 and 128 channels, 256 units in both hidden layers.
#[must_use]
pub fn deep(classes: usize, device: &Device) -> Stack {
    let mut builder = StackBuilder::new(device, [1, SIDE, SIDE]);
    for channels in [32, 64, 128, 128] {
        builder = builder
            .conv_norm_relu(channels, 3, 1)
            .max_pool(2, 2)
            .dropout(DROPOUT);
    }
    builder
        .hidden(256, DROPOUT)
        .hidden(256, DROPOUT)
        .classes(classes)
}
