//! Which kernel computes a layer, on how many threads, with which weights.

use bytemuck::{Pod, Zeroable};

use crate::plan::{Activation, Layer, LayerKind, MapShape, Residual, ShapeError, Window};

/// Channels that a thread handles together; maps are padded with zero channels to a multiple.
pub(super) const GROUP: usize = 4;
/// Threads of a workgroup, as in `shaders/common.wgsl`.
const WORKGROUP: usize = 64;
/// Neighbouring pixels that a thread of a convolution makes.
const TILE: usize = 4;

/// One of the files in `shaders/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Shader {
    Conv,
    Depthwise,
    Upsample,
    MaxPool,
    AveragePool,
    GlobalAveragePool,
}

macro_rules! source {
    ($($file:literal),*) => {
        concat!(include_str!("shaders/common.wgsl"), $(include_str!(concat!("shaders/", $file))),*)
    };
}

impl Shader {
    /// Name of the file, of its entry point and of its CPU reference.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Conv => "conv",
            Self::Depthwise => "depthwise",
            Self::Upsample => "upsample",
            Self::MaxPool => "max_pool",
            Self::AveragePool => "average_pool",
            Self::GlobalAveragePool => "global_average_pool",
        }
    }

    pub(super) fn source(self) -> &'static str {
        match self {
            Self::Conv => source!("window.wgsl", "conv.wgsl"),
            Self::Depthwise => source!("window.wgsl", "depthwise.wgsl"),
            Self::Upsample => source!("upsample.wgsl"),
            Self::MaxPool => source!("window.wgsl", "max_pool.wgsl"),
            Self::AveragePool => source!("window.wgsl", "average_pool.wgsl"),
            Self::GlobalAveragePool => source!("global_average_pool.wgsl"),
        }
    }
}

/// A shader with its window fixed; what is compiled once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kernel {
    pub(super) shader: Shader,
    /// Kernel, stride and padding at the start; the padding at the end follows from the sizes.
    window: Option<[[usize; 2]; 3]>,
}

impl Kernel {
    pub(super) fn new(kind: &LayerKind) -> Self {
        let (shader, window) = match kind {
            LayerKind::Conv { window, .. } => (Shader::Conv, Some(window)),
            LayerKind::Depthwise { window, .. } => (Shader::Depthwise, Some(window)),
            LayerKind::Upsample { .. } => (Shader::Upsample, None),
            LayerKind::MaxPool(window) => (Shader::MaxPool, Some(window)),
            LayerKind::AveragePool(window) => (Shader::AveragePool, Some(window)),
            LayerKind::GlobalAveragePool => (Shader::GlobalAveragePool, None),
        };
        Self {
            shader,
            window: window.map(|window| [window.kernel, window.stride, window.pad_start]),
        }
    }

    /// The values of the `override` declarations in `shaders/window.wgsl`.
    pub(super) fn constants(&self) -> Vec<(&'static str, f64)> {
        const NAMES: [[&str; 2]; 3] = [
            ["KERNEL_HEIGHT", "KERNEL_WIDTH"],
            ["STRIDE_Y", "STRIDE_X"],
            ["PAD_Y", "PAD_X"],
        ];
        let values = self.window.iter().flatten().flatten();
        let names = NAMES.iter().flatten();
        names
            .zip(values)
            .map(|(&name, &value)| (name, value as f64))
            .collect()
    }
}

/// The uniform of `shaders/common.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub(super) struct Sizes {
    in_height: u32,
    in_width: u32,
    in_groups: u32,
    out_height: u32,
    out_width: u32,
    out_groups: u32,
    row_tiles: u32,
    threads: u32,
    activation: u32,
    residual: u32,
    unused: [u32; 2],
}

