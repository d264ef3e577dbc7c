//! Depthwise convolution: each vector of channels is summed over the window for a few neighbouring
//! pixels at once, so that a weight is read once for all of them.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::finish::{Finish, finish_vector};
use super::lanes::Instructions;
use super::layout::Grid;
use crate::plan::Window;

/// Output pixels that are summed at a time.
const PIXELS: usize = 4;

/// Weights in the order in which the kernel reads them, and where it reads its input.
#[derive(Clone, Debug)]
pub(super) struct PackedDepthwise {
    instructions: Instructions,
    kernel: [usize; 2],
    stride: [usize; 2],
    pub pad: [usize; 2],
    /// For each vector of channels its weights, place by place in the kernel.
    weight: Vec<f32>,
    /// One for each channel, filled up with zeros.
    bias: Vec<f32>,
}

impl PackedDepthwise {
    /// Packs weights `[kernel_h, kernel_w, channels]`.
    pub fn new(instructions: Instructions, window: &Window, weight: &[f32], bias: &[f32]) -> Self {
        let lanes = instructions.tile().lanes;
        let channels = bias.len();
        let filled = channels.next_multiple_of(lanes);
        let mut packed = Vec::with_capacity(weight.len() / channels * filled);
        for first in (0..filled).step_by(lanes) {
            for place in weight.chunks_exact(channels) {
                let value = |channel| place.get(channel).copied().unwrap_or(0.0);
                packed.extend((first..first + lanes).map(value));
            }
        }
        let mut bias = bias.to_vec();
        bias.resize(filled, 0.0);
        Self {
            instructions,
            kernel: window.kernel,
            stride: window.stride,
            pad: window.pad_start,
            weight: packed,
            bias,
        }
    }

    /// Computes the pixels of a region; see [`PackedConv::run`](super::conv::PackedConv::run).
    pub fn run(
        &self,
        region: &[Range<usize>; 2],
        (input, input_grid): (&[f32], Grid),
        (output, output_grid): (&mut [f32], Grid),
        finish: Finish<'_>,
    ) {
        self.instructions.dispatch(Convolve {
            conv: self,
            region,
            input,
            taps: input_grid,
            input_grid: input_grid.steps([0, 0], self.stride),
            output,
            output_grid,
            finish,
        });
    }
}

struct Convolve<'a> {
    conv: &'a PackedDepthwise,
    region: &'a [Range<usize>; 2],
    input: &'a [f32],
    taps: Grid,
    input_grid: Grid,
    output: &'a mut [f32],
    output_grid: Grid,
    finish: Finish<'a>,
}

impl WithSimd for Convolve<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let [rows, columns] = self.region.clone();
        for y in rows {
            let mut x = columns.start;
            while x + PIXELS <= columns.end {
                self.pixels::<S, PIXELS>(simd, y, x);
                x += PIXELS;
            }
            for x in x..columns.end {
                self.pixels::<S, 1>(simd, y, x);
            }
        }
    }
}

impl Convolve<'_> {
    /// All channels of `P` pixels side by side.
    #[inline(always)]
    fn pixels<S: Simd, const P: usize>(&mut self, simd: S, y: usize, x: usize) {
        let [kernel_height, kernel_width] = self.conv.kernel;
        let area = kernel_height * kernel_width;
        let (bias, _) = S::as_simd_f32s(&self.conv.bias);
        let (weight, _) = S::as_simd_f32s(&self.conv.weight);
        let step = self.input_grid.column;
        for ((vector, &bias), weight) in bias.iter().enumerate().zip(weight.chunks_exact(area)) {
            let first = vector * S::F32_LANES;
            let mut sums = [bias; P];
            let start = self.input_grid.at(y, x) + first;
            for (row, weight) in weight.chunks_exact(kernel_width).enumerate() {
                for (column, &weight) in weight.iter().enumerate() {
                    let at = start + row * self.taps.row + column * self.taps.column;
                    let input = &self.input[at..][..(P - 1) * step + S::F32_LANES];
                    for (p, sum) in sums.iter_mut().enumerate() {
                        let input = &input[p * step..][..S::F32_LANES];
                        let value = S::as_simd_f32s(input).0[0];
                        *sum = simd.mul_add_e_f32s(value, weight, *sum);
                    }
                }
            }
            for (p, sum) in sums.into_iter().enumerate() {
                let addend = self.finish.addend(y, x + p, first, S::F32_LANES);
                let at = self.output_grid.at(y, x + p) + first;
                let target = &mut self.output[at..][..S::F32_LANES];
                S::as_mut_simd_f32s(target).0[0] =
                    finish_vector(simd, &self.finish, sum, addend, 0);
            }
        }
    }
}
