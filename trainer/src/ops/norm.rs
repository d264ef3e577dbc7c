//! Batch norm in training, fused with a residual sum and a ReLU, on slices in NCHW order.
//!
//! Ioffe and Szegedy, "Batch Normalization", 2015: with mean μ and biased variance σ² of a channel
//! over batch and pixels, y = γ (x − μ) / √(σ² + ε) + β. Channels are walked one after another, all
//! images of one channel twice in a row, so that the second pass finds them in the cache.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use super::buffer::recycled;

/// Lanes of the sums: as wide as the widest vectors.
const LANES: usize = 16;

/// The learnt parameters of a batch norm and its ε.
#[derive(Clone, Copy, Debug)]
pub struct Affine<'a> {
    /// Scale a channel.
    pub gamma: &'a [f32],
    /// Shift a channel.
    pub beta: &'a [f32],
    /// Added to the variance.
    pub epsilon: f32,
}

/// What [`forward`] computes.
#[derive(Debug)]
pub struct Normalized {
    /// `[batch, channels, height, width]`.
    pub output: Vec<f32>,
    /// Mean of each channel.
    pub mean: Vec<f32>,
    /// Biased variance of each channel.
    pub variance: Vec<f32>,
}

/// Where the output's gradient passes.
#[derive(Clone, Copy, Debug)]
pub enum Mask<'a> {
    /// Everywhere: there was no ReLU.
    None,
    /// Where the normalized input is positive: a ReLU without a residual.
    FromInput,
    /// Where the output is positive: a ReLU after a residual.
    FromOutput(&'a [f32]),
}

/// What [`backward`] computes.
#[derive(Debug)]
pub struct Gradients {
    /// The residual's; none if it was not wanted or equals the output's gradient.
    pub residual: Option<Vec<f32>>,
    /// The gradient of γ.
    pub gamma: Vec<f32>,
    /// The gradient of β.
    pub beta: Vec<f32>,
}

/// One channel's normalization as `scale · x + shift`.
#[derive(Clone, Copy)]
struct Line {
    scale: f32,
    shift: f32,
    /// 1 / √(σ² + ε).
    inverse: f32,
}

impl Line {
    fn new(affine: &Affine<'_>, channel: usize, mean: f32, variance: f32) -> Self {
        let inverse = 1.0 / (variance + affine.epsilon).sqrt();
        let scale = affine.gamma[channel] * inverse;
        let shift = affine.beta[channel] - mean * scale;
        Self {
            scale,
            shift,
            inverse,
        }
    }

    /// The same expression forward and backward, so that the ReLU's mask agrees to the last bit.
    #[inline(always)]
    fn at(self, x: f32) -> f32 {
        self.scale * x + self.shift
    }
}

/// `Σ f(a, b)` for two functions at once, in lanes.
#[inline(always)]
fn sums(len: usize, term: impl Fn(usize) -> [f32; 2]) -> [f32; 2] {
    let [mut firsts, mut seconds] = [[0.0; LANES]; 2];
    let whole = len / LANES * LANES;
    for start in (0..whole).step_by(LANES) {
        for (lane, (first, second)) in firsts.iter_mut().zip(&mut seconds).enumerate() {
            let [a, b] = term(start + lane);
            *first += a;
            *second += b;
        }
    }
    let mut total = [firsts, seconds].map(|lanes| lanes.iter().sum::<f32>());
    for index in whole..len {
        let [first, second] = term(index);
        total[0] += first;
        total[1] += second;
    }
    total
}

