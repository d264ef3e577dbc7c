//! Three common shapes of network, kept as they are so that measurements stay comparable, and the
//! networks of our own runs.

use burn::module::Module;
use burn::nn::conv::Conv2dConfig;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};
use clap::ValueEnum;
use mien_engine::expression::Expression;
use mien_engine::nets::blocks::{ConvNorm, ConvNormConfig, ResidualBlock, ResidualBlockConfig};
use mien_engine::nets::{Network, Ops};

use crate::train::RunConfig;

/// What is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Subject {
    /// Plain 3 x 3 convolutions with max pooling, 1.17M parameters.
    Vgg,
    /// Residual blocks in the shape of ResNet-18, 1.24M parameters.
    Res,
    /// Depthwise separable convolutions in the shape of MobileNet, 0.68M parameters.
    Mob,
    /// The run student-fer2013.
    Student,
    /// The run teacher-vgg.
    TeacherVgg,
    /// The run teacher-resnet.
    TeacherResnet,
}

/// Height and width of the faces that the three shapes see.
pub const SIDE: usize = 44;

impl Subject {
    /// The three shapes that PyTorch has too.
    pub const SHAPES: [Self; 3] = [Self::Vgg, Self::Res, Self::Mob];

    /// The name in the tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Vgg => "vgg",
            Self::Res => "res",
            Self::Mob => "mob",
            Self::Student => "student",
            Self::TeacherVgg => "teacher-vgg",
            Self::TeacherResnet => "teacher-resnet",
        }
    }

    /// The run that trains it, for the networks of our own runs.
    ///
    /// # Panics
    /// If a run of this repository is not valid, which a test excludes.
    #[must_use]
    pub fn run(self) -> Option<RunConfig> {
        let text = match self {
            Self::Vgg | Self::Res | Self::Mob => return None,
            Self::Student => include_str!("../../runs/student-fer2013.toml"),
            Self::TeacherVgg => include_str!("../../runs/teacher-vgg.toml"),
            Self::TeacherResnet => include_str!("../../runs/teacher-resnet.toml"),
        };
        Some(toml::from_str(text).expect("the repository's runs are valid"))
    }

    /// The network with fresh weights.
    ///
    /// # Panics
    /// As [`run`](Self::run).
    #[must_use]
    pub fn init(self, device: &Device) -> Net {
        let (layers, features) = match self {
            Self::Vgg => (vgg(device), 256),
            Self::Res => (res(device), 160),
            Self::Mob => (mob(device), 512),
            Self::Student | Self::TeacherVgg | Self::TeacherResnet => {
                let run = self.run().expect("these have one");
                return Net::Run(run.network.init(device));
            }
        };
        Net::Shape(Layers {
            layers,
            head: LinearConfig::new(features, Expression::FER2013.len()).init(device),
        })
    }
}

/// A network to be measured.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant, reason = "there is only one at a time")]
pub enum Net {
    /// One of the three shapes.
    Shape(Layers),
    /// That of a run.
    Run(Network),
}

impl Net {
    /// The logits of each class.
    ///
    /// # Shapes
    /// - `faces`: `[batch, 1, height, width]`
    /// - output: `[batch, classes]`
    pub fn forward(&self, faces: Tensor<4>, ops: &impl Ops) -> Tensor<2> {
        match self {
            Self::Shape(layers) => layers.forward(faces, ops),
            Self::Run(network) => network.forward(faces, ops),
        }
    }
}

/// One layer of [`Layers`].
#[derive(Module, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "a network has some twenty of them"
)]
pub enum Layer {
    /// Convolution, batch norm, ReLU.
    Plain(ConvNorm),
    /// A residual block.
    Residual(ResidualBlock),
    /// Halves height and width; the module has no parameters.
    Pool(MaxPool2d),
}

/// Layers, the mean over the map, one dense layer.
#[derive(Module, Debug)]
pub struct Layers {
    layers: Vec<Layer>,
    head: Linear,
}

impl Layers {
    fn forward(&self, faces: Tensor<4>, ops: &impl Ops) -> Tensor<2> {
        let x = self.layers.iter().fold(faces, |x, layer| match layer {
            Layer::Plain(block) => block.forward(x, None, true, ops),
            Layer::Residual(block) => block.forward(x, ops),
            Layer::Pool(pool) => ops.max_pool2d(pool, x),
        });
        let [batch, channels, height, width] = x.dims();
        let pooled = x
            .reshape([batch, channels, height * width])
            .mean_dim(2)
            .reshape([batch, channels]);
        self.head.forward(pooled)
    }
}

fn plain(channels: [usize; 2], device: &Device) -> Layer {
    Layer::Plain(ConvNormConfig::new(channels).init(device))
}

fn vgg(device: &Device) -> Vec<Layer> {
    let mut layers = Vec::new();
    let mut channels_in = 1;
    for channels in [32, 64, 128, 256] {
        if channels_in != 1 {
            let pool = MaxPool2dConfig::new([2, 2]).with_strides([2, 2]);
            layers.push(Layer::Pool(pool.init()));
        }
        layers.push(plain([channels_in, channels], device));
        layers.push(plain([channels, channels], device));
        channels_in = channels;
    }
    layers
}

fn res(device: &Device) -> Vec<Layer> {
    let block = |channels, stride| {
        let config = ResidualBlockConfig::new(channels).with_stride(stride);
        Layer::Residual(config.init(device))
    };
    let mut layers = vec![plain([1, 24], device)];
    for (channels, stride) in [([24, 24], 1), ([24, 48], 2), ([48, 96], 2), ([96, 160], 2)] {
        layers.push(block(channels, stride));
        layers.push(block([channels[1]; 2], 1));
    }
    layers
}

fn mob(device: &Device) -> Vec<Layer> {
    let depthwise = |channels: usize, stride: usize| {
        let conv = Conv2dConfig::new([channels; 2], [3, 3])
            .with_stride([stride; 2])
            .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
            .with_groups(channels)
            .with_bias(false)
            .init(device);
        let norm = BatchNormConfig::new(channels).init(device);
        Layer::Plain(ConvNorm { conv, norm })
    };
    let mut layers = vec![plain([1, 32], device)];
    for (channels, stride) in [
        ([32, 64], 1),
        ([64, 128], 2),
        ([128, 128], 1),
        ([128, 256], 2),
        ([256, 256], 1),
        ([256, 256], 1),
        ([256, 256], 1),
        ([256, 512], 2),
        ([512, 512], 1),
    ] {
        layers.push(depthwise(channels[0], stride));
        let pointwise = ConvNormConfig::new(channels).with_kernel(1);
        layers.push(Layer::Plain(pointwise.init(device)));
    }
    layers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runs_are_valid() {
        for subject in [
            Subject::Student,
            Subject::TeacherVgg,
            Subject::TeacherResnet,
        ] {
            let run = subject.run().expect("a run");
            run.check().expect("settings in range");
            assert_eq!(run.name.split("-fer2013").next(), Some(subject.name()));
        }
    }
}
