//! The gradient of a dense convolution's input: again a convolution, of the output's gradient.
//!
//! With a stride, input pixels differ in which places of the kernel reach them. Those of one phase
//! (every stride-th row and column) share theirs, so that each phase is a convolution of its own.

use std::ops::Range;

use super::ConvShape;
use super::dense::{CHUNK, channel_blocks, chunks, tiles};
use super::frame::{Frame, Grid, Sharing, places};
use super::kernel::{self, WIDTH, Windows};
use super::rows::Rows;
use super::vectors::Element;
use super::weights::Packed;
use crate::ops::buffer::recycled;

/// One phase of input pixels along one axis: pixel `start + stride * j` sees output
/// `j + shift - t` through the kernel's place `first + stride * t`, for t below `taps`.
#[derive(Clone, Copy)]
struct Axis {
    start: usize,
    count: usize,
    first: usize,
    taps: usize,
    shift: usize,
}

impl Axis {
    fn new(shape: &ConvShape, axis: usize, start: usize) -> Self {
        let window = shape.window;
        let stride = window.stride[axis];
        let first = (start + window.padding[axis]) % stride;
        Self {
            start,
            count: (shape.input[axis] - start).div_ceil(stride),
            first,
            taps: window.kernel[axis].saturating_sub(first).div_ceil(stride),
            shift: (start + window.padding[axis] - first) / stride,
        }
    }

    /// The phases that the kernel reaches.
    fn all(shape: &ConvShape, axis: usize) -> Vec<Self> {
        (0..shape.window.stride[axis].min(shape.input[axis]))
            .map(|start| Self::new(shape, axis, start))
            .filter(|phase| phase.taps > 0)
            .collect()
    }

    /// Zeros that the phase needs before and after the outputs.
    fn margins(&self, outputs: usize) -> [usize; 2] {
        [
            (self.taps - 1).saturating_sub(self.shift),
            (self.count + self.shift).saturating_sub(outputs),
        ]
    }
}

/// The input's gradient, block by block.
pub struct InputGrad<'a, T: Element> {
    shape: &'a ConvShape,
    output_grad: &'a [f32],
    frame: Frame<'a, T>,
    /// What the phases' bases are for.
    images: usize,
    phases: Vec<Phase<T>>,
    /// The gradient of one chunk of pixels, `[pixel][WIDTH]`.
    product: Vec<f32>,
    grad: Vec<f32>,
}

impl<'a, T: Element> InputGrad<'a, T> {
    pub fn new(
        shape: &'a ConvShape,
        weight: &[f32],
        output_grad: &'a [f32],
        images: usize,
    ) -> Self {
        let axes = [0, 1].map(|axis| Axis::all(shape, axis));
        let margin = |axis: usize, side: usize| {
            let margins = axes[axis].iter();
            let margins = margins.map(|phase| phase.margins(shape.output[axis])[side]);
            margins.max().unwrap_or(0)
        };
        let frame = Frame::new(
            Sharing::Channels,
            images,
            shape.channels_out,
            shape.output,
            [0, 1].map(|side| [0, 1].map(|axis| margin(axis, side))),
        );
        let phases: Vec<Phase<T>> = axes[0]
            .iter()
            .flat_map(|y| axes[1].iter().map(move |x| [*y, *x]))
            .map(|axes| Phase::new(shape, &frame, axes, weight))
            .collect();
        let mut grad = recycled(shape.batch * shape.channels_in * shape.input_pixels());
        let written: usize = phases.iter().map(Phase::pixels).sum();
        if written < shape.input_pixels() {
            grad.fill(0.0);
        }
        Self {
            shape,
            output_grad,
            frame,
            images: 0,
            phases,
            product: vec![0.0; CHUNK * WIDTH],
            grad,
        }
    }

