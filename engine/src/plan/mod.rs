//! A network as a list of fused layers, run by the CPU and the WebGPU backend alike.
//!
//! A plan is exported from a Burn module with its batch norms folded into the convolutions
//! before them. It is a list in execution order; layer `i` writes tensor `i + 1`, tensor 0 is the
//! input. All tensors are `[batch, height, width, channels]` (NHWC), 32-bit floats. Spatial sizes
//! are not part of the plan, so that the face detector runs on any image: [`Plan::shapes`] derives
//! them.
//!
//! A dense layer on a `1 x 1` map is a `1 x 1` convolution; on a larger map it is a valid
//! convolution with a kernel as large as the map.

mod format;
#[cfg(test)]
pub(crate) mod samples;
mod shape;

use serde::{Deserialize, Serialize};

pub use format::{FormatError, MAX_FILE_BYTES, WeightStorage};
pub use shape::{MapShape, ShapeError};

/// A tensor of a plan: 0 is the input, `i + 1` the output of layer `i`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TensorId(pub u16);

impl TensorId {
    /// The network's input.
    pub const INPUT: Self = Self(0);

    /// Position in a list of all tensors.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// What is applied to a layer's result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Activation {
    /// Nothing.
    #[default]
    Identity,
    /// `max(x, 0)`.
    Relu,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
}

/// A second tensor, of the layer's output shape, added to the layer's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Residual {
    /// `activation(result + tensor)`, as in a residual block.
    BeforeActivation(TensorId),
    /// `activation(result) + tensor`, as in a feature pyramid.
    AfterActivation(TensorId),
}

impl Residual {
    /// The tensor that is added.
    #[must_use]
    pub fn tensor(self) -> TensorId {
        match self {
            Self::BeforeActivation(tensor) | Self::AfterActivation(tensor) => tensor,
        }
    }
}

/// How a kernel slides over a map. Padded pixels count as zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Kernel height and width, each at least 1.
    pub kernel: [usize; 2],
    /// Step down and right, each at least 1.
    pub stride: [usize; 2],
    /// Zero rows above and zero columns to the left.
    pub pad_start: [usize; 2],
    /// Zero rows below and zero columns to the right.
    pub pad_end: [usize; 2],
}

impl Window {
    /// A square kernel with the same padding on all four sides.
    #[must_use]
    pub fn square(kernel: usize, stride: usize, pad: usize) -> Self {
        Self {
            kernel: [kernel; 2],
            stride: [stride; 2],
            pad_start: [pad; 2],
            pad_end: [pad; 2],
        }
    }
}

/// What a layer computes from its input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum LayerKind {
    /// Convolution of all input channels to `out_channels`.
    /// `weight`: `[out_channels, kernel_h, kernel_w, in_channels]`; `bias`: `[out_channels]`.
    Conv {
        /// How the kernel slides.
        window: Window,
        /// Channels of the output.
        out_channels: usize,
        /// The kernel.
        weight: Vec<f32>,
        /// The bias.
        bias: Vec<f32>,
    },
    /// Convolution of each channel with its own kernel.
    /// `weight`: `[kernel_h, kernel_w, channels]`; `bias`: `[channels]`.
    Depthwise {
        /// How the kernel slides.
        window: Window,
        /// The kernel.
        weight: Vec<f32>,
        /// The bias.
        bias: Vec<f32>,
    },
    /// Transposed convolution with a 2 x 2 kernel and stride 2: each input pixel becomes a
    /// 2 x 2 square of output pixels.
    /// `weight`: `[2, 2, out_channels, in_channels]`; `bias`: `[out_channels]`.
    Upsample {
        /// Channels of the output.
        out_channels: usize,
        /// The kernel.
        weight: Vec<f32>,
        /// The bias.
        bias: Vec<f32>,
    },
    /// The largest value under the window; padded pixels never win.
    MaxPool(Window),
    /// The mean under the window, padded pixels not counted.
    AveragePool(Window),
    /// The mean of the whole map, giving a `1 x 1` map.
    GlobalAveragePool,
}

/// One fused layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// The tensor it reads.
    pub input: TensorId,
    /// What it computes.
    pub kind: LayerKind,
    /// A tensor added to the result, if any.
    pub residual: Option<Residual>,
    /// What is applied to the result.
    pub activation: Activation,
}

/// What the network expects as its input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputSpec {
    /// 1 for grayscale, 3 for RGB.
    pub channels: usize,
    /// Height and width in pixels where the network needs a fixed size; `None` where any size
    /// that is a multiple of `multiple` will do.
    pub size: Option<[usize; 2]>,
    /// Height and width must be multiples of this, at least 1.
    pub multiple: usize,
    /// A pixel value `v` (0 to 255) enters the network as `v * scale + offset`.
    pub scale: f32,
    /// See `scale`.
    pub offset: f32,
}

/// A network as a list of fused layers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// What goes in.
    pub input: InputSpec,
    /// The layers in execution order.
    pub layers: Vec<Layer>,
    /// The tensors that are read back, in order.
    pub outputs: Vec<TensorId>,
}
