//! `Inception_v3`, the teacher of study S3.

use burn::module::Module;
use burn::nn::conv::Conv2dConfig;
use burn::nn::pool::{AvgPool2d, AvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::nn::{
    BatchNormConfig, Dropout, DropoutConfig, Initializer, Linear, LinearConfig, PaddingConfig2d,
};
use burn::tensor::{Device, Tensor};

use crate::nets::Ops;
use crate::nets::blocks::{ConvNorm, mean_over_map};
use crate::nets::stack::resized;

/// Side of the faces that the network takes: that of the students.
const SIDE: usize = 84;

/// What all convolutions of one network share.
#[derive(Clone, Copy)]
struct Builder<'a> {
    reduce: usize,
    device: &'a Device,
}

impl Builder<'_> {
    fn channels(self, of_paper: usize) -> usize {
        of_paper / self.reduce
    }

    /// Convolution without bias, batch norm, ReLU; `padded` keeps the size where the stride is 1.
    fn conv(
        self,
        channels: [usize; 2],
        kernel: [usize; 2],
        stride: usize,
        padded: bool,
    ) -> ConvNorm {
        let [rows, columns] = kernel.map(|side| if padded { side / 2 } else { 0 });
        let conv = Conv2dConfig::new(channels, kernel)
            .with_stride([stride; 2])
            .with_padding(PaddingConfig2d::Explicit(rows, columns, rows, columns))
            .with_bias(false)
            .with_initializer(Initializer::KaimingNormal {
                gain: std::f64::consts::SQRT_2,
                fan_out_only: true,
            })
            .init(self.device);
        let norm = BatchNormConfig::new(channels[1])
            .with_epsilon(1e-3)
            .init(self.device);
        ConvNorm { conv, norm }
    }

    /// Convolutions one after the other, of channels (the paper's), kernel and stride; those of
    /// stride 1 keep the size.
    fn path(self, from: usize, layers: &[(usize, [usize; 2], usize)]) -> Path {
        let mut from = from;
        let mut path = Vec::new();
        for &(channels, kernel, stride) in layers {
            let channels = self.channels(channels);
            path.push(self.conv([from, channels], kernel, stride, stride == 1));
            from = channels;
        }
        Path { layers: path }
    }
}

/// Convolutions one after the other.
#[derive(Module, Debug)]
struct Path {
    layers: Vec<ConvNorm>,
}

impl Path {
    fn forward(&self, input: Tensor<4>, ops: &impl Ops) -> Tensor<4> {
        let step = |x, layer: &ConvNorm| layer.forward(x, None, true, ops);
        self.layers.iter().fold(input, step)
    }
}

/// Paths side by side; beside them the mean or the maximum over 3 x 3 pixels.
#[derive(Module, Debug)]
struct Block {
    paths: Vec<Path>,
    /// Two ends of each of the last paths, 1 x 3 and 3 x 1, side by side.
    forks: Vec<[ConvNorm; 2]>,
    /// The mean over 3 x 3 pixels, then a 1 x 1 convolution; without one the block halves the size
    /// and takes the maximum.
    pooled: Option<ConvNorm>,
    mean: AvgPool2d,
    most: MaxPool2d,
}

impl Block {
    fn new(paths: Vec<Path>, forks: Vec<[ConvNorm; 2]>, pooled: Option<ConvNorm>) -> Self {
        Self {
            paths,
            forks,
            pooled,
            mean: AvgPool2dConfig::new([3, 3])
                .with_strides([1, 1])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init(),
            most: halving(),
        }
    }

    fn forward(&self, input: Tensor<4>, ops: &impl Ops) -> Tensor<4> {
        let whole = self.paths.len() - self.forks.len();
        let mut outputs = Vec::new();
        for (index, path) in self.paths.iter().enumerate() {
            let x = path.forward(input.clone(), ops);
            match index.checked_sub(whole) {
                None => outputs.push(x),
                Some(fork) => outputs.extend(
                    (self.forks[fork].iter()).map(|end| end.forward(x.clone(), None, true, ops)),
                ),
            }
        }
        outputs.push(match &self.pooled {
            Some(conv) => conv.forward(self.mean.forward(input), None, true, ops),
            None => ops.max_pool2d(&self.most, input),
        });
        Tensor::cat(outputs, 1)
    }
}

fn halving() -> MaxPool2d {
    MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).init()
}

/// Eleven blocks of paths side by side (Szegedy et al. 2016, "Rethinking the inception architecture
/// for computer vision").
///
/// Given by the study: the name. Chosen: the layers of the network that is given away, without its
/// second classifier; gray faces, enlarged to the 84 pixels that the students take. `reduce` divides
/// all channels, so that the network learns within a budget.
#[derive(Module, Debug)]
pub struct InceptionV3 {
    stem: Vec<ConvNorm>,
    pool: MaxPool2d,
    blocks: Vec<Block>,
    dropout: Dropout,
    head: Linear,
}

