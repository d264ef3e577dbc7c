//! Dense convolution as matrix products over unrolled windows (im2col).
//!
//! A block of images is unrolled to `columns`, `[channels_in * taps, images * output pixels]`;
//! then output = weight · columns, the weight's gradient = output's gradient · columnsᵀ, and the
//! columns' gradient = weightᵀ · output's gradient. Images with few pixels share a block, because
//! narrow products are slow.

use std::ops::Range;

use gemm::Parallelism;

use super::{ConvShape, Wanted};

/// Floats of one block of columns: half of a usual second-level cache.
const BLOCK: usize = 1 << 17;

/// Output pixels below which several images share a block even if the columns leave the cache.
const NARROW: usize = 256;

/// A matrix in a slice: element (row, column) is at `row * rows + column * columns`.
#[derive(Clone, Copy)]
struct Strides {
    row: usize,
    column: usize,
}

/// `product = left · right`, or `product += left · right`; the product's rows are contiguous.
fn multiply(
    [rows, columns, inner]: [usize; 3],
    product: &mut [f32],
    accumulate: bool,
    (left, left_strides): (&[f32], Strides),
    (right, right_strides): (&[f32], Strides),
) {
    let last = |strides: Strides, rows: usize, columns: usize| {
        (rows - 1) * strides.row + (columns - 1) * strides.column
    };
    assert!(rows > 0 && columns > 0 && inner > 0);
    assert!(product.len() >= rows * columns);
    assert!(left.len() > last(left_strides, rows, inner));
    assert!(right.len() > last(right_strides, inner, columns));
    // SAFETY: every element that the strides reach lies in its slice, as asserted.
    unsafe {
        gemm::gemm(
            rows,
            columns,
            inner,
            product.as_mut_ptr(),
            1,
            columns.cast_signed(),
            accumulate,
            left.as_ptr(),
            left_strides.column.cast_signed(),
            left_strides.row.cast_signed(),
            right.as_ptr(),
            right_strides.column.cast_signed(),
            right_strides.row.cast_signed(),
            1.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

fn row_major(columns: usize) -> Strides {
    Strides {
        row: columns,
        column: 1,
    }
}

fn transposed(columns: usize) -> Strides {
    Strides {
        row: 1,
        column: columns,
    }
}

/// Sizes of the products, and how many images share one.
struct Blocks {
    depth: usize,
    images: usize,
}

impl Blocks {
    fn new(shape: &ConvShape) -> Self {
        let depth = shape.channels_in * shape.taps();
        let pixels = shape.output_pixels();
        let images = (BLOCK / (depth * pixels)).max(NARROW / pixels);
        Self {
            depth,
            images: images.clamp(1, shape.batch.max(1)),
        }
    }

    fn ranges(&self, shape: &ConvShape) -> impl Iterator<Item = Range<usize>> {
        let (batch, images) = (shape.batch, self.images);
        (0..batch)
            .step_by(images)
            .map(move |start| start..(start + images).min(batch))
    }
}

pub fn forward(shape: &ConvShape, input: &[f32], weight: &[f32]) -> Vec<f32> {
    let blocks = Blocks::new(shape);
    let pixels = shape.output_pixels();
    let image = shape.channels_out * pixels;
    let mut output = vec![0.0; shape.batch * image];
    let mut columns = vec![0.0; blocks.depth * blocks.images * pixels];
    let mut product = vec![0.0; image * blocks.images];
    for range in blocks.ranges(shape) {
        let width = range.len() * pixels;
        unroll(shape, input, range.clone(), &mut columns);
        let sizes = [shape.channels_out, width, blocks.depth];
        let left = (weight, row_major(blocks.depth));
        let right = (&columns[..], row_major(width));
        let target = &mut output[range.start * image..range.end * image];
        if range.len() == 1 {
            multiply(sizes, target, false, left, right);
        } else {
            multiply(sizes, &mut product, false, left, right);
            swap_outer(&product, target, [shape.channels_out, range.len(), pixels]);
        }
    }
    output
}

pub fn backward(
    shape: &ConvShape,
    input: &[f32],
    weight: &[f32],
    output_grad: &[f32],
    wanted: Wanted,
) -> (Option<Vec<f32>>, Option<Vec<f32>>) {
    let blocks = Blocks::new(shape);
    let pixels = shape.output_pixels();
    let image = shape.channels_out * pixels;
    let mut input_grad = wanted
        .input
        .then(|| vec![0.0; shape.batch * shape.channels_in * shape.input_pixels()]);
    let mut weight_grad = wanted.weight.then(|| vec![0.0; weight.len()]);
    let mut columns = vec![0.0; blocks.depth * blocks.images * pixels];
    let mut gathered = vec![0.0; image * blocks.images];
    for range in blocks.ranges(shape) {
        let width = range.len() * pixels;
        let mut grad = &output_grad[range.start * image..range.end * image];
        if range.len() > 1 {
            let gathered = &mut gathered[..grad.len()];
            swap_outer(grad, gathered, [range.len(), shape.channels_out, pixels]);
            grad = gathered;
        }
        if let Some(weight_grad) = &mut weight_grad {
            unroll(shape, input, range.clone(), &mut columns);
            multiply(
                [shape.channels_out, blocks.depth, width],
                weight_grad,
                true,
                (grad, row_major(width)),
                (&columns, transposed(width)),
            );
        }
        if let Some(input_grad) = &mut input_grad {
            multiply(
                [blocks.depth, width, shape.channels_out],
                &mut columns,
                false,
                (weight, transposed(blocks.depth)),
                (grad, row_major(width)),
            );
            roll(shape, &columns, range, input_grad);
        }
    }
    (input_grad, weight_grad)
}

/// Copies `[a, b, inner]` to `[b, a, inner]`.
fn swap_outer(source: &[f32], target: &mut [f32], [a, b, inner]: [usize; 3]) {
    for (i, rows) in source.chunks_exact(b * inner).take(a).enumerate() {
        for (j, row) in rows.chunks_exact(inner).enumerate() {
            let start = (j * a + i) * inner;
            target[start..start + inner].copy_from_slice(row);
        }
    }
}

/// Output positions along one axis whose input position, `position * stride + tap - padding`,
/// lies inside the input.
fn inside(shape: &ConvShape, axis: usize, tap: usize) -> Range<usize> {
    let (stride, padding) = (shape.window.stride[axis], shape.window.padding[axis]);
    let start = padding.saturating_sub(tap).div_ceil(stride);
    let end = (shape.input[axis] + padding)
        .saturating_sub(tap)
        .div_ceil(stride)
        .min(shape.output[axis]);
    start.min(end)..end
}

/// Calls `visit` for each row of the columns: channel, tap (row and column of the kernel) and the
/// place where the row starts.
fn for_each_row(shape: &ConvShape, width: usize, mut visit: impl FnMut(usize, [usize; 2], usize)) {
    let [kernel_height, kernel_width] = shape.window.kernel;
    let mut start = 0;
    for channel in 0..shape.channels_in {
        for ky in 0..kernel_height {
            for kx in 0..kernel_width {
                visit(channel, [ky, kx], start);
                start += width;
            }
        }
    }
}

/// Writes the windows of some images as columns.
fn unroll(shape: &ConvShape, input: &[f32], images: Range<usize>, columns: &mut [f32]) {
    let pixels = shape.output_pixels();
    let [_, out_width] = shape.output;
    let [stride_y, stride_x] = shape.window.stride;
    let [pad_y, pad_x] = shape.window.padding;
    for_each_row(shape, images.len() * pixels, |channel, [ky, kx], start| {
        let (ys, xs) = (inside(shape, 0, ky), inside(shape, 1, kx));
        let rows = columns[start..start + images.len() * pixels].chunks_exact_mut(pixels);
        for (image, target) in images.clone().zip(rows) {
            let plane = plane(shape, input, image, channel);
            target[..ys.start * out_width].fill(0.0);
            target[ys.end * out_width..].fill(0.0);
            for y in ys.clone() {
                let target = &mut target[y * out_width..][..out_width];
                target[..xs.start].fill(0.0);
                target[xs.end..].fill(0.0);
                if xs.is_empty() {
                    continue;
                }
                let first = (y * stride_y + ky - pad_y) * shape.input[1]
                    + (xs.start * stride_x + kx - pad_x);
                let target = &mut target[xs.clone()];
                if stride_x == 1 {
                    target.copy_from_slice(&plane[first..first + target.len()]);
                } else {
                    for (target, source) in target
                        .iter_mut()
                        .zip(plane[first..].iter().step_by(stride_x))
                    {
                        *target = *source;
                    }
                }
            }
        }
    });
}

/// Adds columns onto the pixels that they were unrolled from.
fn roll(shape: &ConvShape, columns: &[f32], images: Range<usize>, input: &mut [f32]) {
    let pixels = shape.output_pixels();
    let [_, out_width] = shape.output;
    let [stride_y, stride_x] = shape.window.stride;
    let [pad_y, pad_x] = shape.window.padding;
    let size = shape.input_pixels();
    for_each_row(shape, images.len() * pixels, |channel, [ky, kx], start| {
        let (ys, xs) = (inside(shape, 0, ky), inside(shape, 1, kx));
        if xs.is_empty() {
            return;
        }
        for (index, image) in images.clone().enumerate() {
            let source = &columns[start + index * pixels..][..pixels];
            let plane = &mut input[(image * shape.channels_in + channel) * size..][..size];
            for y in ys.clone() {
                let source = &source[y * out_width..][xs.clone()];
                let first = (y * stride_y + ky - pad_y) * shape.input[1]
                    + (xs.start * stride_x + kx - pad_x);
                let target = plane[first..].iter_mut().step_by(stride_x);
                for (target, source) in target.zip(source) {
                    *target += source;
                }
            }
        }
    });
}

fn plane<'a>(shape: &ConvShape, input: &'a [f32], image: usize, channel: usize) -> &'a [f32] {
    let size = shape.input_pixels();
    &input[(image * shape.channels_in + channel) * size..][..size]
}
