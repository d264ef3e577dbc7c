//! 2-D convolution, dense or depthwise, and its gradients, on slices in NCHW order.

use super::Precision;
use bf16::Pair;

mod bf16;
mod dense;
mod depthwise;
mod frame;
mod input_grad;
mod kernel;
mod rows;
mod transpose;
mod vectors;
mod weights;

/// How a kernel moves over the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Vertical and horizontal step.
    pub stride: [usize; 2],
    /// Zero rows above and below, zero columns left and right.
    pub padding: [usize; 2],
    /// One kernel a channel instead of a kernel for each pair of channels.
    pub depthwise: bool,
}

/// Sizes of one convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvShape {
    /// Images.
    pub batch: usize,
    /// Channels of the input.
    pub channels_in: usize,
    /// Height and width of the input.
    pub input: [usize; 2],
    /// Channels of the output.
    pub channels_out: usize,
    /// Height and width of the output.
    pub output: [usize; 2],
    /// How the kernel moves.
    pub window: Window,
}

impl ConvShape {
    /// The sizes that follow from an input of `[batch, channels, height, width]`.
    ///
    /// # Panics
    /// If the kernel is larger than the padded input, or a depthwise one changes the channels.
    #[must_use]
    pub fn new(input: [usize; 4], channels_out: usize, window: Window) -> Self {
        let [batch, channels_in, height, width] = input;
        assert!(
            !window.depthwise || channels_in == channels_out,
            "a depthwise convolution keeps the number of channels"
        );
        let input = [height, width];
        let output = [0, 1].map(|axis| {
            let padded = input[axis] + 2 * window.padding[axis];
            assert!(
                padded >= window.kernel[axis],
                "the kernel {:?} is larger than the padded input {input:?}",
                window.kernel
            );
            (padded - window.kernel[axis]) / window.stride[axis] + 1
        });
        Self {
            batch,
            channels_in,
            input,
            channels_out,
            output,
            window,
        }
    }

    /// `[batch, channels, height, width]` of the output.
    #[must_use]
    pub fn output_dims(&self) -> [usize; 4] {
        [
            self.batch,
            self.channels_out,
            self.output[0],
            self.output[1],
        ]
    }

    fn input_pixels(&self) -> usize {
        self.input[0] * self.input[1]
    }

    fn output_pixels(&self) -> usize {
        self.output[0] * self.output[1]
    }

    fn taps(&self) -> usize {
        self.window.kernel[0] * self.window.kernel[1]
    }
}

/// Which gradients are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// The input's.
    pub input: bool,
    /// The weight's.
    pub weight: bool,
}

/// How a convolution of this shape is computed.
enum Method {
    Depthwise,
    Dense,
    DensePairs,
}

impl Method {
    fn new(shape: &ConvShape, precision: Precision) -> Self {
        match precision {
            _ if shape.window.depthwise => Self::Depthwise,
            // A channel without a partner gains nothing.
            Precision::Bf16 if shape.channels_in > 1 => Self::DensePairs,
            Precision::F32 | Precision::Bf16 => Self::Dense,
        }
    }
}

/// The convolution's output, `[batch, channels_out, height_out, width_out]`.
#[must_use]
pub fn forward(
    shape: &ConvShape,
    precision: Precision,
    input: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
) -> Vec<f32> {
    let mut output = match Method::new(shape, precision) {
        Method::Depthwise => depthwise::forward(shape, input, weight),
        Method::Dense => dense::forward::<f32>(shape, input, weight),
        Method::DensePairs => dense::forward::<Pair>(shape, input, weight),
    };
    if let Some(bias) = bias {
        let planes = output.chunks_exact_mut(shape.output_pixels());
        for (plane, bias) in planes.zip(bias.iter().cycle()) {
            for value in plane {
                *value += bias;
            }
        }
    }
    output
}

/// Gradients of the input and of the weight, in their shapes, each if wanted.
#[must_use]
pub fn backward(
    shape: &ConvShape,
    precision: Precision,
    input: &[f32],
    weight: &[f32],
    output_grad: &[f32],
    wanted: Wanted,
) -> (Option<Vec<f32>>, Option<Vec<f32>>) {
    let backward = match Method::new(shape, precision) {
        Method::Depthwise => depthwise::backward,
        Method::Dense => dense::backward::<f32>,
        Method::DensePairs => dense::backward::<Pair>,
    };
    backward(shape, input, weight, output_grad, wanted)
}

/// Gradient of the bias, `[channels_out]`.
#[must_use]
pub fn bias_grad(shape: &ConvShape, output_grad: &[f32]) -> Vec<f32> {
    let mut grad = vec![0.0; shape.channels_out];
    for image in output_grad.chunks_exact(shape.channels_out * shape.output_pixels()) {
        for (sum, plane) in grad
            .iter_mut()
            .zip(image.chunks_exact(shape.output_pixels()))
        {
            *sum += plane.iter().sum::<f32>();
        }
    }
    grad
}
