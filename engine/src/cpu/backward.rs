//! Derivatives of what a plan computes with respect to its input and its maps: reverse-mode
//! differentiation, layer by layer, back from the last to the first. Weights get no derivative;
//! training them is the trainer's business.
//!
//! Written for the engine's own plans rather than taken from Burn: the page holds no Burn, and a
//! plan has few kinds of layers. The trainer's tests compare it with Burn's automatic derivatives.

use super::Runner;
use crate::plan::{
    Activation, Layer, LayerKind, MapShape, Plan, Residual, ShapeError, TensorId, Window,
};
use crate::runner::{Batch, RunError};

/// A network that is run forward and back.
#[derive(Clone, Debug)]
pub struct Differentiator {
    /// Of the plan that gives out every tensor.
    runner: Runner,
}

/// Every tensor of one run.
#[derive(Clone, Debug)]
pub struct Tape {
    shapes: Vec<MapShape>,
    tensors: Vec<Vec<f32>>,
}

impl Tape {
    /// The shape of a tensor.
    #[must_use]
    pub fn shape(&self, tensor: TensorId) -> MapShape {
        self.shapes[tensor.index()]
    }

    /// The values of a tensor, `[height, width, channels]`.
    #[must_use]
    pub fn tensor(&self, tensor: TensorId) -> &[f32] {
        &self.tensors[tensor.index()]
    }
}

impl Differentiator {
    /// Prepares a plan.
    pub fn new(plan: &Plan) -> Result<Self, ShapeError> {
        let tensors = 0..=plan.layers.len();
        let plan = Plan {
            outputs: tensors.map(|tensor| TensorId(tensor as u16)).collect(),
            ..plan.clone()
        };
        Ok(Self {
            runner: Runner::new(plan)?,
        })
    }

    /// The network; its outputs are all its tensors.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        self.runner.plan()
    }

    /// Runs one input of `height` x `width` pixels, normalised, and keeps every tensor.
    pub fn record(&mut self, input: &[f32], [height, width]: [usize; 2]) -> Result<Tape, RunError> {
        let batch = Batch {
            data: input,
            count: 1,
            height,
            width,
        };
        Ok(Tape {
            tensors: self.runner.run(batch)?,
            shapes: self.plan().shapes(height, width)?,
        })
    }

    /// The derivative of `sum(seed * tensor)` with respect to every tensor of the run, each of
    /// its tensor's shape.
    ///
    /// At a kink, where there is no derivative: that of `max(x, 0)` at 0 is 0, and of equal
    /// largest values under a pooling window the first counts.
    ///
    /// # Panics
    /// If the seed does not have the tensor's length.
    #[must_use]
    pub fn gradients(&self, tape: &Tape, tensor: TensorId, seed: &[f32]) -> Vec<Vec<f32>> {
        let mut gradients: Vec<Vec<f32>> = tape
            .shapes
            .iter()
            .map(|shape| vec![0.0; shape.len()])
            .collect();
        gradients[tensor.index()].copy_from_slice(seed);
        for (position, layer) in self
            .plan()
            .layers
            .iter()
            .enumerate()
            .take(tensor.index())
            .rev()
        {
            let output = TensorId(position as u16 + 1);
            // A layer's output comes after all that it reads.
            let (before, after) = gradients.split_at_mut(output.index());
            back(layer, tape, output, &after[0], before);
        }
        gradients
    }
}

/// Adds to the gradients of what a layer reads, given that of its output.
fn back(layer: &Layer, tape: &Tape, output: TensorId, gradient: &[f32], before: &mut [Vec<f32>]) {
    if gradient.iter().all(|&value| value == 0.0) {
        return;
    }
    if let Some(Residual::AfterActivation(residual)) = layer.residual {
        add(&mut before[residual.index()], gradient);
    }
    let inner = through_activation(layer, tape, output, gradient);
    if let Some(Residual::BeforeActivation(residual)) = layer.residual {
        add(&mut before[residual.index()], &inner);
    }
    let (from, to) = (tape.shape(layer.input), tape.shape(output));
    let target = &mut before[layer.input.index()];
    match &layer.kind {
        LayerKind::Conv { window, weight, .. } => conv(window, weight, from, to, &inner, target),
        LayerKind::Depthwise { window, weight, .. } => {
            depthwise(window, weight, from, to, &inner, target);
        }
        LayerKind::Upsample { weight, .. } => upsample(weight, from, to, &inner, target),
        LayerKind::MaxPool(window) => {
            max_pool(window, tape.tensor(layer.input), from, to, &inner, target);
        }
        LayerKind::AveragePool(window) => average_pool(window, from, to, &inner, target),
        LayerKind::GlobalAveragePool => global_average_pool(from, &inner, target),
    }
}