impl InceptionV3 {
    /// The network with fresh weights.
    #[must_use]
    pub fn new(classes: usize, reduce: usize, device: &Device) -> Self {
        let build = Builder { reduce, device };
        let c = |channels| build.channels(channels);
        let stem = vec![
            build.conv([1, c(32)], [3, 3], 2, false),     // 41 x 41
            build.conv([c(32), c(32)], [3, 3], 1, false), // 39 x 39
            build.conv([c(32), c(64)], [3, 3], 1, true),  // pooled: 19 x 19
            build.conv([c(64), c(80)], [1, 1], 1, false),
            build.conv([c(80), c(192)], [3, 3], 1, false), // 17 x 17, pooled: 8 x 8
        ];
        let blocks = vec![
            narrow(build, c(192), 32),
            narrow(build, c(256), 64),
            narrow(build, c(288), 64),
            first_halving(build, c(288)), // 3 x 3
            long(build, c(768), 128),
            long(build, c(768), 160),
            long(build, c(768), 160),
            long(build, c(768), 192),
            second_halving(build, c(768)), // 1 x 1
            wide(build, c(1280)),
            wide(build, c(2048)),
        ];
        Self {
            stem,
            pool: halving(),
            blocks,
            dropout: DropoutConfig::new(0.5).init(),
            head: LinearConfig::new(c(2048), classes).init(device),
        }
    }

    /// # Shapes
    /// - `faces`: `[batch, 1, 48, 48]`
    /// - output: `[batch, classes]`
    pub fn forward(&self, faces: Tensor<4>, ops: &impl Ops) -> Tensor<2> {
        let mut x = resized(faces, SIDE);
        for (index, layer) in self.stem.iter().enumerate() {
            x = layer.forward(x, None, true, ops);
            if index == 2 || index == 4 {
                x = ops.max_pool2d(&self.pool, x);
            }
        }
        let x = (self.blocks.iter()).fold(x, |x, block| block.forward(x, ops));
        ops.linear(&self.head, self.dropout.forward(mean_over_map(x)))
    }
}

/// 1 x 1, 5 x 5 and two 3 x 3 side by side ("Inception A").
fn narrow(build: Builder, from: usize, pooled: usize) -> Block {
    let paths = vec![
        build.path(from, &[(64, [1, 1], 1)]),
        build.path(from, &[(48, [1, 1], 1), (64, [5, 5], 1)]),
        build.path(from, &[(64, [1, 1], 1), (96, [3, 3], 1), (96, [3, 3], 1)]),
    ];
    let pooled = build.conv([from, build.channels(pooled)], [1, 1], 1, true);
    Block::new(paths, Vec::new(), Some(pooled))
}

/// 3 x 3 and two 3 x 3 with stride 2 side by side ("Inception B").
fn first_halving(build: Builder, from: usize) -> Block {
    let paths = vec![
        build.path(from, &[(384, [3, 3], 2)]),
        build.path(from, &[(64, [1, 1], 1), (96, [3, 3], 1), (96, [3, 3], 2)]),
    ];
    Block::new(paths, Vec::new(), None)
}

/// Rows and columns of seven pixels ("Inception C").
fn long(build: Builder, from: usize, inner: usize) -> Block {
    let (row, column) = ([1, 7], [7, 1]);
    let paths = vec![
        build.path(from, &[(192, [1, 1], 1)]),
        build.path(
            from,
            &[(inner, [1, 1], 1), (inner, row, 1), (192, column, 1)],
        ),
        build.path(
            from,
            &[
                (inner, [1, 1], 1),
                (inner, column, 1),
                (inner, row, 1),
                (inner, column, 1),
                (192, row, 1),
            ],
        ),
    ];
    let pooled = build.conv([from, build.channels(192)], [1, 1], 1, true);
    Block::new(paths, Vec::new(), Some(pooled))
}

/// Two paths that end with stride 2 ("Inception D").
fn second_halving(build: Builder, from: usize) -> Block {
    let paths = vec![
        build.path(from, &[(192, [1, 1], 1), (320, [3, 3], 2)]),
        build.path(
            from,
            &[
                (192, [1, 1], 1),
                (192, [1, 7], 1),
                (192, [7, 1], 1),
                (192, [3, 3], 2),
            ],
        ),
    ];
    Block::new(paths, Vec::new(), None)
}

/// Paths that end in 1 x 3 and 3 x 1 side by side ("Inception E").
fn wide(build: Builder, from: usize) -> Block {
    let paths = vec![
        build.path(from, &[(320, [1, 1], 1)]),
        build.path(from, &[(384, [1, 1], 1)]),
        build.path(from, &[(448, [1, 1], 1), (384, [3, 3], 1)]),
    ];
    let ends = || {
        let c = build.channels(384);
        [[1, 3], [3, 1]].map(|kernel| build.conv([c, c], kernel, 1, true))
    };
    let pooled = build.conv([from, build.channels(192)], [1, 1], 1, true);
    Block::new(paths, vec![ends(), ends()], Some(pooled))
}
