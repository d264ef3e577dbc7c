//! Where the values of a tensor lie in memory.
//!
//! A tensor is kept with a margin of zeros on each side, as wide as the padding of the layers that
//! read it, so that no kernel has to ask where the map ends. Its channels are filled up to whole
//! vectors with values that nobody reads.

use crate::plan::{Layer, LayerKind, MapShape, Plan, Residual, ShapeError, TensorId};

/// Position of a pixel's first value: `base + y * row + x * column`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grid {
    pub base: usize,
    pub row: usize,
    pub column: usize,
}

impl Grid {
    pub fn at(&self, y: usize, x: usize) -> usize {
        self.base + y * self.row + x * self.column
    }

    /// The grid whose pixel `(0, 0)` is this one's `(y, x)` and whose steps are `stride` pixels.
    pub fn steps(&self, [y, x]: [usize; 2], stride: [usize; 2]) -> Self {
        Self {
            base: self.at(y, x),
            row: self.row * stride[0],
            column: self.column * stride[1],
        }
    }
}

/// The memory of one tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub shape: MapShape,
    /// Rows above and columns to the left that hold zeros.
    margin: [usize; 2],
    /// Values from one pixel to the next.
    pub column: usize,
    /// Values from one row to the next.
    pub row: usize,
    /// All values, with the margins.
    pub len: usize,
}

impl Layout {
    /// The pixels inside the margin.
    pub fn grid(&self) -> Grid {
        let [y, x] = self.margin;
        Grid {
            base: y * self.row + x * self.column,
            row: self.row,
            column: self.column,
        }
    }

    /// The grid whose pixel `(0, 0)` lies `pad` rows above and columns left of the map's.
    pub fn padded_grid(&self, pad: [usize; 2]) -> Grid {
        let [y, x] = [self.margin[0] - pad[0], self.margin[1] - pad[1]];
        Grid {
            base: y * self.row + x * self.column,
            row: self.row,
            column: self.column,
        }
    }

    /// Writes zeros around the map.
    pub fn clear_margin(&self, data: &mut [f32]) {
        let inner = self.shape.width * self.column;
        if inner == self.row {
            // No margin left or right: one piece above, one below.
            let start = self.grid().base;
            data[..start].fill(0.0);
            data[start + self.shape.height * self.row..].fill(0.0);
            return;
        }
        let mut end = 0;
        for y in 0..self.shape.height {
            let start = self.grid().at(y, 0);
            data[end..start].fill(0.0);
            end = start + inner;
        }
        data[end..].fill(0.0);
    }
}

/// Values from one pixel of each tensor to the next.
pub(super) fn columns(plan: &Plan, lanes: usize) -> Vec<usize> {
    let reads_input = |layer: &Layer| {
        let residual = layer
            .residual
            .is_some_and(|it| it.tensor() == TensorId::INPUT);
        let whole = layer.input == TensorId::INPUT && !matches!(layer.kind, LayerKind::Conv { .. });
        residual || whole
    };
    // Convolutions read value by value: for them alone the input stays as narrow as it is.
    let input = if plan.layers.iter().any(reads_input) {
        plan.input.channels.next_multiple_of(lanes)
    } else {
        plan.input.channels
    };
    let mut columns = vec![input];
    let mut channels = vec![plan.input.channels];
    for layer in &plan.layers {
        let outputs = match &layer.kind {
            LayerKind::Conv { bias, .. } | LayerKind::Upsample { bias, .. } => bias.len(),
            _ => channels[layer.input.index()],
        };
        channels.push(outputs);
        columns.push(outputs.next_multiple_of(lanes));
    }
    columns
}

/// The layout of every tensor, for the shapes of [`Plan::shapes`].
pub(super) fn layouts(
    plan: &Plan,
    shapes: &[MapShape],
    columns: &[usize],
) -> Result<Vec<Layout>, ShapeError> {
    // Zeros needed above, left, below and right.
    let mut margins = vec![[0_usize; 4]; shapes.len()];
    for (layer, output) in plan.layers.iter().zip(&shapes[1..]) {
        let (LayerKind::Conv { window, .. } | LayerKind::Depthwise { window, .. }) = &layer.kind
        else {
            continue;
        };
        let input = shapes[layer.input.index()];
        let margin = &mut margins[layer.input.index()];
        // The last place of the kernel, which need not reach the end of the padding.
        let reach = |axis: usize, places: usize, length: usize| {
            let end = (places - 1) * window.stride[axis] + window.kernel[axis];
            end.saturating_sub(window.pad_start[axis] + length)
        };
        let needed = [
            window.pad_start[0],
            window.pad_start[1],
            reach(0, output.height, input.height),
            reach(1, output.width, input.width),
        ];
        for (margin, needed) in margin.iter_mut().zip(needed) {
            *margin = needed.max(*margin);
        }
    }
    let layout = |(position, ((&shape, margin), &column))| {
        lay_out(shape, margin, column).ok_or(ShapeError::Layer {
            layer: usize::saturating_sub(position, 1),
            what: "the padded map is too large",
        })
    };
    let tensors = shapes.iter().zip(margins).zip(columns);
    tensors.enumerate().map(layout).collect()
}

fn lay_out(shape: MapShape, margin: [usize; 4], column: usize) -> Option<Layout> {
    let [top, left, bottom, right] = margin;
    let row = (left + shape.width + right).checked_mul(column)?;
    let len = (top + shape.height + bottom).checked_mul(row)?;
    // Offsets must stay within what a slice can hold.
    (len <= isize::MAX as usize / size_of::<f32>()).then_some(Layout {
        shape,
        margin: [top, left],
        column,
        row,
        len,
    })
}

/// For each tensor the buffer that holds it, so that a buffer is used again once its tensor has
/// been read for the last time, and the length of each buffer.
pub(super) fn assign_buffers(plan: &Plan, layouts: &[Layout]) -> (Vec<usize>, Vec<usize>) {
    let mut last_read: Vec<usize> = (0..layouts.len()).collect();
    for (position, layer) in plan.layers.iter().enumerate() {
        let residual = layer.residual.map(Residual::tensor);
        for tensor in [Some(layer.input), residual].into_iter().flatten() {
            last_read[tensor.index()] = position + 1;
        }
    }
    for tensor in &plan.outputs {
        last_read[tensor.index()] = layouts.len();
    }
    let mut lengths: Vec<usize> = Vec::new();
    let mut free: Vec<usize> = Vec::new();
    let mut buffers = Vec::with_capacity(layouts.len());
    for (tensor, layout) in layouts.iter().enumerate() {
        // The free buffer whose length fits best; growing one costs less than a new one.
        let best = (0..free.len()).min_by_key(|&i| lengths[free[i]].abs_diff(layout.len));
        let buffer = best.map_or(lengths.len(), |i| free.swap_remove(i));
        if buffer == lengths.len() {
            lengths.push(0);
        }
        lengths[buffer] = lengths[buffer].max(layout.len);
        buffers.push(buffer);
        // Layer `tensor` writes the next tensor while it reads: what dies with this one's
        // writing is free from the next on.
        free.extend(
            (0..=tensor)
                .filter(|&it| last_read[it] == tensor)
                .map(|it| buffers[it]),
        );
    }
    (buffers, lengths)
}
