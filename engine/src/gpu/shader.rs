//! Which shader computes a layer, on how many threads, with which weights.

use bytemuck::{Pod, Zeroable};

use crate::plan::{Activation, Layer, LayerKind, MapShape, Residual, Window};

/// Channels that a thread handles together; maps are padded with zero channels to a multiple.
pub(super) const GROUP: usize = 4;
/// Neighbouring pixels that a thread of `conv`, `depthwise` and `upsample` makes.
const TILE: usize = 4;
/// Pixels that a quad of threads of `conv_quad` makes.
const QUAD_TILE: usize = 12;
/// Rows and columns of pixels that a quad of threads of `conv_3x3_quad` makes.
const QUAD_TILE_3X3: [usize; 2] = [2, 6];

/// One of the files in `shaders/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Shader {
    Conv,
    ConvQuad,
    Conv3x3Quad,
    Depthwise,
    Upsample,
    MaxPool,
    AveragePool,
    GlobalAveragePool,
}

/// A kernel's source: the shared parts, then its own.
macro_rules! source {
    ($($file:literal),*) => {
        concat!(include_str!("shaders/common.wgsl"), $(include_str!(concat!("shaders/", $file))),*)
    };
}

/// As [`source`], for kernels with operations across threads: browsers want them announced, naga
/// does not know the announcement yet.
macro_rules! subgroup_source {
    ($($file:literal),*) => {
        if cfg!(target_arch = "wasm32") {
            concat!("enable subgroups;\n", source!($($file),*))
        } else {
            source!($($file),*)
        }
    };
}

impl Shader {
    /// The shader for a layer; `quads` where one of those that share loads among four threads is
    /// the better choice.
    fn new(kind: &LayerKind, quads: bool) -> Self {
        match kind {
            LayerKind::Conv { window, .. } => match (quads, window.kernel, window.stride) {
                (false, ..) => Self::Conv,
                (true, [3, 3], [1, 1]) => Self::Conv3x3Quad,
                (true, ..) => Self::ConvQuad,
            },
            LayerKind::Depthwise { .. } => Self::Depthwise,
            LayerKind::Upsample { .. } => Self::Upsample,
            LayerKind::MaxPool(_) => Self::MaxPool,
            LayerKind::AveragePool(_) => Self::AveragePool,
            LayerKind::GlobalAveragePool => Self::GlobalAveragePool,
        }
    }

    /// Threads of a workgroup.
    fn workgroup(self) -> usize {
        match self {
            // Software adapters give each core whole workgroups: small ones spread evenly.
            Self::ConvQuad | Self::Conv3x3Quad => 8,
            _ => 64,
        }
    }

    /// Name of the file and of its entry point. The first word or words are the CPU reference.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Conv => "conv",
            Self::ConvQuad => "conv_quad",
            Self::Conv3x3Quad => "conv_3x3_quad",
            Self::Depthwise => "depthwise",
            Self::Upsample => "upsample",
            Self::MaxPool => "max_pool",
            Self::AveragePool => "average_pool",
            Self::GlobalAveragePool => "global_average_pool",
        }
    }

    pub(super) fn source(self) -> &'static str {
        match self {
            Self::Conv => source!("conv.wgsl"),
            Self::ConvQuad => subgroup_source!("conv_quad.wgsl"),
            Self::Conv3x3Quad => subgroup_source!("conv_3x3_quad.wgsl"),
            Self::Depthwise => source!("depthwise.wgsl"),
            Self::Upsample => source!("upsample.wgsl"),
            Self::MaxPool => source!("max_pool.wgsl"),
            Self::AveragePool => source!("average_pool.wgsl"),
            Self::GlobalAveragePool => source!("global_average_pool.wgsl"),
        }
    }
}

/// A shader fixed to what a branch would be spent on: what is compiled once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kernel {
    pub(super) shader: Shader,
    is_gray: bool,
    activation: u8,
    residual: u8,
}

impl Kernel {
    /// The kernel for a layer whose input has so many channels.
    pub(super) fn new(layer: &Layer, in_channels: usize, quads: bool) -> Self {
        Self {
            shader: Shader::new(&layer.kind, quads),
            is_gray: in_channels == 1,
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
        }
    }