/// Mean and biased variance of a channel, from the mean and squared deviations of each image
/// (Chan, Golub and `LeVeque`, "Updating formulae and a pairwise algorithm", 1979).
#[inline(always)]
fn statistics<'a>(planes: impl Iterator<Item = &'a [f32]>) -> (f32, f32) {
    let (mut count, mut mean, mut deviations) = (0.0f64, 0.0f64, 0.0f64);
    for plane in planes {
        let len = plane.len();
        let [sum, _] = sums(len, |i| [plane[i], 0.0]);
        let centre = sum / len as f32;
        let [rest, squares] = sums(len, |i| {
            let difference = plane[i] - centre;
            [difference, difference * difference]
        });
        let n = len as f64;
        let plane_mean = f64::from(centre) + f64::from(rest) / n;
        let squares = f64::from(squares) - f64::from(rest) * f64::from(rest) / n;
        let delta = plane_mean - mean;
        let total = count + n;
        mean += delta * n / total;
        deviations += squares + delta * delta * count * n / total;
        count = total;
    }
    (mean as f32, (deviations / count) as f32)
}

/// Normalizes, adds the residual if there is one and applies the ReLU if asked.
///
/// # Panics
/// If a slice is shorter than `dims` says.
#[must_use]
pub fn forward(
    dims: [usize; 4],
    input: &[f32],
    affine: &Affine<'_>,
    residual: Option<&[f32]>,
    relu: bool,
) -> Normalized {
    let channels = dims[1];
    let mut normalized = Normalized {
        output: recycled(input.len()),
        mean: vec![0.0; channels],
        variance: vec![0.0; channels],
    };
    Arch::new().dispatch(Forward {
        dims,
        input,
        affine,
        residual,
        relu,
        normalized: &mut normalized,
    });
    normalized
}

struct Forward<'a> {
    dims: [usize; 4],
    input: &'a [f32],
    affine: &'a Affine<'a>,
    residual: Option<&'a [f32]>,
    relu: bool,
    normalized: &'a mut Normalized,
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let [batch, channels, height, width] = self.dims;
        let pixels = height * width;
        let input = self.input;
        let floor = if self.relu { 0.0 } else { f32::NEG_INFINITY };
        for channel in 0..channels {
            let start = |image: usize| (image * channels + channel) * pixels;
            let planes = (0..batch).map(|image| &input[start(image)..][..pixels]);
            let (mean, variance) = statistics(planes);
            self.normalized.mean[channel] = mean;
            self.normalized.variance[channel] = variance;
            let line = Line::new(self.affine, channel, mean, variance);
            for image in 0..batch {
                let range = start(image)..start(image) + pixels;
                let source = &input[range.clone()];
                let target = &mut self.normalized.output[range.clone()];
                if let Some(residual) = self.residual {
                    let residual = &residual[range];
                    for ((target, &x), &r) in target.iter_mut().zip(source).zip(residual) {
                        *target = (line.at(x) + r).max(floor);
                    }
                } else {
                    for (target, &x) in target.iter_mut().zip(source) {
                        *target = line.at(x).max(floor);
                    }
                }
            }
        }
    }
}

/// Gradients of [`forward`] from the gradient of its output, which the input's gradient replaces.
///
/// With g the output's gradient where the ReLU passed, n values a channel and x̂ = (x − μ) / √(σ² + ε):
/// dβ = Σ g, dγ = Σ g x̂, dx = γ / √(σ² + ε) · (g − dβ / n − x̂ dγ / n), and g for the residual.
///
/// # Panics
/// If a slice is shorter than `dims` says.
#[must_use]
#[expect(
    clippy::too_many_arguments,
    reason = "one for each thing the gradient depends on"
)]
pub fn backward(
    dims: [usize; 4],
    input: &[f32],
    affine: &Affine<'_>,
    mean: &[f32],
    variance: &[f32],
    mask: Mask<'_>,
    grad: &mut [f32],
    wants_residual: bool,
) -> Gradients {
    let channels = dims[1];
    let mut gradients = Gradients {
        residual: (wants_residual && !matches!(mask, Mask::None)).then(|| recycled(input.len())),
        gamma: vec![0.0; channels],
        beta: vec![0.0; channels],
    };
    Arch::new().dispatch(Backward {
        dims,
        input,
        affine,
        mean,
        variance,
        mask,
        grad,
        gradients: &mut gradients,
    });
    gradients
}

