//! Each kind of layer in its simplest form, without regard to speed: what the fast kernels and
//! the shaders are compared with. One function for a kind of layer; the shader has the same name.
//!
//! Maps are `[height, width, channels]`. Sums run in 64 bits, so that in a comparison the
//! rounding of the other side is all that shows.

use crate::plan::{Activation, Layer, LayerKind, MapShape, Plan, Residual, Window};
use crate::runner::{Batch, RunError};

/// A map and its shape.
#[derive(Clone, Copy, Debug)]
pub struct Map<'a> {
    /// Height, width and channels.
    pub shape: MapShape,
    /// `[height, width, channels]`.
    pub data: &'a [f32],
}

impl Map<'_> {
    /// The value at a place, in 64 bits.
    fn at(&self, y: usize, x: usize, channel: usize) -> f64 {
        let MapShape {
            width, channels, ..
        } = self.shape;
        f64::from(self.data[(y * width + x) * channels + channel])
    }
}

/// Runs a whole plan, input by input. One vector for each output, `[count, height, width,
/// channels]`.
pub fn run(plan: &Plan, batch: Batch<'_>) -> Result<Vec<Vec<f32>>, RunError> {
    let shapes = plan.shapes(batch.height, batch.width)?;
    batch.check(plan.input.channels)?;
    let mut outputs = vec![Vec::new(); plan.outputs.len()];
    for input in batch.data.chunks_exact(shapes[0].len()) {
        let mut tensors = vec![input.to_vec()];
        for (layer, &shape) in plan.layers.iter().zip(&shapes[1..]) {
            let input = Map {
                shape: shapes[layer.input.index()],
                data: &tensors[layer.input.index()],
            };
            let mut result = compute(&layer.kind, input, shape);
            finish(layer, &tensors, &mut result);
            tensors.push(result);
        }
        for (output, tensor) in outputs.iter_mut().zip(&plan.outputs) {
            output.extend_from_slice(&tensors[tensor.index()]);
        }
    }
    Ok(outputs)
}

/// A layer's result before its residual and its activation.
#[must_use]
pub fn compute(kind: &LayerKind, input: Map<'_>, output: MapShape) -> Vec<f32> {
    match kind {
        LayerKind::Conv {
            window,
            weight,
            bias,
            ..
        } => conv(input, window, weight, bias, output),
        LayerKind::Depthwise {
            window,
            weight,
            bias,
        } => depthwise(input, window, weight, bias, output),
        LayerKind::Upsample { weight, bias, .. } => upsample(input, weight, bias, output),
        LayerKind::MaxPool(window) => max_pool(input, window, output),
        LayerKind::AveragePool(window) => average_pool(input, window, output),
        LayerKind::GlobalAveragePool => global_average_pool(input, output),
    }
}

/// Adds the residual and applies the activation.
fn finish(layer: &Layer, tensors: &[Vec<f32>], result: &mut [f32]) {
    let add = |result: &mut [f32], tensor: &[f32]| {
        for (value, other) in result.iter_mut().zip(tensor) {
            *value += other;
        }
    };
    if let Some(Residual::BeforeActivation(tensor)) = layer.residual {
        add(result, &tensors[tensor.index()]);
    }
    for value in result.iter_mut() {
        *value = activate(layer.activation, *value);
    }
    if let Some(Residual::AfterActivation(tensor)) = layer.residual {
        add(result, &tensors[tensor.index()]);
    }
}

/// One value after the activation.
#[must_use]
pub fn activate(activation: Activation, value: f32) -> f32 {
    match activation {
        Activation::Identity => value,
        Activation::Relu => value.max(0.0),
        Activation::Sigmoid => 1.0 / (1.0 + (-value).exp()),
    }
}