    /// Writes the gradient of some images.
    pub fn write(&mut self, images: &Range<usize>) {
        let shape = self.shape;
        let image = shape.channels_out * shape.output_pixels();
        self.frame
            .fill(&self.output_grad[images.start * image..images.end * image]);
        if self.images != images.len() {
            self.images = images.len();
            for phase in &mut self.phases {
                phase.bases = self.frame.bases(images.len(), phase.grid);
            }
        }
        for phase in &self.phases {
            for (index, channel, columns) in channel_blocks(shape.channels_in) {
                let rows = Rows {
                    first_image: images.start,
                    channels: shape.channels_in,
                    channel,
                    columns,
                    pixels: phase.pixels(),
                };
                for chunk in chunks(images.len() * rows.pixels) {
                    let bases = &phase.bases[tiles(&chunk)];
                    let windows = Windows::new(self.frame.values(), bases, &phase.offsets);
                    let weights = phase.packed.block(index);
                    kernel::multiply(windows, weights, columns, &mut self.product);
                    if shape.window.stride == [1, 1] {
                        rows.scatter(&self.product, chunk, &mut self.grad);
                    } else {
                        phase.spread(shape, rows, &self.product, chunk, &mut self.grad);
                    }
                }
            }
        }
    }

    pub fn finish(self) -> Vec<f32> {
        self.grad
    }
}

/// The convolution of one phase.
struct Phase<T> {
    axes: [Axis; 2],
    grid: Grid,
    bases: Vec<usize>,
    offsets: Vec<usize>,
    packed: Packed<T>,
}

impl<T: Element> Phase<T> {
    fn new(shape: &ConvShape, frame: &Frame<'_, T>, axes: [Axis; 2], weight: &[f32]) -> Self {
        let taps = axes.map(|axis| axis.taps);
        let (kernel, stride) = (shape.window.kernel, shape.window.stride);
        // The window begins at the last tap, which sees the earliest output.
        let grid = Grid {
            start: [0, 1].map(|axis| frame.before[axis] + axes[axis].shift + 1 - taps[axis]),
            step: [1, 1],
            size: axes.map(|axis| axis.count),
        };
        let places = places(taps);
        let weight = |channel_out: usize, place: usize, channel_in: usize| {
            let place = places[place];
            let [y, x] =
                [0, 1].map(|axis| axes[axis].first + stride[axis] * (taps[axis] - 1 - place[axis]));
            let plane = channel_out * shape.channels_in + channel_in;
            weight[(plane * kernel[0] + y) * kernel[1] + x]
        };
        let packed = Packed::new(shape.channels_out, places.len(), shape.channels_in, weight);
        Self {
            axes,
            grid,
            bases: Vec::new(),
            offsets: frame.offsets(&places),
            packed,
        }
    }

    fn pixels(&self) -> usize {
        self.axes[0].count * self.axes[1].count
    }

    /// Writes `[pixel][WIDTH]` to every stride-th pixel of the planes.
    fn spread(
        &self,
        shape: &ConvShape,
        rows: Rows,
        product: &[f32],
        chunk: Range<usize>,
        grad: &mut [f32],
    ) {
        let [axis_y, axis_x] = self.axes;
        let [stride_y, stride_x] = shape.window.stride;
        let size = shape.input_pixels();
        let mut position = chunk.start;
        // A row of the phase at a time.
        while position < chunk.end {
            let (image, pixel) = (position / rows.pixels, position % rows.pixels);
            let (row, column) = (pixel / axis_x.count, pixel % axis_x.count);
            let length = (axis_x.count - column).min(chunk.end - position);
            let plane = (rows.first_image + image) * rows.channels + rows.channel;
            let first = (axis_y.start + row * stride_y) * shape.input[1]
                + (axis_x.start + column * stride_x);
            let source = &product[(position - chunk.start) * WIDTH..][..length * WIDTH];
            for channel in 0..rows.columns {
                let targets = grad[(plane + channel) * size + first..].iter_mut();
                let values = source.iter().skip(channel).step_by(WIDTH);
                for (target, value) in targets.step_by(stride_x).zip(values) {
                    *target = *value;
                }
            }
            position += length;
        }
    }
}
