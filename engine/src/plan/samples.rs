//! Random plans for property tests: of the file format, and of every backend against the
//! reference.

use proptest::prelude::*;

use super::{Activation, InputSpec, Layer, LayerKind, Plan, Residual, TensorId, Window};
use crate::random::split_mix;

/// A plan with an input of a size that it takes, and a seed for the input's values.
#[derive(Clone, Debug)]
pub struct Sample {
    pub plan: Plan,
    pub height: usize,
    pub width: usize,
    pub seed: u64,
}

impl Sample {
    /// `count` inputs, values in -1..1.
    pub fn inputs(&self, count: usize) -> Vec<f32> {
        let length = count * self.height * self.width * self.plan.input.channels;
        let mut numbers = Numbers(self.seed);
        (0..length).map(|_| numbers.value()).collect()
    }
}

/// Plans of 1 to `layers` layers whose every layer reads a random earlier tensor.
pub fn sample(layers: usize) -> impl Strategy<Value = Sample> {
    let sides = [1..24_usize, 1..24, 1..6];
    (sides, 1..=layers, any::<u64>()).prop_map(|([height, width, channels], layers, seed)| {
        let mut numbers = Numbers(seed);
        let mut plan = Plan {
            input: InputSpec {
                channels,
                size: None,
                multiple: 1,
                scale: 1.0 / 255.0,
                offset: -0.5,
            },
            layers: Vec::new(),
            outputs: vec![TensorId::INPUT],
        };
        for _ in 0..layers {
            push_layer(&mut plan, height, width, &mut numbers);
        }
        let last = plan.layers.len();
        let other = numbers.below(last + 1);
        plan.outputs = vec![TensorId(last as u16), TensorId(other as u16)];
        // Pools and residuals may bind a plan to its size.
        if numbers.chance(2) || plan.check().is_err() {
            plan.input.size = Some([height, width]);
        }
        Sample {
            plan,
            height,
            width,
            seed,
        }
    })
}

/// Adds a random layer; one that does not fit is left out again, so the plan may stay as it is.
fn push_layer(plan: &mut Plan, height: usize, width: usize, numbers: &mut Numbers) {
    let shapes = plan
        .shapes(height, width)
        .expect("the plan so far is valid");
    // Mostly a chain, so that layers build on each other.
    let input = if numbers.chance(4) {
        numbers.below(shapes.len())
    } else {
        shapes.len() - 1
    };
    let channels = shapes[input].channels;
    let window = numbers.window();
    let area = window.kernel[0] * window.kernel[1];
    let out_channels = 1 + numbers.below(40);
    let kind = match numbers.below(10) {
        0..=3 => LayerKind::Conv {
            window,
            out_channels,
            weight: numbers.weights(out_channels * area * channels, area * channels),
            bias: numbers.weights(out_channels, 1),
        },
        4 | 5 => LayerKind::Depthwise {
            window,
            weight: numbers.weights(area * channels, area),
            bias: numbers.weights(channels, 1),
        },
        6 => LayerKind::Upsample {
            out_channels,
            weight: numbers.weights(4 * out_channels * channels, channels),
            bias: numbers.weights(out_channels, 1),
        },
        7 => LayerKind::MaxPool(window),
        8 => LayerKind::AveragePool(window),
        _ => LayerKind::GlobalAveragePool,
    };
    plan.layers.push(Layer {
        input: TensorId(input as u16),
        kind,
        residual: None,
        activation: match numbers.below(3) {
            0 => Activation::Identity,
            1 => Activation::Relu,
            _ => Activation::Sigmoid,
        },
    });
    let Ok(with_layer) = plan.shapes(height, width) else {
        plan.layers.pop();
        return;
    };
    let shape = with_layer[shapes.len()];
    if shape.len() > 1 << 15 {
        plan.layers.pop();
        return;
    }
    let same: Vec<usize> = (0..shapes.len()).filter(|&i| shapes[i] == shape).collect();
    if !same.is_empty() && numbers.chance(2) {
        let tensor = TensorId(same[numbers.below(same.len())] as u16);
        plan.layers[shapes.len() - 1].residual = Some(if numbers.chance(2) {
            Residual::BeforeActivation(tensor)
        } else {
            Residual::AfterActivation(tensor)
        });
    }
}

/// A small generator, so that a sample follows from one seed.
pub struct Numbers(pub u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        split_mix(&mut self.0)
    }

    /// A whole number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// True once in `n` times.
    pub fn chance(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// A number in -1..1.
    pub fn value(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    /// Weights scaled so that sums of `terms` products stay of order one.
    pub fn weights(&mut self, count: usize, terms: usize) -> Vec<f32> {
        let scale = (3.0 / terms as f32).sqrt();
        (0..count).map(|_| scale * self.value()).collect()
    }

    fn window(&mut self) -> Window {
        let kernel = if self.chance(2) {
            [[1, 1], [3, 3]][self.below(2)]
        } else {
            [1 + self.below(5), 1 + self.below(5)]
        };
        let stride = if self.chance(2) {
            [1, 1]
        } else {
            [1 + self.below(3), 1 + self.below(3)]
        };
        Window {
            kernel,
            stride,
            pad_start: kernel.map(|side| self.below(side)),
            pad_end: kernel.map(|side| self.below(side)),
        }
    }
}
