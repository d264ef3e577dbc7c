//! Batch norm in training, fused with a residual sum and a ReLU, on slices in NCHW order.
//!
//! Ioffe and Szegedy, "Batch Normalization", 2015: with mean μ and biased variance σ² of a channel
//! over batch and pixels, y = γ (x − μ) / √(σ² + ε) + β. Channels are walked one after another, all
//! images of one channel twice in a row, so that the second pass finds them in the cache.

use pulp::Arch;

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
    /// The input's gradient.
    pub input: Vec<f32>,
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
    let [batch, channels, height, width] = dims;
    let pixels = height * width;
    let mut output = vec![0.0; input.len()];
    let mut mean = vec![0.0; channels];
    let mut variance = vec![0.0; channels];
    let floor = if relu { 0.0 } else { f32::NEG_INFINITY };
    Arch::new().dispatch(|| {
        for channel in 0..channels {
            let start = |image: usize| (image * channels + channel) * pixels;
            let planes = (0..batch).map(|image| &input[start(image)..][..pixels]);
            (mean[channel], variance[channel]) = statistics(planes);
            let line = Line::new(affine, channel, mean[channel], variance[channel]);
            for image in 0..batch {
                let range = start(image)..start(image) + pixels;
                let (target, source) = (&mut output[range.clone()], &input[range.clone()]);
                if let Some(residual) = residual {
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
    });
    Normalized {
        output,
        mean,
        variance,
    }
}

/// Gradients of [`forward`] from the gradient of its output.
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
    output_grad: &[f32],
    wants_residual: bool,
) -> Gradients {
    let [batch, channels, height, width] = dims;
    let pixels = height * width;
    let mut input_grad = vec![0.0; input.len()];
    let mut residual_grad =
        (wants_residual && !matches!(mask, Mask::None)).then(|| vec![0.0; input.len()]);
    let mut gamma_grad = vec![0.0; channels];
    let mut beta_grad = vec![0.0; channels];
    Arch::new().dispatch(|| {
        for channel in 0..channels {
            let line = Line::new(affine, channel, mean[channel], variance[channel]);
            let mean = mean[channel];
            let range = |image: usize| {
                let start = (image * channels + channel) * pixels;
                start..start + pixels
            };
            let (mut sum, mut projection) = (0.0f64, 0.0f64);
            for image in 0..batch {
                let range = range(image);
                let (x, grad) = (&input[range.clone()], &output_grad[range.clone()]);
                let [plain, centred] = match mask {
                    Mask::None => sums(pixels, |i| [grad[i], grad[i] * (x[i] - mean)]),
                    Mask::FromInput => sums(pixels, |i| {
                        let grad = if line.at(x[i]) > 0.0 { grad[i] } else { 0.0 };
                        [grad, grad * (x[i] - mean)]
                    }),
                    Mask::FromOutput(output) => {
                        let output = &output[range];
                        sums(pixels, |i| {
                            let grad = if output[i] > 0.0 { grad[i] } else { 0.0 };
                            [grad, grad * (x[i] - mean)]
                        })
                    }
                };
                sum += f64::from(plain);
                projection += f64::from(centred);
            }
            let count = (batch * pixels) as f64;
            let projection = projection * f64::from(line.inverse);
            beta_grad[channel] = sum as f32;
            gamma_grad[channel] = projection as f32;
            let mean_grad = (sum / count) as f32;
            // dx = scale · (g − mean_grad − slope · (x − μ)).
            let slope = (projection / count) as f32 * line.inverse;
            let back = |grad: f32, x: f32| line.scale * (grad - mean_grad - slope * (x - mean));
            for image in 0..batch {
                let range = range(image);
                let (x, grad) = (&input[range.clone()], &output_grad[range.clone()]);
                let target = &mut input_grad[range.clone()];
                match (mask, &mut residual_grad) {
                    (Mask::None, _) => {
                        for i in 0..pixels {
                            target[i] = back(grad[i], x[i]);
                        }
                    }
                    (Mask::FromInput, _) => {
                        for i in 0..pixels {
                            let grad = if line.at(x[i]) > 0.0 { grad[i] } else { 0.0 };
                            target[i] = back(grad, x[i]);
                        }
                    }
                    (Mask::FromOutput(output), Some(residual)) => {
                        let (output, residual) = (&output[range.clone()], &mut residual[range]);
                        for i in 0..pixels {
                            let grad = if output[i] > 0.0 { grad[i] } else { 0.0 };
                            residual[i] = grad;
                            target[i] = back(grad, x[i]);
                        }
                    }
                    (Mask::FromOutput(output), None) => {
                        let output = &output[range];
                        for i in 0..pixels {
                            let grad = if output[i] > 0.0 { grad[i] } else { 0.0 };
                            target[i] = back(grad, x[i]);
                        }
                    }
                }
            }
        }
    });
    Gradients {
        input: input_grad,
        residual: residual_grad,
        gamma: gamma_grad,
        beta: beta_grad,
    }
}