    /// The values of the `override` declarations in `shaders/common.wgsl`.
    pub(super) fn constants(self) -> [(&'static str, f64); 4] {
        [
            ("WORKGROUP", self.shader.workgroup() as f64),
            ("IS_GRAY", f64::from(self.is_gray)),
            ("ACTIVATION", f64::from(self.activation)),
            ("RESIDUAL", f64::from(self.residual)),
        ]
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
    images: u32,
    pixels: u32,
    kernel: [u32; 2],
    stride: [u32; 2],
    pad: [u32; 2],
}

impl Sizes {
    /// Sizes of a layer that `shader` runs on `count` inputs at once.
    pub(super) fn new(
        shader: Shader,
        layer: &Layer,
        input: MapShape,
        output: MapShape,
        count: usize,
    ) -> Self {
        let (mut input, mut output, mut count) = (input, output, count);
        if shader == Shader::Conv && is_pointwise(&layer.kind) {
            // Pixels are independent: one long row wastes no thread at the end of each row.
            output.width *= count * output.height;
            output.height = 1;
            input.width = output.width;
            input.height = 1;
            count = 1;
        }
        let window = window(&layer.kind);
        let pair = |pair: fn(&Window) -> [usize; 2]| {
            window.map_or([0; 2], |window| pair(window).map(|length| length as u32))
        };
        let pixels = count * output.height * output.width;
        let groups = output.channels.div_ceil(GROUP);
        let quad_threads = groups.next_multiple_of(4);
        let (row_tiles, threads) = match shader {
            Shader::Conv | Shader::Depthwise => {
                let row_tiles = output.width.div_ceil(TILE);
                (row_tiles, count * output.height * row_tiles * groups)
            }
            Shader::ConvQuad => (0, pixels.div_ceil(QUAD_TILE) * quad_threads),
            Shader::Conv3x3Quad => {
                let [rows, columns] = QUAD_TILE_3X3;
                let row_tiles = output.width.div_ceil(columns);
                let tiles = count * output.height.div_ceil(rows) * row_tiles;
                (row_tiles, tiles * quad_threads)
            }
            Shader::Upsample => {
                let row_tiles = input.width.div_ceil(TILE);
                (row_tiles, count * input.height * row_tiles * 4 * groups)
            }
            Shader::MaxPool | Shader::AveragePool | Shader::GlobalAveragePool => {
                (0, pixels * groups)
            }
        };
        Self {
            in_height: input.height as u32,
            in_width: input.width as u32,
            in_groups: input.channels.div_ceil(GROUP) as u32,
            out_height: output.height as u32,
            out_width: output.width as u32,
            out_groups: groups as u32,
            row_tiles: row_tiles as u32,
            threads: threads as u32,
            images: count as u32,
            pixels: pixels as u32,
            kernel: pair(|window| window.kernel),
            stride: pair(|window| window.stride),
            pad: pair(|window| window.pad_start),
        }
    }

    /// Workgroups along x and y, each at most `limit`.
    pub(super) fn workgroups(&self, shader: Shader, limit: u32) -> [u32; 2] {
        let workgroups = self.threads.div_ceil(shader.workgroup() as u32);
        let rows = workgroups.div_ceil(limit).max(1);
        [workgroups.div_ceil(rows), rows]
    }
}

fn window(kind: &LayerKind) -> Option<&Window> {
    match kind {
        LayerKind::Conv { window, .. }
        | LayerKind::Depthwise { window, .. }
        | LayerKind::MaxPool(window)
        | LayerKind::AveragePool(window) => Some(window),
        LayerKind::Upsample { .. } | LayerKind::GlobalAveragePool => None,
    }
}

/// Whether each output pixel depends on the one input pixel at its place only.
fn is_pointwise(kind: &LayerKind) -> bool {
    window(kind) == Some(&Window::square(1, 1, 0))
}

/// The parameters of a layer of a valid plan as its shader reads them: the bias, then the weights
/// with output channels last, both padded with zeros to whole groups. Empty where the layer has
/// none.
pub(super) fn pack(kind: &LayerKind, in_channels: usize) -> Vec<f32> {
    // Distance between the weights of neighbouring places of the kernel, output channels and input
    // channels in the plan.
    let (weight, bias, strides) = match kind {
        LayerKind::Conv {
            window,
            weight,
            bias,
            ..
        } => {
            let area = window.kernel[0] * window.kernel[1];
            (weight, bias, [in_channels, area * in_channels, 1])
        }
        LayerKind::Upsample { weight, bias, .. } => {
            (weight, bias, [bias.len() * in_channels, in_channels, 1])
        }
        LayerKind::Depthwise { weight, bias, .. } => (weight, bias, [in_channels, 1, 0]),
        LayerKind::MaxPool(_) | LayerKind::AveragePool(_) | LayerKind::GlobalAveragePool => {
            return Vec::new();
        }
    };
    let outputs = bias.len();
    // A depthwise kernel has one weight for each place and channel.
    let inputs = if strides[2] == 0 { 1 } else { in_channels };
    let places = weight.len() / (outputs * inputs);
    let padded_inputs = if strides[2] == 0 {
        1
    } else {
        inputs.next_multiple_of(GROUP)
    };
    let row = outputs.next_multiple_of(GROUP);
    let mut packed = vec![0.0; row * (1 + places * padded_inputs)];
    packed[..outputs].copy_from_slice(bias);
    for place in 0..places {
        for input in 0..inputs {
            let start = row * (1 + place * padded_inputs + input);
            for (output, to) in packed[start..start + outputs].iter_mut().enumerate() {
                *to = weight[place * strides[0] + output * strides[1] + input * strides[2]];
            }
        }
    }
    packed
}
