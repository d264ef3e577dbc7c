//! `AlexNet`, of study S0.

use burn::tensor::Device;

use crate::crop::SIDE;
use crate::nets::stack::{Stack, StackBuilder};

/// Five convolutions and three dense layers (Krizhevsky, Sutskever and Hinton 2012, "`ImageNet`
/// classification with deep convolutional neural networks").
///
/// Given by the study: the name, and faces of 96 x 96 pixels. Chosen: the paper's order of layers
/// on our 48 x 48, so the first kernel is 5 x 5 with stride 2 in place of 11 x 11 with stride 4,
/// and pooling windows are 2 x 2; a third of the paper's channels; 512 hidden units; ReLU and
/// dropout of one half as in the paper; no local response normalisation, which later work found
/// useless.
#[must_use]
pub fn alex_net(classes: usize, device: &Device) -> Stack {
    StackBuilder::new(device, [1, SIDE, SIDE])
        .conv(32, 5, 2, 2)
        .relu()
        .max_pool(2, 2) // 12 x 12
        .conv(96, 5, 1, 2)
        .relu()
        .max_pool(2, 2) // 6 x 6
        .conv(128, 3, 1, 1)
        .relu()
        .conv(128, 3, 1, 1)
        .relu()
        .conv(96, 3, 1, 1)
        .relu()
        .max_pool(2, 2) // 3 x 3
        .hidden(512, 0.5)
        .hidden(512, 0.5)
        .classes(classes)
}