fn add(sum: &mut [f32], values: &[f32]) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += value;
    }
}

/// The gradient before the activation, from that after it.
fn through_activation(layer: &Layer, tape: &Tape, output: TensorId, gradient: &[f32]) -> Vec<f32> {
    let derivative = |activated: f32| match layer.activation {
        Activation::Identity => 1.0,
        Activation::Relu => f32::from(u8::from(activated > 0.0)),
        Activation::Sigmoid => activated * (1.0 - activated),
    };
    let pairs = gradient.iter().zip(tape.tensor(output));
    match layer.residual {
        Some(Residual::AfterActivation(residual)) => pairs
            .zip(tape.tensor(residual))
            .map(|((gradient, value), residual)| gradient * derivative(value - residual))
            .collect(),
        _ => pairs
            .map(|(gradient, &value)| gradient * derivative(value))
            .collect(),
    }
}

/// Calls `visit(output pixel, input pixel, place in the kernel)` for every pair that meets.
fn meet(window: &Window, from: MapShape, to: MapShape, mut visit: impl FnMut(usize, usize, usize)) {
    let [height, width] = window.kernel;
    for y in 0..to.height {
        for x in 0..to.width {
            for place in 0..height * width {
                let row = (y * window.stride[0] + place / width).checked_sub(window.pad_start[0]);
                let column =
                    (x * window.stride[1] + place % width).checked_sub(window.pad_start[1]);
                if let (Some(row), Some(column)) = (row, column)
                    && row < from.height
                    && column < from.width
                {
                    visit(y * to.width + x, row * from.width + column, place);
                }
            }
        }
    }
}

fn conv(
    window: &Window,
    weight: &[f32],
    from: MapShape,
    to: MapShape,
    gradient: &[f32],
    target: &mut [f32],
) {
    let (inputs, area) = (from.channels, window.kernel[0] * window.kernel[1]);
    // Behind a ReLU most of a gradient is zero.
    let mut active: Vec<(usize, f32)> = Vec::with_capacity(to.channels);
    let mut collected = usize::MAX;
    meet(window, from, to, |output, input, place| {
        if collected != output {
            collected = output;
            active.clear();
            let channels = gradient[output * to.channels..][..to.channels].iter();
            active.extend(channels.copied().enumerate().filter(|(_, it)| *it != 0.0));
        }
        let target = &mut target[input * inputs..][..inputs];
        for &(channel, gradient) in &active {
            let kernel = &weight[(channel * area + place) * inputs..][..inputs];
            for (target, weight) in target.iter_mut().zip(kernel) {
                *target += gradient * weight;
            }
        }
    });
}

fn depthwise(
    window: &Window,
    weight: &[f32],
    from: MapShape,
    to: MapShape,
    gradient: &[f32],
    target: &mut [f32],
) {
    let channels = from.channels;
    meet(window, from, to, |output, input, place| {
        let target = target[input * channels..][..channels].iter_mut();
        let gradient = &gradient[output * channels..][..channels];
        let kernel = &weight[place * channels..][..channels];
        for ((target, gradient), weight) in target.zip(gradient).zip(kernel) {
            *target += gradient * weight;
        }
    });
}

