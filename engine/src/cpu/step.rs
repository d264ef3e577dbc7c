//! One layer, ready to run.

use std::array;
use std::ops::Range;

use super::conv::PackedConv;
use super::depthwise::PackedDepthwise;
use super::finish::{Addend, Finish};
use super::lanes::Instructions;
use super::layout::Layout;
use super::pool::{Pool, global_average_pool};
use crate::plan::{Layer, LayerKind, Residual, Window};

/// A layer with its weights in the kernels' order.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Conv(PackedConv),
    /// One convolution for each place in the 2 x 2 square that a pixel becomes, row by row.
    Upsample(Box<[PackedConv; 4]>),
    Depthwise(PackedDepthwise),
    Pool(Pool, Window),
    GlobalAveragePool,
}

/// A tensor's memory and how it is laid out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    pub data: &'a [f32],
    pub layout: &'a Layout,
}

impl Step {
    /// Packs a layer whose input's pixels are `column` values apart.
    pub fn new(instructions: Instructions, kind: &LayerKind, column: usize) -> Self {
        match kind {
            LayerKind::Conv {
                window,
                weight,
                bias,
                ..
            } => Self::Conv(PackedConv::new(instructions, window, weight, bias, column)),
            LayerKind::Upsample { weight, bias, .. } => {
                let window = Window::square(1, 1, 0);
                let length = weight.len() / 4;
                Self::Upsample(Box::new(array::from_fn(|place| {
                    let weight = &weight[place * length..][..length];
                    PackedConv::new(instructions, &window, weight, bias, column)
                })))
            }
            LayerKind::Depthwise {
                window,
                weight,
                bias,
            } => Self::Depthwise(PackedDepthwise::new(instructions, window, weight, bias)),
            LayerKind::MaxPool(window) => Self::Pool(Pool::Max, *window),
            LayerKind::AveragePool(window) => Self::Pool(Pool::Average, *window),
            LayerKind::GlobalAveragePool => Self::GlobalAveragePool,
        }
    }

    /// Computes a region of the layer's output: rows, columns. An upsampling layer's region must
    /// start and end at even places.
    pub fn run(
        &self,
        layer: &Layer,
        region: &[Range<usize>; 2],
        input: Source<'_>,
        residual: Option<Source<'_>>,
        (output, layout): (&mut [f32], &Layout),
    ) {
        let finish = Finish {
            activation: layer.activation,
            residual: residual.map(|source| Addend {
                data: source.data,
                grid: source.layout.grid(),
                after: matches!(layer.residual, Some(Residual::AfterActivation(_))),
            }),
        };
        let from = (input.data, input.layout);
        let to = layout.grid();
        match self {
            Self::Conv(conv) => {
                let from = (input.data, input.layout.padded_grid(conv.pad));
                conv.run(region, from, (output, to), finish);
            }
            Self::Upsample(parts) => {
                let half = region.clone().map(|side| side.start / 2..side.end / 2);
                for (place, part) in parts.iter().enumerate() {
                    let first = [place / 2, place % 2];
                    let from = (input.data, input.layout.grid());
                    let to = to.steps(first, [2, 2]);
                    part.run(&half, from, (output, to), finish.steps(first, [2, 2]));
                }
            }
            Self::Depthwise(conv) => {
                let from = (input.data, input.layout.padded_grid(conv.pad));
                conv.run(region, from, (output, to), finish);
            }
            Self::Pool(pool, window) => pool.run(window, region, from, (output, layout), finish),
            Self::GlobalAveragePool => global_average_pool(from, (output, layout), finish),
        }
    }
}
