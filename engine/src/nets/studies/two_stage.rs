//! The two stages of study S4's outlook.

use burn::module::{Module, Param};
use burn::nn::pool::{AvgPool2d, AvgPool2dConfig};
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::tensor::activation::{relu, sigmoid, tanh};
use burn::tensor::grid::affine_grid_2d;
use burn::tensor::ops::{GridSampleOptions, GridSamplePaddingMode, InterpolateMode};
use burn::tensor::{Device, Tensor, TensorData};

use crate::crop::SIDE;
use crate::nets::Ops;
use crate::nets::stack::{Stack, StackBuilder};

/// What tells a region: its size and where its centre is.
const REGION: usize = 3;
/// Values that the first stage hands on.
const CONTEXT: usize = 32;
/// The smallest region, as a share of the face's side.
const SMALLEST: f64 = 0.5;

/// A first stage that finds the region of interest, then finer features in it.
///
/// Given by the study: just that, as its outlook. Chosen: the first stage sees the face at 24 x 24
/// pixels through two convolutions and says where a square lies, half as wide as the face to as
/// wide; the square is sampled at 48 x 48 pixels, as a spatial transformer does (Jaderberg et al.
/// 2015) that can neither turn nor stretch, so that the second stage, three blocks of the study's
/// final model, sees it enlarged; the first stage's features join its own.
#[derive(Module, Debug)]
pub struct TwoStage {
    halve: AvgPool2d,
    first: Stack,
    region: Linear,
    second: Stack,
    head: Linear,
}

impl TwoStage {
    /// The network with fresh weights; its region begins as nearly the whole face.
    #[must_use]
    pub fn new(classes: usize, device: &Device) -> Self {
        const FINE: usize = 128;
        let first = StackBuilder::new(device, [1, SIDE / 2, SIDE / 2])
            .conv(16, 3, 1, 1)
            .norm()
            .relu()
            .max_pool(2, 2) // 12 x 12
            .conv(32, 3, 1, 1)
            .norm()
            .relu()
            .max_pool(2, 2) // 6 x 6
            .classes(CONTEXT);
        let mut region = LinearConfig::new(CONTEXT, REGION)
            .with_initializer(Initializer::Zeros)
            .init(device);
        let whole = TensorData::new(vec![2.0_f32, 0.0, 0.0], [REGION]);
        region.bias = Some(Param::from_tensor(Tensor::from_data(whole, device)));
        let mut second = StackBuilder::new(device, [1, SIDE, SIDE]);
        for filters in [32, 64, 128] {
            second = second
                .conv(filters, 3, 1, 1)
                .norm()
                .leaky_relu(0.3)
                .max_pool(2, 2);
        }
        Self {
            halve: AvgPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            first,
            region,
            second: second.hidden(256, 0.4).classes(FINE),
            head: LinearConfig::new(FINE + CONTEXT, classes).init(device),
        }
    }

    /// # Shapes
    /// - `faces`: `[batch, 1, 48, 48]`
    /// - output: `[batch, classes]`
    pub fn forward(&self, faces: Tensor<4>, ops: &impl Ops) -> Tensor<2> {
        let context = relu(self.first.forward(self.halve.forward(faces.clone()), ops));
        let fine = relu(self.second.forward(self.region(faces, &context, ops), ops));
        ops.linear(&self.head, Tensor::cat(vec![fine, context], 1))
    }

    /// The regions of interest, enlarged: `[batch, 1, 48, 48]`; `context` is `[batch, 32]`.
    fn region(&self, faces: Tensor<4>, context: &Tensor<2>, ops: &impl Ops) -> Tensor<4> {
        let dims = faces.dims();
        let found = ops.linear(&self.region, context.clone()); // [batch, 3]
        let size = sigmoid(found.clone().narrow(1, 0, 1))
            .mul_scalar(1.0 - SMALLEST)
            .add_scalar(SMALLEST); // [batch, 1]
        // The square stays within the face, which reaches from -1 to 1.
        let room = size.clone().neg().add_scalar(1.0);
        let centre = tanh(found.narrow(1, 1, 2)).mul(room); // [batch, 2]
        let zero = size.zeros_like();
        let [x, y] = [0, 1].map(|axis| centre.clone().narrow(1, axis, 1));
        let affine = Tensor::cat(vec![size.clone(), zero.clone(), x, zero, size, y], 1);
        let grid = affine_grid_2d(affine.reshape([dims[0], 2, 3]), dims); // [batch, 48, 48, 2]
        let options = GridSampleOptions::new(InterpolateMode::Bilinear)
            .with_padding_mode(GridSamplePaddingMode::Zeros)
            .with_align_corners(true); // as `affine_grid_2d` counts
        faces.grid_sample_2d(grid, options)
    }
}
