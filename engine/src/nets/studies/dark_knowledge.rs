//! The compressed network of study S0.

use burn::tensor::Device;

use crate::crop::SIDE;
use crate::nets::stack::{Stack, StackBuilder};

/// The student that learns what an ensemble says (Hinton, Vinyals and Dean 2015, "Distilling the
/// knowledge in a neural network").
///
/// Given by the study: it has 91 % fewer parameters than the ensemble. Chosen: the study's
/// `VGGNet` with half its channels and one hidden layer of 128 units.
#[must_use]
pub fn dark_knowledge(classes: usize, device: &Device) -> Stack {
    StackBuilder::new(device, [1, SIDE, SIDE])
        .conv_norm_relu(16, 3, 1)
        .max_pool(2, 2) // 24 x 24
        .conv_norm_relu(32, 3, 1)
        .max_pool(2, 2) // 12 x 12
        .conv_norm_relu(64, 3, 1)
        .max_pool(2, 2) // 6 x 6
        .conv_norm_relu(64, 3, 1)
        .max_pool(2, 2) // 3 x 3
        .conv_norm_relu(64, 3, 1)
        .hidden(128, 0.3)
        .classes(classes)
}
