//! The memory of all tensors, planned once for an input size.

use std::mem;
use std::ops::Range;

use super::layout::{Layout, assign_buffers, layouts};
use super::step::Source;
use crate::plan::{Plan, TensorId};
use crate::runner::RunError;

/// All buffers of a run hold at most so many values, 1 GiB: hundreds of times what the networks here
/// need, and less than a page may have. Bounds what a hostile model can ask for.
const MAX_VALUES: usize = 1 << 28;

/// Which tensors share a buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sharing {
    /// Those whose lives do not overlap.
    #[default]
    InTurn,
    /// None: all tensors are there after a run.
    None,
}

/// The buffers of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    size: [usize; 2],
    sharing: Sharing,
    layouts: Vec<Layout>,
    /// For each tensor the buffer that holds it.
    buffer_of: Vec<usize>,
    buffers: Vec<Vec<f32>>,
}

impl Memory {
    /// Makes this the memory for inputs of `[height, width]`, whose pixels are `columns` values
    /// apart in each tensor.
    pub fn fit(
        &mut self,
        plan: &Plan,
        columns: &[usize],
        size: [usize; 2],
        sharing: Sharing,
    ) -> Result<(), RunError> {
        if self.size == size && self.sharing == sharing {
            return Ok(());
        }
        let shapes = plan.shapes(size[0], size[1])?;
        let layouts = layouts(plan, &shapes, columns)?;
        let (buffer_of, lengths) = match sharing {
            Sharing::InTurn => assign_buffers(plan, &layouts),
            Sharing::None => layouts.iter().map(|layout| layout.len).enumerate().unzip(),
        };
        if lengths.iter().copied().fold(0, usize::saturating_add) > MAX_VALUES {
            return Err(RunError::Memory);
        }
        // Not the memory for any size, should there be too little of it.
        self.size = [0; 2];
        self.buffers.resize_with(lengths.len(), Vec::new);
        for (buffer, length) in self.buffers.iter_mut().zip(lengths) {
            let more = length.saturating_sub(buffer.len());
            buffer
                .try_reserve_exact(more)
                .map_err(|_| RunError::Memory)?;
            buffer.resize(length, 0.0);
        }
        *self = Self {
            size,
            sharing,
            layouts,
            buffer_of,
            buffers: mem::take(&mut self.buffers),
        };
        Ok(())
    }

    /// How a tensor lies in its buffer.
    pub fn layout(&self, tensor: TensorId) -> Layout {
        self.layouts[tensor.index()]
    }

    /// A tensor to read.
    pub fn source(&self, tensor: TensorId) -> Source<'_> {
        let layout = &self.layouts[tensor.index()];
        let data = &self.buffers[self.buffer_of[tensor.index()]][..layout.len];
        Source { data, layout }
    }

    /// Takes a tensor's buffer out, to be written while others are read.
    pub fn take(&mut self, tensor: TensorId) -> Vec<f32> {
        mem::take(&mut self.buffers[self.buffer_of[tensor.index()]])
    }

    /// Takes a tensor's buffer out as [`take`](Self::take) does, after another tensor lay in it.
    pub fn take_over(&mut self, tensor: TensorId) -> Vec<f32> {
        let layout = self.layouts[tensor.index()];
        let mut buffer = self.take(tensor);
        layout.clear_margin(&mut buffer[..layout.len]);
        buffer
    }

    /// Puts a buffer that was taken out back.
    pub fn put(&mut self, tensor: TensorId, buffer: Vec<f32>) {
        self.buffers[self.buffer_of[tensor.index()]] = buffer;
    }

    /// Fills a part of the input.
    pub fn fill(&mut self, [rows, columns]: &[Range<usize>; 2], value: f32) {
        let Layout { column, .. } = self.layouts[0];
        let grid = self.layouts[0].grid();
        let buffer = &mut self.buffers[self.buffer_of[0]];
        for y in rows.clone() {
            buffer[grid.at(y, columns.start)..][..columns.len() * column].fill(value);
        }
    }

    /// Copies a part of a tensor from a memory of the same size.
    pub fn copy(&mut self, tensor: TensorId, [rows, columns]: &[Range<usize>; 2], from: &Self) {
        let Source { data, layout } = from.source(tensor);
        let buffer = &mut self.buffers[self.buffer_of[tensor.index()]];
        for y in rows.clone() {
            let start = layout.grid().at(y, columns.start);
            let length = columns.len() * layout.column;
            buffer[start..][..length].copy_from_slice(&data[start..][..length]);
        }
    }

    /// Writes one input, `[height, width, channels]`.
    pub fn load(&mut self, input: &[f32]) {
        let Layout { shape, column, .. } = self.layouts[0];
        let grid = self.layouts[0].grid();
        let mut buffer = self.take_over(TensorId::INPUT);
        let rows = input.chunks_exact(shape.width * shape.channels);
        for (y, row) in rows.enumerate() {
            let target = &mut buffer[grid.at(y, 0)..][..shape.width * column];
            let pixels = row.chunks_exact(shape.channels);
            for (target, pixel) in target.chunks_exact_mut(column).zip(pixels) {
                target[..shape.channels].copy_from_slice(pixel);
            }
        }
        self.put(TensorId::INPUT, buffer);
    }

    /// Appends a tensor, `[height, width, channels]`.
    pub fn store(&self, tensor: TensorId, output: &mut Vec<f32>) {
        let Source { data, layout } = self.source(tensor);
        for y in 0..layout.shape.height {
            let row = &data[layout.grid().at(y, 0)..][..layout.shape.width * layout.column];
            for pixel in row.chunks_exact(layout.column) {
                output.extend_from_slice(&pixel[..layout.shape.channels]);
            }
        }
    }
}
