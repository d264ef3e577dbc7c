//! Dense convolution, blocks of images at a time.
//!
//! Images are copied into a [`Frame`]; positions (output pixels) and taps (channel and place in the
//! kernel) then become two lists of offsets, and the [`kernel`](super::kernel) does the rest.

use std::ops::Range;

use super::frame::{Frame, Grid, Sharing, places};
use super::input_grad::InputGrad;
use super::kernel::{self, TILE, WIDTH, Windows};
use super::rows::Rows;
use super::vectors::Element;
use super::weights::Packed;
use super::{ConvShape, Wanted};
use crate::ops::buffer::recycled;

/// Framed elements of one block of images: a quarter of a usual second-level cache.
const BLOCK: usize = 1 << 16;

/// Positions between two transpositions: their [`WIDTH`] channels fit the first-level cache.
pub const CHUNK: usize = 256;

/// How many images share a block, so that small maps fill whole chunks.
fn images_in_block<T: Element>(shape: &ConvShape) -> usize {
    let framed = [0, 1].map(|axis| shape.input[axis] + 2 * shape.window.padding[axis]);
    let image = shape.channels_in.max(shape.channels_out) * framed[0] * framed[1];
    (BLOCK * T::TERMS / image)
        .max(CHUNK * T::TERMS / shape.output_pixels())
        .clamp(1, shape.batch.max(1))
        .next_multiple_of(T::TERMS)
}

fn blocks(batch: usize, images: usize) -> impl Iterator<Item = Range<usize>> {
    (0..batch)
        .step_by(images)
        .map(move |start| start..(start + images).min(batch))
}

/// Index, first channel and number of channels of each block of channels.
pub fn channel_blocks(channels: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..channels.div_ceil(WIDTH)).map(move |index| {
        let first = index * WIDTH;
        (index, first, WIDTH.min(channels - first))
    })
}

pub fn chunks(positions: usize) -> impl Iterator<Item = Range<usize>> {
    (0..positions)
        .step_by(CHUNK)
        .map(move |start| start..(start + CHUNK).min(positions))
}

/// The chunk filled up to whole tiles.
pub fn tiles(chunk: &Range<usize>) -> Range<usize> {
    chunk.start..chunk.start + chunk.len().next_multiple_of(TILE)
}

/// The framed input, with the windows of all output pixels.
struct Input<'a, T: Element> {
    shape: &'a ConvShape,
    values: &'a [f32],
    frame: Frame<'a, T>,
    /// For so many images.
    images: usize,
    bases: Vec<usize>,
    offsets: Vec<usize>,
}

impl<'a, T: Element> Input<'a, T> {
    fn new(shape: &'a ConvShape, sharing: Sharing, values: &'a [f32], images: usize) -> Self {
        let window = shape.window;
        let margins = [window.padding; 2];
        let frame = Frame::new(sharing, images, shape.channels_in, shape.input, margins);
        Self {
            shape,
            values,
            images: 0,
            bases: Vec::new(),
            offsets: frame.offsets(&places(window.kernel)),
            frame,
        }
    }

    fn fill(&mut self, images: &Range<usize>) {
        let image = self.shape.channels_in * self.shape.input_pixels();
        self.frame
            .fill(&self.values[images.start * image..images.end * image]);
        if self.images != images.len() {
            self.images = images.len();
            let grid = Grid {
                start: [0, 0],
                step: self.shape.window.stride,
                size: self.shape.output,
            };
            self.bases = self.frame.bases(images.len(), grid);
        }
    }

    fn windows(&self, chunk: &Range<usize>) -> Windows<'_, T> {
        Windows::new(
            self.frame.values(),
            &self.bases[tiles(chunk)],
            &self.offsets,
        )
    }
}

fn output_rows(shape: &ConvShape, first_image: usize, channel: usize, columns: usize) -> Rows {
    Rows {
        first_image,
        channels: shape.channels_out,
        channel,
        columns,
        pixels: shape.output_pixels(),
    }
}

