//! `ResNet`, of study S0.

use burn::tensor::Device;

use crate::crop::SIDE;
use crate::nets::stack::{Stack, StackBuilder};

/// ResNet-18 for small pictures (He et al. 2016, "Deep residual learning for image recognition"):
/// one 3 x 3 convolution, eight residual blocks in four stages, the mean over the map.
///
/// Given by the study: the name. Chosen: the smallest of the paper's networks, a quarter of its
/// channels, and its small-picture form: a first convolution of 3 x 3 with stride 1 and no first
/// pooling.
#[must_use]
pub fn res_net(classes: usize, device: &Device) -> Stack {
    let mut builder = StackBuilder::new(device, [1, SIDE, SIDE]).conv_norm_relu(16, 3, 1);
    for (channels, stride) in [(16, 1), (32, 2), (64, 2), (128, 2)] {
        builder = builder.residual(channels, stride).residual(channels, 1);
    }
    builder.mean().classes(classes)
}
