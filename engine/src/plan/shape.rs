//! Sizes of every tensor of a plan, and its cost.

use thiserror::Error;

use super::{Layer, LayerKind, Plan, TensorId, Window};

/// Height, width and channels of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MapShape {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Values a pixel.
    pub channels: usize,
}

impl MapShape {
    /// Values in one map.
    #[must_use]
    pub fn len(self) -> usize {
        self.height * self.width * self.channels
    }

    /// Whether the map holds nothing.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// Why a plan cannot run, or not on an input of this size.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ShapeError {
    /// The input size is not one that the network takes.
    #[error("the network does not take an input of {height} x {width} pixels")]
    Input {
        /// Height in pixels.
        height: usize,
        /// Width in pixels.
        width: usize,
    },
    /// A layer reads a tensor that is not written before it.
    #[error("layer {layer} reads tensor {tensor}, which does not exist yet")]
    Order {
        /// Position of the layer.
        layer: usize,
        /// The missing tensor.
        tensor: usize,
    },
    /// A layer's weights, window or residual do not fit its input.
    #[error("layer {layer} does not fit its input: {what}")]
    Layer {
        /// Position of the layer.
        layer: usize,
        /// What does not fit.
        what: &'static str,
    },
    /// The plan reads back a tensor that does not exist, or nothing.
    #[error("the plan's outputs do not exist")]
    Outputs,
}

/// No map side, kernel side or channel count may be larger: bounds what a hostile file can ask for.
const MAX_SIDE: usize = 1 << 14;
/// No map may hold more values.
const MAX_VALUES: usize = 1 << 28;

/// A plan for inputs of many sizes is checked on one of at least this many pixels a side.
const CHECK_SIDE: usize = 256;

impl Plan {
    /// Checks the plan for its own input size or, if it takes many, for one of at least 256 pixels
    /// a side.
    pub fn check(&self) -> Result<(), ShapeError> {
        self.typical_shapes().map(drop)
    }

    /// The shapes that [`check`](Self::check) looks at: their channels are those of every size.
    pub(crate) fn typical_shapes(&self) -> Result<Vec<MapShape>, ShapeError> {
        let multiple = self.input.multiple.max(1);
        let side = CHECK_SIDE.checked_next_multiple_of(multiple);
        let [height, width] = self.input.size.unwrap_or([side.unwrap_or(multiple); 2]);
        self.shapes(height, width)
    }

    /// The shape of every tensor for an input of `height` x `width` pixels: index 0 is the input,
    /// `i + 1` the output of layer `i`. Checks the whole plan on the way.
    pub fn shapes(&self, height: usize, width: usize) -> Result<Vec<MapShape>, ShapeError> {
        let multiple = self.input.multiple.max(1);
        let fits = self.input.size.map_or(
            height.is_multiple_of(multiple) && width.is_multiple_of(multiple),
            |size| size == [height, width],
        );
        let input = MapShape {
            height,
            width,
            channels: self.input.channels,
        };
        if !fits || !is_sane(input) {
            return Err(ShapeError::Input { height, width });
        }
        let mut shapes = vec![input];
        for (position, layer) in self.layers.iter().enumerate() {
            let shape = layer_shape(position, layer, &shapes)?;
            shapes.push(shape);
        }
        let exists = |tensor: &TensorId| tensor.index() < shapes.len();
        if self.outputs.is_empty() || !self.outputs.iter().all(exists) {
            return Err(ShapeError::Outputs);
        }
        Ok(shapes)
    }

    /// Number of weights and biases.
    #[must_use]
    pub fn parameters(&self) -> usize {
        let count = |layer: &Layer| match &layer.kind {
            LayerKind::Conv { weight, bias, .. }
            | LayerKind::Depthwise { weight, bias, .. }
            | LayerKind::Upsample { weight, bias, .. } => weight.len() + bias.len(),
            LayerKind::MaxPool(_) | LayerKind::AveragePool(_) | LayerKind::GlobalAveragePool => 0,
        };
        self.layers.iter().map(count).sum()
    }

