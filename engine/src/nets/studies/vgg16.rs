//! `VGG16`, of studies S1 and S4.

use burn::tensor::Device;

use crate::crop::SIDE;
use crate::nets::stack::{Stack, StackBuilder};

/// Thirteen convolutions of 3 x 3 and three dense layers (Simonyan and Zisserman 2015, "Very deep
/// convolutional networks for large-scale image recognition", configuration D).
///
/// Given by the studies: the name, and in S1 a classifier of one's own on top. Chosen: no batch
/// norm, as in the paper; faces of 48 pixels, of which the convolutions leave one place, so that the
/// dense layers take 512 values in place of 25,088; 512 hidden units in place of 4,096. `reduce`
/// divides all channels, so that the network learns within a budget.
#[must_use]
pub fn vgg16(channels_in: usize, classes: usize, reduce: usize, device: &Device) -> Stack {
    let mut builder = StackBuilder::new(device, [channels_in, SIDE, SIDE]);
    for (channels, convolutions) in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)] {
        for _ in 0..convolutions {
            builder = builder.conv(channels / reduce, 3, 1, 1).relu();
        }
        builder = builder.max_pool(2, 2);
    }
    builder
        .hidden(512 / reduce, 0.5)
        .hidden(512 / reduce, 0.5)
        .classes(classes)
}
