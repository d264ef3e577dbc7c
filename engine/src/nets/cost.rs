//! What a network costs.

use std::cell::Cell;

use burn::nn::Linear;
use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor};

use super::{Network, Ops, StockOps, StudyNetwork};
use crate::crop::SIDE;

/// Multiply-adds of the convolutions, dense layers and capsule matrices for one face. `device` is
/// where the network is.
#[must_use]
pub fn macs(network: &Network, device: &Device) -> u64 {
    let counter = Counter(Cell::new(0));
    network.forward(Tensor::zeros([1, 1, SIDE, SIDE], device), &counter);
    let matrices = match network {
        Network::Study(StudyNetwork::CapsuleNet(capsules)) => capsules.matrix_macs(),
        _ => 0,
    };
    counter.0.get() + matrices
}

/// Burn's own operations, counted.
struct Counter(Cell<u64>);

impl Counter {
    fn add(&self, macs: usize) {
        self.0.set(self.0.get() + macs as u64);
    }
}

impl Ops for Counter {
    fn conv2d(&self, conv: &Conv2d, input: Tensor<4>) -> Tensor<4> {
        let kernel = conv.weight.shape().num_elements(); // out * in / groups * height * width
        let output = StockOps.conv2d(conv, input);
        let [_, _, height, width] = output.dims();
        self.add(kernel * height * width);
        output
    }

    fn linear(&self, linear: &Linear, input: Tensor<2>) -> Tensor<2> {
        self.add(linear.weight.shape().num_elements());
        StockOps.linear(linear, input)
    }
}
