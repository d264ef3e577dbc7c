//! Dense convolution.
//!
//! Each output pixel is a dot product of packed weights with a few runs of input values that lie
//! side by side: the rows of the kernel or, where a pixel's channels are filled up, its pixels.
//! A tile of [`Tile::pixels`] output pixels and [`Tile::vectors`] vectors of output channels stays
//! in registers while the runs stream past; bias, residual and activation are applied before it
//! is stored. The pixels of a tile need not lie in one row, so that small maps fill tiles too.

use std::array;
use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::finish::{Finish, finish_tile};
use super::lanes::{Instructions, Tile};
use super::layout::Grid;
use crate::plan::Window;

/// Weights in the order in which the kernel reads them, and where it reads its input.
#[derive(Clone, Debug)]
pub(super) struct PackedConv {
    instructions: Instructions,
    stride: [usize; 2],
    pub pad: [usize; 2],
    /// Kernel rows, runs in each of them, values in each run.
    runs: [usize; 3],
    /// For each block of output channels, for each input value: the block's weights.
    weight: Vec<f32>,
    /// One for each output channel, filled up with zeros.
    bias: Vec<f32>,
}

impl PackedConv {
    /// Packs weights `[out_channels, kernel_h, kernel_w, in_channels]` for an input whose pixels
    /// are `column` values apart.
    pub fn new(
        instructions: Instructions,
        window: &Window,
        weight: &[f32],
        bias: &[f32],
        column: usize,
    ) -> Self {
        let tile = instructions.tile();
        let terms = weight.len() / bias.len();
        let channels = terms / (window.kernel[0] * window.kernel[1]);
        let runs = if column == channels {
            [window.kernel[0], 1, window.kernel[1] * channels]
        } else {
            [window.kernel[0], window.kernel[1], channels]
        };
        let filled = bias.len().next_multiple_of(tile.lanes);
        let mut packed = Vec::with_capacity(filled * terms);
        for block in blocks(filled / tile.lanes, tile.vectors) {
            for term in 0..terms {
                let outputs = block.start * tile.lanes..block.end * tile.lanes;
                packed.extend(outputs.map(|output| {
                    let weights = weight.get(output * terms..(output + 1) * terms);
                    weights.map_or(0.0, |weights| weights[term])
                }));
            }
        }
        let mut bias = bias.to_vec();
        bias.resize(filled, 0.0);
        Self {
            instructions,
            stride: window.stride,
            pad: window.pad_start,
            runs,
            weight: packed,
            bias,
        }
    }

    /// Computes the pixels of a region. `input` and `output` are where the pixel `(0, 0)` of the
    /// output starts to read, and writes.
    pub fn run(
        &self,
        region: &[Range<usize>; 2],
        (input, input_grid): (&[f32], Grid),
        (output, output_grid): (&mut [f32], Grid),
        finish: Finish<'_>,
    ) {
        self.instructions.dispatch(Convolve {
            conv: self,
            height: region[0].len(),
            width: region[1].len(),
            input,
            taps: input_grid,
            input_grid: input_grid.steps(
                [
                    region[0].start * self.stride[0],
                    region[1].start * self.stride[1],
                ],
                self.stride,
            ),
            output,
            output_grid: output_grid.steps([region[0].start, region[1].start], [1, 1]),
            finish: finish.from([region[0].start, region[1].start]),
        });
    }

    /// Input values that one output value sums over.
    fn terms(&self) -> usize {
        self.runs.iter().product()
    }
}

/// Vectors `0..count` in blocks of `size`, then one by one.
fn blocks(count: usize, size: usize) -> impl Iterator<Item = Range<usize>> {
    let whole = count / size;
    let rest = whole * size..count;
    let whole = (0..whole).map(move |block| block * size..(block + 1) * size);
    whole.chain(rest.map(|vector| vector..vector + 1))
}

/// Input and output that stay in the first-level cache while all blocks of weights pass: values.
const CACHED: usize = 6 << 10;

struct Convolve<'a> {
    conv: &'a PackedConv,
    height: usize,
    width: usize,
    input: &'a [f32],
    /// The input pixel by pixel, for the places in a kernel.
    taps: Grid,
    /// The first input pixel of each output pixel.
    input_grid: Grid,
    output: &'a mut [f32],
    output_grid: Grid,
    finish: Finish<'a>,
}

impl WithSimd for Convolve<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let count = self.height * self.width;
        // The tile sizes of `Tile::of`: constants have to be written out.
        match const { Tile::of::<S>() } {
            _ if count == 1 => self.pixels::<S, 1>(simd, 0..1),
            Tile { pixels: 8, .. } => self.chunks::<S, 8>(simd, count),
            Tile { pixels: 6, .. } => self.chunks::<S, 6>(simd, count),
            _ => self.chunks::<S, 4>(simd, count),
        }
    }
}

