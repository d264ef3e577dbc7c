//! `VGGNet`, of study S0.

use burn::tensor::Device;

use crate::crop::SIDE;
use crate::nets::stack::{Stack, StackBuilder};

/// Eight convolutions of 3 x 3 and three dense layers (Simonyan and Zisserman 2015, "Very deep
/// convolutional networks for large-scale image recognition", configuration A).
///
/// Given by the study: the name. Chosen: the smallest of the paper's configurations, a quarter of
/// its channels, 256 hidden units, and batch norm, without which eight layers do not begin to
/// learn within our budget.
#[must_use]
pub fn vgg_net(classes: usize, device: &Device) -> Stack {
    StackBuilder::new(device, [1, SIDE, SIDE])
        .conv_norm_relu(16, 3, 1)
        .max_pool(2, 2) // 24 x 24
        .conv_norm_relu(32, 3, 1)
        .max_pool(2, 2) // 12 x 12
        .conv_norm_relu(64, 3, 1)
        .conv_norm_relu(64, 3, 1)
        .max_pool(2, 2) // 6 x 6
        .conv_norm_relu(128, 3, 1)
        .conv_norm_relu(128, 3, 1)
        .max_pool(2, 2) // 3 x 3
        .conv_norm_relu(128, 3, 1)
        .conv_norm_relu(128, 3, 1)
        .hidden(256, 0.5)
        .hidden(256, 0.5)
        .classes(classes)
}