fn upsample(weight: &[f32], from: MapShape, to: MapShape, gradient: &[f32], target: &mut [f32]) {
    let inputs = from.channels;
    for (pixel, gradient) in gradient.chunks_exact(to.channels).enumerate() {
        let (y, x) = (pixel / to.width, pixel % to.width);
        let place = 2 * (y % 2) + x % 2;
        let target = &mut target[(y / 2 * from.width + x / 2) * inputs..][..inputs];
        for (channel, gradient) in gradient.iter().enumerate() {
            let kernel = &weight[(place * to.channels + channel) * inputs..][..inputs];
            for (target, weight) in target.iter_mut().zip(kernel) {
                *target += gradient * weight;
            }
        }
    }
}

fn max_pool(
    window: &Window,
    values: &[f32],
    from: MapShape,
    to: MapShape,
    gradient: &[f32],
    target: &mut [f32],
) {
    // The position of the largest value under each place of the window.
    let mut largest = vec![usize::MAX; to.len()];
    meet(window, from, to, |output, input, _| {
        for channel in 0..from.channels {
            let best = &mut largest[output * from.channels + channel];
            let position = input * from.channels + channel;
            if *best == usize::MAX || values[position] > values[*best] {
                *best = position;
            }
        }
    });
    for (position, gradient) in largest.into_iter().zip(gradient) {
        target[position] += gradient;
    }
}

fn average_pool(
    window: &Window,
    from: MapShape,
    to: MapShape,
    gradient: &[f32],
    target: &mut [f32],
) {
    let channels = from.channels;
    let mut counts = vec![0.0_f32; to.height * to.width];
    meet(window, from, to, |output, _, _| counts[output] += 1.0);
    meet(window, from, to, |output, input, _| {
        let target = target[input * channels..][..channels].iter_mut();
        for (target, gradient) in target.zip(&gradient[output * channels..]) {
            *target += gradient / counts[output];
        }
    });
}

fn global_average_pool(from: MapShape, gradient: &[f32], target: &mut [f32]) {
    let pixels = (from.height * from.width) as f32;
    for target in target.chunks_exact_mut(from.channels) {
        for (target, gradient) in target.iter_mut().zip(gradient) {
            *target += gradient / pixels;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::plan::samples::sample;
    use crate::random::Random;

    fn dot(one: &[f32], other: &[f32]) -> f64 {
        let products = one.iter().zip(other);
        products
            .map(|(one, other)| f64::from(*one) * f64::from(*other))
            .sum()
    }

    proptest! {
        /// Along a random direction the derivative is the slope of the function, wherever the
        /// function is straight enough to have one.
        #[test]
        fn gradients_are_finite_differences(sample in sample(5), seed in any::<u64>()) {
            let mut random = Random::new(seed);
            let mut signed = |count: usize| -> Vec<f32> {
                (0..count).map(|_| 2.0 * random.unit() - 1.0).collect()
            };
            let mut differentiator = Differentiator::new(&sample.plan).expect("valid");
            let input = sample.inputs(1);
            let size = [sample.height, sample.width];
            let outputs = differentiator.record(&input, size).expect("valid");
            let last = TensorId(sample.plan.layers.len() as u16);
            let seed = signed(outputs.tensor(last).len());
            let direction = signed(input.len());
            let step = 2e-3_f32;
            // The value and the slope that the gradients say, `part` steps along the direction.
            let mut at = |part: f32| {
                let moved: Vec<f32> = input
                    .iter()
                    .zip(&direction)
                    .map(|(value, direction)| value + part * step * direction)
                    .collect();
                let tape = differentiator.record(&moved, size).expect("valid");
                let gradients = differentiator.gradients(&tape, last, &seed);
                (dot(tape.tensor(last), &seed), dot(&gradients[0], &direction))
            };
            let [(before, slope_before), (_, slope), (after, slope_after)] =
                [-1.0, 0.0, 1.0].map(&mut at);
            // A kink lies between the ends where the slopes there differ, whether or not they
            // cancel in the middle.
            let tolerance = 0.02 * (1.0 + slope.abs());
            prop_assume!((slope_before - slope).abs() < tolerance);
            prop_assume!((slope_after - slope).abs() < tolerance);
            let central = (after - before) / (2.0 * f64::from(step));
            prop_assert!((central - slope).abs() < 2.0 * tolerance, "{central} is not {slope}");
        }
    }
}
