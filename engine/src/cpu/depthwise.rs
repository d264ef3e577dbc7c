//! Depthwise convolution: each vector of channels is summed over the window for a few neighbouring
//! pixels at once, so that a weight is read once for all of them.

use std::array;
use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::finish::{Finish, finish_tile};
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
    fn with_simd<S: Simd>(self, simd: S) {
        match (self.conv.kernel[1], self.conv.stride[1]) {
            (3, 1) => self.rows::<S, 3, 1>(simd),
            (3, 2) => self.rows::<S, 3, 2>(simd),
            _ => self.rows::<S, 1, 0>(simd),
        }
    }
}

impl Convolve<'_> {
    /// All pixels.
    #[inline(always)]
    fn rows<S: Simd, const K: usize, const T: usize>(mut self, simd: S) {
        let [rows, columns] = self.region.clone();
        for y in rows {
            let mut x = columns.start;
            while x + PIXELS <= columns.end {
                self.pixels::<S, PIXELS, K, T>(simd, y, x);
                x += PIXELS;
            }
            for x in x..columns.end {
                self.pixels::<S, 1, K, T>(simd, y, x);
            }
        }
    }

    /// All channels of `P` pixels side by side, for a kernel of a multiple of `K` columns and a
    /// stride of `T` or, if `T` is 0, any.
    #[inline(always)]
    fn pixels<S: Simd, const P: usize, const K: usize, const T: usize>(
        &mut self,
        simd: S,
        y: usize,
        x: usize,
    ) {
        let [kernel_height, kernel_width] = self.conv.kernel;
        let step = if T == 0 {
            self.input_grid.column
        } else {
            T * self.taps.column
        };
        let start = self.input_grid.at(y, x);
        let places = array::from_fn(|p| [y, x + p]);
        let outputs: [usize; P] = array::from_fn(|p| self.output_grid.at(y, x + p));
        let (bias, _) = S::as_simd_f32s(&self.conv.bias);
        let (weight, _) = S::as_simd_f32s(&self.conv.weight);
        // Where the last value under the window of the last pixel ends.
        let end = start
            + (P - 1) * step
            + (kernel_height - 1) * self.taps.row
            + (kernel_width - 1) * self.taps.column
            + self.conv.bias.len();
        assert!(end <= self.input.len());
        let area = kernel_height * kernel_width;
        for ((vector, &bias), weight) in bias.iter().enumerate().zip(weight.chunks_exact(area)) {
            let first = vector * S::F32_LANES;
            let mut sums = [[bias]; P];
            for (row, weight) in weight.chunks_exact(kernel_width).enumerate() {
                let mut at = start + first + row * self.taps.row;
                let (columns, _) = weight.as_chunks::<K>();
                for weight in columns {
                    // SAFETY: each vector ends at `end` or before, which is asserted above.
                    unsafe {
                        let input = self.input.as_ptr().add(at);
                        accumulate::<S, P, K, T>(
                            simd,
                            input,
                            self.taps.column,
                            step,
                            weight,
                            &mut sums,
                        );
                    }
                    at += K * self.taps.column;
                }
            }
            finish_tile(simd, &self.finish, &mut sums, &places, first);
            for (sum, at) in sums.iter().zip(outputs) {
                let target = &mut self.output[at + first..][..S::F32_LANES];
                S::as_mut_simd_f32s(target).0.copy_from_slice(sum);
            }
        }
    }
}

/// Adds `input[p * step + k * column] * weight[k]` over `k` to `sums[p]`.
///
/// # Safety
///
/// A vector must lie at each of these places.
#[inline(always)]
unsafe fn accumulate<S: Simd, const P: usize, const K: usize, const T: usize>(
    simd: S,
    input: *const f32,
    column: usize,
    step: usize,
    weight: &[S::f32s; K],
    sums: &mut [[S::f32s; 1]; P],
) {
    let load = |at: usize| unsafe { input.add(at).cast::<S::f32s>().read_unaligned() };
    if T == 0 {
        for (k, &weight) in weight.iter().enumerate() {
            for (p, [sum]) in sums.iter_mut().enumerate() {
                *sum = simd.mul_add_e_f32s(load(p * step + k * column), weight, *sum);
            }
        }
    } else {
        // Neighbouring pixels share columns: read each once.
        for c in 0..(P - 1) * T + K {
            let value = load(c * column);
            for (p, [sum]) in sums.iter_mut().enumerate() {
                if p * T <= c && c - p * T < K {
                    *sum = simd.mul_add_e_f32s(value, weight[c - p * T], *sum);
                }
            }
        }
    }
}
