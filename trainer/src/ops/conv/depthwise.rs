//! Depthwise convolution: each channel with its own kernel.
//!
//! A padded plane is split into `stride × stride` phases (every stride-th row and column), so that
//! each tap of the kernel reads one phase with unit stride. Rows keep the phase's width, so that a
//! whole plane is one long loop; the few values past a row's end are dropped or multiplied by zero.

use pulp::{Arch, Simd, WithSimd};

use super::{ConvShape, Wanted};
use crate::ops::buffer::recycled;

/// Lanes of the sums: as wide as the widest vectors.
const LANES: usize = 16;

/// Where the phases and taps of one plane lie.
struct Phases {
    /// Height and width of one phase.
    size: [usize; 2],
    /// Number of phases along each axis: the stride.
    stride: [usize; 2],
    /// Where each tap's first value lies in the phases.
    taps: Vec<usize>,
    /// Length of an output plane whose rows are as wide as a phase's.
    span: usize,
}

impl Phases {
    fn new(shape: &ConvShape) -> Self {
        let window = shape.window;
        let stride = window.stride;
        let size = [0, 1].map(|axis| {
            // A kernel may reach further than the last window's first pixel and leave rows unused.
            (shape.input[axis] + 2 * window.padding[axis]).div_ceil(stride[axis])
        });
        let phase = size[0] * size[1];
        let taps = (0..window.kernel[0])
            .flat_map(|y| (0..window.kernel[1]).map(move |x| [y, x]))
            .map(|[y, x]| {
                let index = y % stride[0] * stride[1] + x % stride[1];
                index * phase + y / stride[0] * size[1] + x / stride[1]
            })
            .collect();
        let span = (shape.output[0] - 1) * size[1] + shape.output[1];
        Self {
            size,
            stride,
            taps,
            span,
        }
    }

    fn phase_len(&self) -> usize {
        self.size[0] * self.size[1]
    }

    fn len(&self) -> usize {
        self.phase_len() * self.stride[0] * self.stride[1]
    }

    /// Where an input row's values go: the phase row's start for each horizontal phase, as an
    /// iterator of (first input column, target start).
    #[inline(always)]
    fn row(&self, shape: &ConvShape, y: usize) -> impl Iterator<Item = (usize, usize)> {
        let ([stride_y, stride_x], padding) = (self.stride, shape.window.padding);
        let (padded, width, phase) = (y + padding[0], self.size[1], self.phase_len());
        let row = padded / stride_y * width;
        let first = padded % stride_y * stride_x;
        (0..stride_x.min(shape.input[1])).map(move |x| {
            // Input column x lies at padded column x + padding.
            let column = x + padding[1];
            let start = (first + column % stride_x) * phase + row + column / stride_x;
            (x, start)
        })
    }

    /// Splits a plane into its phases; what is padding in `phases` stays as it is.
    #[inline(always)]
    fn split(&self, shape: &ConvShape, plane: &[f32], phases: &mut [f32]) {
        for (y, row) in plane.chunks_exact(shape.input[1]).enumerate() {
            for (x, start) in self.row(shape, y) {
                let count = (row.len() - x).div_ceil(self.stride[1]);
                let target = &mut phases[start..start + count];
                if self.stride[1] == 1 {
                    target.copy_from_slice(row);
                } else {
                    for (target, value) in target
                        .iter_mut()
                        .zip(row[x..].iter().step_by(self.stride[1]))
                    {
                        *target = *value;
                    }
                }
            }
        }
    }

    /// Puts phases together to a plane, leaving out the padding.
    #[inline(always)]
    fn join(&self, shape: &ConvShape, phases: &[f32], plane: &mut [f32]) {
        for (y, row) in plane.chunks_exact_mut(shape.input[1]).enumerate() {
            for (x, start) in self.row(shape, y) {
                let source = &phases[start..];
                if self.stride[1] == 1 {
                    row.copy_from_slice(&source[..row.len()]);
                } else {
                    let targets = row.iter_mut().skip(x).step_by(self.stride[1]);
                    for (target, value) in targets.zip(source) {
                        *target = *value;
                    }
                }
            }
        }
    }
}

/// `target[i] = Σ weight · source[offset + i]` over the taps.
#[inline(always)]
fn correlate(target: &mut [f32], source: &[f32], taps: &[(usize, f32)]) {
    match taps.len() {
        9 => correlate_fixed::<9>(target, source, taps),
        4 => correlate_fixed::<4>(target, source, taps),
        2 => correlate_fixed::<2>(target, source, taps),
        1 => correlate_fixed::<1>(target, source, taps),
        _ => {
            target.fill(0.0);
            for &(offset, weight) in taps {
                for (target, source) in target.iter_mut().zip(&source[offset..]) {
                    *target += weight * source;
                }
            }
        }
    }
}

#[inline(always)]
fn correlate_fixed<const TAPS: usize>(target: &mut [f32], source: &[f32], taps: &[(usize, f32)]) {
    let len = target.len();
    let rows: [(&[f32], f32); TAPS] =
        std::array::from_fn(|tap| (&source[taps[tap].0..][..len], taps[tap].1));
    for (i, target) in target.iter_mut().enumerate() {
        let mut sum = 0.0;
        for (row, weight) in rows {
            sum += weight * row[i];
        }
        *target = sum;
    }
}