impl Sizes {
    /// Sizes of a layer that runs on `count` inputs at once.
    pub(super) fn new(layer: &Layer, input: MapShape, output: MapShape, count: usize) -> Self {
        let (mut input, mut output, mut count) = (input, output, count);
        if is_pointwise(&layer.kind) {
            // Pixels are independent: one long row wastes no thread at the end of each row.
            output.width *= count * output.height;
            output.height = 1;
            input.width = output.width;
            input.height = 1;
            count = 1;
        }
        let in_groups = input.channels.div_ceil(GROUP);
        let out_groups = output.channels.div_ceil(GROUP);
        let (row_tiles, tiles) = match layer.kind {
            LayerKind::Conv { .. } | LayerKind::Depthwise { .. } => {
                let row_tiles = output.width.div_ceil(TILE);
                (row_tiles, row_tiles * output.height)
            }
            LayerKind::Upsample { .. } => {
                let row_tiles = input.width.div_ceil(TILE);
                (row_tiles, row_tiles * input.height * 4)
            }
            LayerKind::MaxPool(_) | LayerKind::AveragePool(_) | LayerKind::GlobalAveragePool => {
                (output.width, output.width * output.height)
            }
        };
        Self {
            in_height: input.height as u32,
            in_width: input.width as u32,
            in_groups: in_groups as u32,
            out_height: output.height as u32,
            out_width: output.width as u32,
            out_groups: out_groups as u32,
            row_tiles: row_tiles as u32,
            threads: (count * tiles * out_groups) as u32,
            activation: match layer.activation {
                Activation::Identity => 0,
                Activation::Relu => 1,
                Activation::Sigmoid => 2,
            },
            residual: match layer.residual {
                None => 0,
                Some(Residual::BeforeActivation(_)) => 1,
                Some(Residual::AfterActivation(_)) => 2,
            },
            unused: [0; 2],
        }
    }

    /// Workgroups along x and y, each at most `limit`.
    pub(super) fn workgroups(&self, limit: u32) -> [u32; 2] {
        let workgroups = self.threads.div_ceil(WORKGROUP as u32);
        let rows = workgroups.div_ceil(limit).max(1);
        [workgroups.div_ceil(rows), rows]
    }
}

fn is_pointwise(kind: &LayerKind) -> bool {
    matches!(kind, LayerKind::Conv { window, .. } if *window == Window::square(1, 1, 0))
}

/// A layer's parameters as its kernel reads them: the bias, then the weights with output channels
/// last, both padded with zeros to whole groups. Empty where the layer has none.
pub(super) fn pack(position: usize, kind: &LayerKind) -> Result<Vec<f32>, ShapeError> {
    let misfit = ShapeError::Layer {
        layer: position,
        what: "the weights have another size",
    };
    // Taps, output channels, input channels of each.
    let (weight, bias, taps, outputs, inputs) = match kind {
        LayerKind::Conv {
            window,
            out_channels,
            weight,
            bias,
        } => {
            let taps = window.kernel[0].saturating_mul(window.kernel[1]);
            let terms = taps.saturating_mul(*out_channels).max(1);
            (weight, bias, taps, *out_channels, weight.len() / terms)
        }
        LayerKind::Upsample {
            out_channels,
            weight,
            bias,
        } => {
            let terms = out_channels.saturating_mul(4).max(1);
            (weight, bias, 4, *out_channels, weight.len() / terms)
        }
        LayerKind::Depthwise {
            window,
            weight,
            bias,
        } => {
            let taps = window.kernel[0].saturating_mul(window.kernel[1]);
            (weight, bias, taps, bias.len(), 1)
        }
        LayerKind::MaxPool(_) | LayerKind::AveragePool(_) | LayerKind::GlobalAveragePool => {
            return Ok(Vec::new());
        }
    };
    let expected = [taps, outputs, inputs]
        .into_iter()
        .fold(1_usize, usize::saturating_mul);
    if bias.len() != outputs || weight.len() != expected || expected == 0 {
        return Err(misfit);
    }
    let out_width = outputs.next_multiple_of(GROUP);
    // A depthwise kernel reads one weight for each channel, the others one for each input channel.
    let (in_width, transposed) = match kind {
        LayerKind::Depthwise { .. } => (1, false),
        _ => (
            inputs.next_multiple_of(GROUP),
            matches!(kind, LayerKind::Conv { .. }),
        ),
    };
    let mut packed = vec![0.0; out_width * (1 + taps * in_width)];
    packed[..outputs].copy_from_slice(bias);
    for tap in 0..taps {
        for output in 0..outputs {
            // A convolution has output channels before taps, the others after.
            let first = if transposed {
                (output * taps + tap) * inputs
            } else {
                (tap * outputs + output) * inputs
            };
            for input in 0..inputs {
                let to = out_width * (1 + tap * in_width + input) + output;
                packed[to] = weight[first + input];
            }
        }
    }
    Ok(packed)
}
