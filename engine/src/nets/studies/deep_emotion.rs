//! Deep-Emotion, of study S3.

use burn::module::{Module, Param};
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::grid::affine_grid_2d;
use burn::tensor::ops::{GridSampleOptions, GridSamplePaddingMode, InterpolateMode};
use burn::tensor::{Device, Tensor, TensorData};

use crate::crop::SIDE;
use crate::nets::Ops;
use crate::nets::stack::{Stack, StackBuilder};

/// Numbers of an affine map of the plane.
const AFFINE: usize = 6;

/// A spatial transformer before a small convolutional network (Minaee, Minaei and Abdolrashidi
/// 2021, "Deep-Emotion: facial expression recognition using attentional convolutional network";
/// the transformer: Jaderberg et al. 2015, "Spatial transformer networks").
///
/// Given by the study: features of four 3 x 3 convolutions, each two followed by max pooling and
/// ReLU, dropout, two fully connected layers; a localisation network of two convolutions with max
/// pooling and ReLU and two fully connected layers, which starts as the identity and warps the
/// input. Chosen, from the paper's published code where it has it: 10 channels a convolution, 50
/// hidden units, localisation kernels of 7 and 5 with 8 and 10 channels and 32 hidden units, batch
/// norm after the second and fourth convolution, dropout of one half.
#[derive(Module, Debug)]
pub struct DeepEmotion {
    localisation: Stack,
    affine: Linear,
    features: Stack,
}

impl DeepEmotion {
    /// The network with fresh weights; its transformer changes nothing yet.
    #[must_use]
    pub fn new(classes: usize, device: &Device) -> Self {
        const HIDDEN: usize = 32;
        let localisation = StackBuilder::new(device, [1, SIDE, SIDE])
            .conv(8, 7, 1, 0) // 42 x 42
            .max_pool(2, 2)
            .relu()
            .conv(10, 5, 1, 0) // 17 x 17
            .max_pool(2, 2)
            .relu() // 8 x 8
            .classes(HIDDEN);
        let mut affine = LinearConfig::new(HIDDEN, AFFINE)
            .with_initializer(Initializer::Zeros)
            .init(device);
        let identity = [1.0_f32, 0.0, 0.0, 0.0, 1.0, 0.0];
        let identity = TensorData::new(identity.to_vec(), [AFFINE]);
        affine.bias = Some(Param::from_tensor(Tensor::from_data(identity, device)));
        let features = StackBuilder::new(device, [1, SIDE, SIDE])
            .conv(10, 3, 1, 0)
            .relu()
            .conv(10, 3, 1, 0)
            .norm()
            .max_pool(2, 2)
            .relu() // 22 x 22
            .conv(10, 3, 1, 0)
            .relu()
            .conv(10, 3, 1, 0)
            .norm()
            .max_pool(2, 2)
            .relu() // 9 x 9
            .dropout(0.5)
            .hidden(50, 0.0)
            .classes(classes);
        Self {
            localisation,
            affine,
            features,
        }
    }

    /// # Shapes
    /// - `faces`: `[batch, 1, 48, 48]`
    /// - output: `[batch, classes]`
    pub fn forward(&self, faces: Tensor<4>, ops: &impl Ops) -> Tensor<2> {
        let warped = self.transformed(faces, ops);
        self.features.forward(warped, ops)
    }

    /// The faces as the transformer warps them, `[batch, 1, 48, 48]`.
    pub fn transformed(&self, faces: Tensor<4>, ops: &impl Ops) -> Tensor<4> {
        let dims = faces.dims();
        let place = relu(self.localisation.forward(faces.clone(), ops)); // [batch, 32]
        let affine = ops.linear(&self.affine, place).reshape([dims[0], 2, 3]);
        let grid = affine_grid_2d(affine, dims); // [batch, 48, 48, 2]
        let options = GridSampleOptions::new(InterpolateMode::Bilinear)
            .with_padding_mode(GridSamplePaddingMode::Zeros)
            .with_align_corners(true); // as `affine_grid_2d` counts
        faces.grid_sample_2d(grid, options)
    }
}