/// See [`LayerKind::Conv`].
#[must_use]
pub fn conv(
    input: Map<'_>,
    window: &Window,
    weight: &[f32],
    bias: &[f32],
    output: MapShape,
) -> Vec<f32> {
    let inputs = input.shape.channels;
    fill(output, |y, x, channel| {
        let mut sum = f64::from(bias[channel]);
        for tap in taps(window, input.shape, y, x) {
            let first = (channel * window.kernel[0] * window.kernel[1] + tap.kernel) * inputs;
            for (i, weight) in weight[first..first + inputs].iter().enumerate() {
                sum += f64::from(*weight) * input.at(tap.y, tap.x, i);
            }
        }
        sum
    })
}

/// See [`LayerKind::Depthwise`].
#[must_use]
pub fn depthwise(
    input: Map<'_>,
    window: &Window,
    weight: &[f32],
    bias: &[f32],
    output: MapShape,
) -> Vec<f32> {
    fill(output, |y, x, channel| {
        let product = |tap: Tap| {
            let weight = weight[tap.kernel * output.channels + channel];
            f64::from(weight) * input.at(tap.y, tap.x, channel)
        };
        let sum: f64 = taps(window, input.shape, y, x).map(product).sum();
        f64::from(bias[channel]) + sum
    })
}

/// See [`LayerKind::Upsample`].
#[must_use]
pub fn upsample(input: Map<'_>, weight: &[f32], bias: &[f32], output: MapShape) -> Vec<f32> {
    let inputs = input.shape.channels;
    fill(output, |y, x, channel| {
        let place = 2 * (y % 2) + x % 2;
        let first = (place * output.channels + channel) * inputs;
        let products = weight[first..first + inputs]
            .iter()
            .enumerate()
            .map(|(i, weight)| f64::from(*weight) * input.at(y / 2, x / 2, i));
        f64::from(bias[channel]) + products.sum::<f64>()
    })
}

/// See [`LayerKind::MaxPool`].
#[must_use]
pub fn max_pool(input: Map<'_>, window: &Window, output: MapShape) -> Vec<f32> {
    fill(output, |y, x, channel| {
        taps(window, input.shape, y, x)
            .map(|tap| input.at(tap.y, tap.x, channel))
            .fold(f64::NEG_INFINITY, f64::max)
    })
}

/// See [`LayerKind::AveragePool`].
#[must_use]
pub fn average_pool(input: Map<'_>, window: &Window, output: MapShape) -> Vec<f32> {
    fill(output, |y, x, channel| {
        let count = taps(window, input.shape, y, x).count() as f64;
        let sum: f64 = taps(window, input.shape, y, x)
            .map(|tap| input.at(tap.y, tap.x, channel))
            .sum();
        sum / count
    })
}

/// See [`LayerKind::GlobalAveragePool`].
#[must_use]
pub fn global_average_pool(input: Map<'_>, output: MapShape) -> Vec<f32> {
    let MapShape { height, width, .. } = input.shape;
    fill(output, |_, _, channel| {
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (y, x)));
        let sum: f64 = places.map(|(y, x)| input.at(y, x, channel)).sum();
        sum / (height * width) as f64
    })
}

/// Calls `value(y, x, channel)` for every value of a map.
fn fill(shape: MapShape, value: impl Fn(usize, usize, usize) -> f64) -> Vec<f32> {
    let mut result = Vec::with_capacity(shape.len());
    for y in 0..shape.height {
        for x in 0..shape.width {
            result.extend((0..shape.channels).map(|channel| value(y, x, channel) as f32));
        }
    }
    result
}

/// An input pixel under a window.
struct Tap {
    y: usize,
    x: usize,
    /// Row-major position in the kernel.
    kernel: usize,
}

/// The input pixels that an output pixel sees; padding is left out.
fn taps(window: &Window, input: MapShape, y: usize, x: usize) -> impl Iterator<Item = Tap> {
    let window = *window;
    let [kernel_height, kernel_width] = window.kernel;
    (0..kernel_height * kernel_width).filter_map(move |kernel| {
        let y = y * window.stride[0] + kernel / kernel_width;
        let x = x * window.stride[1] + kernel % kernel_width;
        let y = y.checked_sub(window.pad_start[0])?;
        let x = x.checked_sub(window.pad_start[1])?;
        (y < input.height && x < input.width).then_some(Tap { y, x, kernel })
    })
}