struct Backward<'a> {
    dims: [usize; 4],
    input: &'a [f32],
    affine: &'a Affine<'a>,
    mean: &'a [f32],
    variance: &'a [f32],
    mask: Mask<'a>,
    /// The output's gradient, channel by channel replaced by the input's.
    grad: &'a mut [f32],
    gradients: &'a mut Gradients,
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _simd: S) {
        for channel in 0..self.dims[1] {
            let (mean, variance) = (self.mean[channel], self.variance[channel]);
            let line = Line::new(self.affine, channel, mean, variance);
            let [sum, projection] = self.parameter_grads(channel, line);
            self.gradients.beta[channel] = sum as f32;
            self.gradients.gamma[channel] = projection as f32;
            self.input_grad(channel, line, [sum, projection]);
        }
    }
}

/// The gradient where the ReLU passed.
#[inline(always)]
fn masked(grad: f32, decides: f32) -> f32 {
    if decides > 0.0 { grad } else { 0.0 }
}

impl Backward<'_> {
    fn plane(&self, image: usize, channel: usize) -> Range<usize> {
        let [_, channels, height, width] = self.dims;
        let start = (image * channels + channel) * height * width;
        start..start + height * width
    }

    /// Gradients of β and γ.
    #[inline(always)]
    fn parameter_grads(&self, channel: usize, line: Line) -> [f64; 2] {
        let mean = self.mean[channel];
        let (mut sum, mut projection) = (0.0, 0.0);
        for image in 0..self.dims[0] {
            let range = self.plane(image, channel);
            let (x, grad) = (&self.input[range.clone()], &self.grad[range.clone()]);
            let len = x.len();
            let [plain, centred] = match self.mask {
                Mask::None => sums(len, |i| [grad[i], grad[i] * (x[i] - mean)]),
                Mask::FromInput => sums(len, |i| {
                    let grad = masked(grad[i], line.at(x[i]));
                    [grad, grad * (x[i] - mean)]
                }),
                Mask::FromOutput(output) => {
                    let output = &output[range];
                    sums(len, |i| {
                        let grad = masked(grad[i], output[i]);
                        [grad, grad * (x[i] - mean)]
                    })
                }
            };
            sum += f64::from(plain);
            projection += f64::from(centred);
        }
        [sum, projection * f64::from(line.inverse)]
    }

    /// Writes the gradients of the input and the residual.
    #[inline(always)]
    fn input_grad(&mut self, channel: usize, line: Line, [sum, projection]: [f64; 2]) {
        let [batch, _, height, width] = self.dims;
        let count = (batch * height * width) as f64;
        let mean = self.mean[channel];
        let mean_grad = (sum / count) as f32;
        // dx = scale · (g − mean_grad − slope · (x − μ)).
        let slope = (projection / count) as f32 * line.inverse;
        let back = |grad: f32, x: f32| line.scale * (grad - mean_grad - slope * (x - mean));
        for image in 0..batch {
            let range = self.plane(image, channel);
            let x = &self.input[range.clone()];
            let grads = self.grad[range.clone()].iter_mut().zip(x);
            match (self.mask, &mut self.gradients.residual) {
                (Mask::None, _) => {
                    for (grad, &x) in grads {
                        *grad = back(*grad, x);
                    }
                }
                (Mask::FromInput, _) => {
                    for (grad, &x) in grads {
                        *grad = back(masked(*grad, line.at(x)), x);
                    }
                }
                (Mask::FromOutput(output), None) => {
                    for ((grad, &x), &output) in grads.zip(&output[range]) {
                        *grad = back(masked(*grad, output), x);
                    }
                }
                (Mask::FromOutput(output), Some(residual)) => {
                    let outputs = output[range.clone()].iter().zip(&mut residual[range]);
                    for ((grad, &x), (&output, residual)) in grads.zip(outputs) {
                        *residual = masked(*grad, output);
                        *grad = back(*residual, x);
                    }
                }
            }
        }
    }
}