impl Convolve<'_> {
    /// All pixels, in chunks whose values stay in the cache for all blocks of weights.
    #[inline(always)]
    fn chunks<S: Simd, const P: usize>(&mut self, simd: S, count: usize) {
        let footprint = self.input_grid.column * self.conv.stride[0] + self.conv.bias.len();
        let chunk = (CACHED / footprint).next_multiple_of(P).max(4 * P);
        let mut start = 0;
        while start < count {
            let end = count.min(start + chunk);
            self.pixels::<S, P>(simd, start..end);
            start = end;
        }
    }

    /// The pixels of a range, counted row by row, for each block of weights.
    #[inline(always)]
    fn pixels<S: Simd, const P: usize>(&mut self, simd: S, range: Range<usize>) {
        let count = self.conv.bias.len() / S::F32_LANES;
        for block in blocks(count, const { Tile::of::<S>().vectors }) {
            if block.len() == 2 {
                self.block::<S, P, 2>(simd, range.clone(), block.start);
            } else {
                self.block::<S, P, 1>(simd, range.clone(), block.start);
            }
        }
    }

    /// The pixels of a range, for one block of `V` vectors from `vector` on.
    #[inline(always)]
    fn block<S: Simd, const P: usize, const V: usize>(
        &mut self,
        simd: S,
        range: Range<usize>,
        vector: usize,
    ) {
        let first = vector * S::F32_LANES;
        let length = self.conv.terms() * V * S::F32_LANES;
        let weight = &self.conv.weight[self.conv.terms() * first..][..length];
        let bias = &self.conv.bias[first..][..V * S::F32_LANES];
        let bias: [S::f32s; V] = array::from_fn(|v| S::as_simd_f32s(bias).0[v]);
        let [mut y, mut x] = [range.start / self.width, range.start % self.width];
        let mut input = self.input_grid.at(y, x);
        let mut output = self.output_grid.at(y, x) + first;
        let mut start = range.start;
        while start < range.end {
            // A tile that reaches past the end computes its last pixel several times.
            let mut inputs = [input; P];
            let mut outputs = [output; P];
            let mut places = [[y, x]; P];
            for p in 0..P {
                inputs[p] = input;
                outputs[p] = output;
                places[p] = [y, x];
                if start + p + 1 < range.end {
                    x += 1;
                    input += self.input_grid.column;
                    output += self.output_grid.column;
                    if x == self.width {
                        [y, x] = [y + 1, 0];
                        input = self.input_grid.at(y, x);
                        output = self.output_grid.at(y, x) + first;
                    }
                }
            }
            start += P;
            let mut sums = self.tile::<S, P, V>(simd, inputs, weight, &bias);
            finish_tile(simd, &self.finish, &mut sums, &places, first);
            for (sums, at) in sums.iter().zip(outputs) {
                let target = &mut self.output[at..][..V * S::F32_LANES];
                S::as_mut_simd_f32s(target).0.copy_from_slice(sums);
            }
        }
    }

    /// The sums of one tile.
    #[inline(always)]
    fn tile<S: Simd, const P: usize, const V: usize>(
        &self,
        simd: S,
        inputs: [usize; P],
        weight: &[f32],
        bias: &[S::f32s; V],
    ) -> [[S::f32s; V]; P] {
        let [kernel_rows, row_runs, length] = self.conv.runs;
        // Where the last run ends for the pixel that lies last.
        let end = (kernel_rows - 1) * self.taps.row + (row_runs - 1) * self.taps.column + length;
        let (weight, _) = S::as_simd_f32s(weight);
        assert!(inputs.iter().all(|at| at + end <= self.input.len()));
        assert!(weight.len() == kernel_rows * row_runs * length * V);
        let mut sums = [*bias; P];
        let mut weight = weight.as_ptr();
        for row in 0..kernel_rows {
            for run in 0..row_runs {
                let offset = row * self.taps.row + run * self.taps.column;
                // SAFETY: `inputs[p] + offset + length` is at most the length of the input, and
                // the runs together read as many weights as there are; both asserted above.
                unsafe {
                    let pixels = inputs.map(|at| self.input.as_ptr().add(at + offset));
                    accumulate(simd, length, pixels, weight, &mut sums);
                    weight = weight.add(length * V);
                }
            }
        }
        sums
    }
}

/// Adds `pixels[p][k] * weight[k * V + v]` over `k < length` to `sums[p][v]`.
///
/// With checked slices the compiler keeps several counters and compares them in each turn; with
/// pointers the loop is 1.2 times as fast natively and up to 2.5 times in the page.
///
/// # Safety
///
/// `length` values must lie at each of `pixels`, and `length * V` vectors at `weight`.
#[inline(always)]
unsafe fn accumulate<S: Simd, const P: usize, const V: usize>(
    simd: S,
    length: usize,
    mut pixels: [*const f32; P],
    mut weight: *const S::f32s,
    sums: &mut [[S::f32s; V]; P],
) {
    for _ in 0..length {
        // SAFETY: each turn moves on by one value and by `V` vectors.
        unsafe {
            let weights: [S::f32s; V] = array::from_fn(|v| *weight.add(v));
            for p in 0..P {
                let value = simd.splat_f32s(*pixels[p]);
                for v in 0..V {
                    sums[p][v] = simd.mul_add_e_f32s(value, weights[v], sums[p][v]);
                }
            }
            pixels = pixels.map(|pixel| pixel.add(1));
            weight = weight.add(V);
        }
    }
}