    /// Multiply-accumulate operations of the convolutions for one input of this size.
    pub fn macs(&self, height: usize, width: usize) -> Result<u64, ShapeError> {
        let shapes = self.shapes(height, width)?;
        let cost = |(layer, output): (&Layer, &MapShape)| {
            let each = match &layer.kind {
                // Every weight meets every output pixel once.
                LayerKind::Conv { weight, .. } | LayerKind::Depthwise { weight, .. } => {
                    weight.len()
                }
                // Each output pixel sees one of the four kernel places.
                LayerKind::Upsample { weight, .. } => weight.len() / 4,
                LayerKind::MaxPool(_)
                | LayerKind::AveragePool(_)
                | LayerKind::GlobalAveragePool => 0,
            };
            // In 64 bits: the page's integers have 32.
            each as u64 * (output.height * output.width) as u64
        };
        Ok(self.layers.iter().zip(&shapes[1..]).map(cost).sum())
    }
}

fn is_sane(shape: MapShape) -> bool {
    let sides = [shape.height, shape.width, shape.channels];
    let values = sides
        .iter()
        .try_fold(1_usize, |values, &side| values.checked_mul(side));
    sides.iter().all(|&side| (1..=MAX_SIDE).contains(&side))
        && values.is_some_and(|values| values <= MAX_VALUES)
}

fn layer_shape(
    position: usize,
    layer: &Layer,
    shapes: &[MapShape],
) -> Result<MapShape, ShapeError> {
    let fail = |what| ShapeError::Layer {
        layer: position,
        what,
    };
    let find = |tensor: TensorId| {
        shapes
            .get(tensor.index())
            .copied()
            .ok_or(ShapeError::Order {
                layer: position,
                tensor: tensor.index(),
            })
    };
    let input = find(layer.input)?;
    let slide = |window: &Window| {
        Some([
            slide_length(input.height, window, 0)?,
            slide_length(input.width, window, 1)?,
        ])
    };
    let (sides, channels) = match &layer.kind {
        LayerKind::Conv {
            window,
            out_channels,
            weight,
            bias,
        } => {
            let expected = kernel_area(window)
                .and_then(|area| area.checked_mul(input.channels))
                .and_then(|each| each.checked_mul(*out_channels));
            if expected != Some(weight.len()) || bias.len() != *out_channels {
                return Err(fail("the weights have another size"));
            }
            (slide(window), *out_channels)
        }
        LayerKind::Depthwise {
            window,
            weight,
            bias,
        } => {
            let expected = kernel_area(window).and_then(|area| area.checked_mul(input.channels));
            if expected != Some(weight.len()) || bias.len() != input.channels {
                return Err(fail("the weights have another size"));
            }
            (slide(window), input.channels)
        }
        LayerKind::Upsample {
            out_channels,
            weight,
            bias,
        } => {
            let expected = out_channels.checked_mul(4 * input.channels);
            if expected != Some(weight.len()) || bias.len() != *out_channels {
                return Err(fail("the weights have another size"));
            }
            (Some([2 * input.height, 2 * input.width]), *out_channels)
        }
        LayerKind::MaxPool(window) | LayerKind::AveragePool(window) => {
            let covers = |axis: usize| {
                window.pad_start[axis] < window.kernel[axis]
                    && window.pad_end[axis] < window.kernel[axis]
            };
            if !covers(0) || !covers(1) {
                return Err(fail("a pooling window would see padding only"));
            }
            (slide(window), input.channels)
        }
        LayerKind::GlobalAveragePool => (Some([1, 1]), input.channels),
    };
    let [height, width] = sides.ok_or(fail("the window is larger than the map"))?;
    let shape = MapShape {
        height,
        width,
        channels,
    };
    if !is_sane(shape) {
        return Err(fail("the result is empty or too large"));
    }
    if let Some(residual) = layer.residual
        && find(residual.tensor())? != shape
    {
        return Err(fail("the residual has another shape"));
    }
    Ok(shape)
}

fn kernel_area(window: &Window) -> Option<usize> {
    window.kernel[0].checked_mul(window.kernel[1])
}

/// Places of a kernel along one axis: `(length + padding - kernel) / stride + 1`.
fn slide_length(length: usize, window: &Window, axis: usize) -> Option<usize> {
    let (kernel, stride) = (window.kernel[axis], window.stride[axis]);
    let (start, end) = (window.pad_start[axis], window.pad_end[axis]);
    if [kernel, stride]
        .iter()
        .any(|side| !(1..=MAX_SIDE).contains(side))
        || start.max(end) > MAX_SIDE
    {
        return None;
    }
    let room = (length + start + end).checked_sub(kernel)?;
    Some(room / stride + 1)
}