pub fn forward<T: Element>(shape: &ConvShape, input: &[f32], weight: &[f32]) -> Vec<f32> {
    let images = images_in_block::<T>(shape);
    let (channels, taps) = (shape.channels_in, shape.taps());
    let packed = Packed::<T>::new(
        channels,
        taps,
        shape.channels_out,
        |channel, place, output| weight[(output * channels + channel) * taps + place],
    );
    let mut framed = Input::new(shape, Sharing::Channels, input, images);
    let mut output = recycled(shape.batch * shape.channels_out * shape.output_pixels());
    let mut product = vec![0.0; CHUNK * WIDTH];
    for range in blocks(shape.batch, images) {
        framed.fill(&range);
        for (index, channel, columns) in channel_blocks(shape.channels_out) {
            let rows = output_rows(shape, range.start, channel, columns);
            for chunk in chunks(range.len() * rows.pixels) {
                let windows = framed.windows(&chunk);
                kernel::multiply(windows, packed.block(index), columns, &mut product);
                rows.scatter(&product, chunk, &mut output);
            }
        }
    }
    output
}

pub fn backward<T: Element>(
    shape: &ConvShape,
    input: &[f32],
    weight: &[f32],
    output_grad: &[f32],
    wanted: Wanted,
) -> (Option<Vec<f32>>, Option<Vec<f32>>) {
    let images = images_in_block::<T>(shape);
    let mut input_grad = wanted
        .input
        .then(|| InputGrad::<T>::new(shape, weight, output_grad, images));
    let mut weight_grad = wanted
        .weight
        .then(|| WeightGrad::<T>::new(shape, input, output_grad, images));
    // Both at once, so that the second finds a block's gradients in the cache.
    for range in blocks(shape.batch, images) {
        if let Some(weight_grad) = &mut weight_grad {
            weight_grad.add(&range);
        }
        if let Some(input_grad) = &mut input_grad {
            input_grad.write(&range);
        }
    }
    (
        input_grad.map(InputGrad::finish),
        weight_grad.map(WeightGrad::finish),
    )
}

/// The weight's gradient, block by block.
struct WeightGrad<'a, T: Element> {
    shape: &'a ConvShape,
    framed: Input<'a, T>,
    output_grad: &'a [f32],
    /// The output's gradient, without a frame.
    packed_grad: Frame<'a, T>,
    sums: Packed<f32>,
    /// The output's gradient of one chunk, `[position][WIDTH]`.
    grads: Vec<T>,
}

impl<'a, T: Element> WeightGrad<'a, T> {
    fn new(shape: &'a ConvShape, input: &'a [f32], output_grad: &'a [f32], images: usize) -> Self {
        let sharing = Sharing::Images;
        Self {
            shape,
            framed: Input::new(shape, sharing, input, images),
            output_grad,
            packed_grad: Frame::new(
                sharing,
                images,
                shape.channels_out,
                shape.output,
                [[0, 0]; 2],
            ),
            sums: Packed::zeros(shape.channels_in * shape.taps(), shape.channels_out),
            grads: vec![T::zeroed(); CHUNK * WIDTH],
        }
    }

    fn add(&mut self, images: &Range<usize>) {
        self.framed.fill(images);
        let image = self.shape.channels_out * self.shape.output_pixels();
        self.packed_grad
            .fill(&self.output_grad[images.start * image..images.end * image]);
        let groups = self.packed_grad.groups(images.len());
        for (index, channel, columns) in channel_blocks(self.shape.channels_out) {
            let rows = output_rows(self.shape, 0, channel, columns);
            for chunk in chunks(groups * rows.pixels) {
                let windows = self.framed.windows(&chunk);
                // What fills up the last tile adds nothing.
                self.grads[chunk.len() * WIDTH..tiles(&chunk).len() * WIDTH].fill(T::zeroed());
                rows.gather(self.packed_grad.values(), chunk, &mut self.grads);
                let sums = self.sums.block_mut(index);
                kernel::accumulate(windows, &self.grads, columns, sums);
            }
        }
    }

    fn finish(self) -> Vec<f32> {
        let depth = self.shape.channels_in * self.shape.taps();
        self.sums.unpacked(depth, self.shape.channels_out)
    }
}