/// Adds `Σ grad[i] · source[offset + i]` to each tap's sum.
#[inline(always)]
fn tap_sums(sums: &mut [f32], grad: &[f32], source: &[f32], offsets: &[usize]) {
    for (sum, &offset) in sums.iter_mut().zip(offsets) {
        let source = &source[offset..][..grad.len()];
        let mut lanes = [0.0; LANES];
        let (grads, sources) = (grad.chunks_exact(LANES), source.chunks_exact(LANES));
        let rest: f32 = grads
            .remainder()
            .iter()
            .zip(sources.remainder())
            .map(|(grad, source)| grad * source)
            .sum();
        for (grad, source) in grads.zip(sources) {
            for lane in 0..LANES {
                lanes[lane] += grad[lane] * source[lane];
            }
        }
        *sum += rest + lanes.iter().sum::<f32>();
    }
}

pub fn forward(shape: &ConvShape, input: &[f32], weight: &[f32]) -> Vec<f32> {
    let mut output = recycled(shape.batch * shape.channels_out * shape.output_pixels());
    Arch::new().dispatch(Forward {
        shape,
        input,
        weight,
        output: &mut output,
    });
    output
}

struct Forward<'a> {
    shape: &'a ConvShape,
    input: &'a [f32],
    weight: &'a [f32],
    output: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let shape = self.shape;
        let layout = Phases::new(shape);
        let mut phases = vec![0.0; layout.len()];
        let mut wide = vec![0.0; layout.span];
        let mut taps: Vec<(usize, f32)> = layout.taps.iter().map(|&tap| (tap, 0.0)).collect();
        let planes = self.input.chunks_exact(shape.input_pixels());
        let outputs = self.output.chunks_exact_mut(shape.output_pixels());
        for (index, (plane, output)) in planes.zip(outputs).enumerate() {
            let kernel = &self.weight[index % shape.channels_in * shape.taps()..];
            for (tap, &weight) in taps.iter_mut().zip(kernel) {
                tap.1 = weight;
            }
            layout.split(shape, plane, &mut phases);
            correlate(&mut wide, &phases, &taps);
            let rows = output.chunks_exact_mut(shape.output[1]);
            for (row, wide) in rows.zip(wide.chunks(layout.size[1])) {
                row.copy_from_slice(&wide[..row.len()]);
            }
        }
    }
}

pub fn backward(
    shape: &ConvShape,
    input: &[f32],
    weight: &[f32],
    output_grad: &[f32],
    wanted: Wanted,
) -> (Option<Vec<f32>>, Option<Vec<f32>>) {
    let mut input_grad = wanted
        .input
        .then(|| recycled(shape.batch * shape.channels_in * shape.input_pixels()));
    let mut weight_grad = wanted.weight.then(|| vec![0.0; weight.len()]);
    Arch::new().dispatch(Backward {
        shape,
        input,
        weight,
        output_grad,
        input_grad: input_grad.as_deref_mut(),
        weight_grad: weight_grad.as_deref_mut(),
    });
    (input_grad, weight_grad)
}

struct Backward<'a> {
    shape: &'a ConvShape,
    input: &'a [f32],
    weight: &'a [f32],
    output_grad: &'a [f32],
    input_grad: Option<&'a mut [f32]>,
    weight_grad: Option<&'a mut [f32]>,
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _simd: S) {
        let shape = self.shape;
        let layout = Phases::new(shape);
        let phase = layout.phase_len();
        // Two sets: the input's keeps its zero padding from plane to plane.
        let mut phases = vec![0.0; layout.len()];
        let mut back = vec![0.0; layout.len()];
        // The output's gradient with zeros before it, for the taps that reach back.
        let before = layout.taps.iter().map(|tap| tap % phase).max().unwrap_or(0);
        let mut grad = vec![0.0; before + phase.max(layout.span)];
        let mut taps = Vec::with_capacity(shape.taps());
        let grads = self.output_grad.chunks_exact(shape.output_pixels());
        for (index, plane_grad) in grads.enumerate() {
            let rows = grad[before..].chunks_mut(layout.size[1]);
            for (wide, row) in rows.zip(plane_grad.chunks_exact(shape.output[1])) {
                wide[..row.len()].copy_from_slice(row);
            }
            let first = index % shape.channels_in * shape.taps();
            let kernel = first..first + shape.taps();
            let pixels = index * shape.input_pixels()..(index + 1) * shape.input_pixels();
            if let Some(weight_grad) = &mut self.weight_grad {
                layout.split(shape, &self.input[pixels.clone()], &mut phases);
                let sums = &mut weight_grad[kernel.clone()];
                let grad = &grad[before..before + layout.span];
                tap_sums(sums, grad, &phases, &layout.taps);
            }
            if let Some(input_grad) = &mut self.input_grad {
                let kernel = &self.weight[kernel];
                for (index, target) in back.chunks_exact_mut(phase).enumerate() {
                    taps.clear();
                    let in_phase = layout.taps.iter().zip(kernel);
                    let in_phase = in_phase.filter(|(tap, _)| **tap / phase == index);
                    taps.extend(in_phase.map(|(tap, weight)| (before - tap % phase, *weight)));
                    correlate(target, &grad, &taps);
                }
                layout.join(shape, &back, &mut input_grad[pixels]);
            }
        }
    }
}
