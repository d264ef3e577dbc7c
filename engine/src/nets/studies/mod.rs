//! The networks of the published studies that are compared here.
//!
//! S0 compares seven methods and a compressed network, S1 transfer learning, S2 ensembles, S3
//! attention and very small networks, S4 tells four classes apart. Each network says what its
//! study gave and what was chosen here.

pub mod agrawal_mittal;
pub mod alex_net;
pub mod attention;
pub mod autoencoder;
pub mod capsule_net;
pub mod dark_knowledge;
pub mod deep_emotion;
pub mod efficient_net;
pub mod four_class;
pub mod inception_v3;
pub mod micro_exp_net;
pub mod mobile_net;
pub mod res_net;
pub mod res_net50;
pub mod res_net_v2;
pub mod shallow_deep;
pub mod two_stage;
pub mod vgg16;
pub mod vgg_net;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::Ops;
use super::stack::Stack;
use crate::expression::Expression;
use agrawal_mittal::AgrawalMittal;
use attention::AttentionNet;
use autoencoder::Autoencoder;
use capsule_net::CapsuleNet;
use deep_emotion::DeepEmotion;
use efficient_net::EfficientNet;
use inception_v3::InceptionV3;
use micro_exp_net::{MicroExpNet, MicroSize};
use mobile_net::MobileNet;
use res_net_v2::ResNetV2;
use res_net50::ResNet50;
use two_stage::TwoStage;

/// Which system of the studies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum System {
    /// S0: `AlexNet`.
    AlexNet,
    /// S0: `VGGNet`.
    VggNet,
    /// S0: `ResNet`.
    ResNet,
    /// S0: capsules with dynamic routing.
    CapsuleNet,
    /// S0: representational autoencoder.
    Autoencoder,
    /// S0: what learns from the ensemble.
    DarkKnowledge,
    /// S1 and S4: `VGG16`.
    #[serde(rename = "vgg16")]
    Vgg16,
    /// S1: `ResNet50`.
    #[serde(rename = "res-net50")]
    ResNet50,
    /// S1: `MobileNetV1`.
    MobileNet,
    /// S2: two convolutions.
    Shallow,
    /// S2: four convolutions.
    Deep,
    /// S2: Agrawal and Mittal's large kernels.
    AgrawalMittal,
    /// S3: convolutions behind a spatial transformer.
    DeepEmotion,
    /// S3: the teacher.
    #[serde(rename = "inception-v3")]
    InceptionV3,
    /// S3: the teacher with attention.
    Attention,
    /// S3: `MicroExpNet`, medium.
    MicroExpNetM,
    /// S3: `MicroExpNet`, small.
    MicroExpNetS,
    /// S3: `MicroExpNet`, extra small.
    MicroExpNetXs,
    /// S3: `MicroExpNet`, smallest.
    MicroExpNetXxs,
    /// S4: model 1.
    Model1,
    /// S4: model 2.
    Model2,
    /// S4: `ResNetV2`.
    #[serde(rename = "res-net-v2")]
    ResNetV2,
    /// S4: `EfficientNet`.
    EfficientNet,
    /// S4: the final model.
    FinalModel,
    /// S4: the region of interest first.
    TwoStage,
}

/// A system, with what a run may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyConfig {
    /// Which one.
    pub system: System,
    /// Number of classes.
    #[serde(default = "seven")]
    pub classes: usize,
    /// Whether a network of S4 gets three equal channels in place of one.
    #[serde(default)]
    pub rgb: bool,
    /// Divides the channels of the large networks, which say so.
    #[serde(default = "one")]
    pub reduce: usize,
}

fn one() -> usize {
    1
}

fn seven() -> usize {
    Expression::FER2013.len()
}

/// A network of the studies.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant, reason = "a run has one of them")]
pub enum StudyNetwork {
    /// A chain of layers over gray faces of 48 x 48 pixels.
    Gray(Stack),
    /// A chain of layers over faces of three equal channels.
    Rgb(Stack),
    /// Agrawal and Mittal's network.
    AgrawalMittal(AgrawalMittal),
    /// `MicroExpNet` of any size.
    MicroExpNet(MicroExpNet),
    /// Deep-Emotion.
    DeepEmotion(DeepEmotion),
    /// The capsule network.
    CapsuleNet(CapsuleNet),
    /// The autoencoder.
    Autoencoder(Autoencoder),
    /// `ResNet50`.
    ResNet50(ResNet50),
    /// `MobileNetV1`.
    MobileNet(MobileNet),
    /// `Inception_v3`.
    InceptionV3(InceptionV3),
    /// The network with attention.
    Attention(AttentionNet),
    /// `ResNetV2`.
    ResNetV2(ResNetV2),
    /// `EfficientNet`.
    EfficientNet(EfficientNet),
    /// The network of two stages.
    TwoStage(TwoStage),
}

impl StudyConfig {
    /// The network with fresh weights.
    #[must_use]
    pub fn init(&self, device: &Device) -> StudyNetwork {
        let (classes, reduce) = (self.classes, self.reduce.max(1));
        let four_class = |build: fn(usize, usize, &Device) -> Stack| {
            if self.rgb {
                StudyNetwork::Rgb(build(3, classes, device))
            } else {
                StudyNetwork::Gray(build(1, classes, device))
            }
        };
        let micro = |size| StudyNetwork::MicroExpNet(MicroExpNet::new(size, classes, device));
        match self.system {
            System::AlexNet => StudyNetwork::Gray(alex_net::alex_net(classes, device)),
            System::VggNet => StudyNetwork::Gray(vgg_net::vgg_net(classes, device)),
            System::ResNet => StudyNetwork::Gray(res_net::res_net(classes, device)),
            System::Shallow => StudyNetwork::Gray(shallow_deep::shallow(classes, device)),
            System::Deep => StudyNetwork::Gray(shallow_deep::deep(classes, device)),
            System::CapsuleNet => StudyNetwork::CapsuleNet(CapsuleNet::new(classes, device)),
            System::Autoencoder => StudyNetwork::Autoencoder(Autoencoder::new(classes, device)),
            System::DeepEmotion => StudyNetwork::DeepEmotion(DeepEmotion::new(classes, device)),
            System::AgrawalMittal => {
                StudyNetwork::AgrawalMittal(AgrawalMittal::new(classes, device))
            }
            System::MicroExpNetM => micro(MicroSize::M),
            System::MicroExpNetS => micro(MicroSize::S),
            System::MicroExpNetXs => micro(MicroSize::Xs),
            System::MicroExpNetXxs => micro(MicroSize::Xxs),
            System::Model1 => four_class(four_class::model_1),
            System::Model2 => four_class(four_class::model_2),
            System::FinalModel => four_class(four_class::final_model),
            System::DarkKnowledge => {
                StudyNetwork::Gray(dark_knowledge::dark_knowledge(classes, device))
            }
            System::Vgg16 if self.rgb => {
                StudyNetwork::Rgb(vgg16::vgg16(3, classes, reduce, device))
            }
            System::Vgg16 => StudyNetwork::Gray(vgg16::vgg16(1, classes, reduce, device)),
            System::ResNet50 => StudyNetwork::ResNet50(ResNet50::new(classes, reduce, device)),
            System::MobileNet => StudyNetwork::MobileNet(MobileNet::new(classes, reduce, device)),
            System::InceptionV3 => {
                StudyNetwork::InceptionV3(InceptionV3::new(classes, reduce, device))
            }
            System::Attention => StudyNetwork::Attention(AttentionNet::new(classes, device)),
            System::ResNetV2 => {
                StudyNetwork::ResNetV2(ResNetV2::new(self.rgb, classes, reduce, device))
            }
            System::EfficientNet => {
                StudyNetwork::EfficientNet(EfficientNet::new(self.rgb, classes, reduce, device))
            }
            System::TwoStage => StudyNetwork::TwoStage(TwoStage::new(classes, device)),
        }
    }
}

impl StudyNetwork {
    /// The logits of each class; the capsule network's lengths.
    ///
    /// # Shapes
    /// - `faces`: `[batch, 1, 48, 48]`, normalised as [`face_input`](super::face_input) says
    /// - output: `[batch, classes]`
    pub fn forward(&self, faces: Tensor<4>, ops: &impl Ops) -> Tensor<2> {
        match self {
            Self::Gray(stack) => stack.forward(faces, ops),
            Self::Rgb(stack) => stack.forward(four_class::repeated(faces), ops),
            Self::AgrawalMittal(network) => network.forward(faces, ops),
            Self::MicroExpNet(network) => network.forward(faces, ops),
            Self::DeepEmotion(network) => network.forward(faces, ops),
            Self::CapsuleNet(network) => network.forward(faces, ops),
            Self::Autoencoder(network) => network.forward(faces, ops),
            Self::ResNet50(network) => network.forward(faces, ops),
            Self::MobileNet(network) => network.forward(faces, ops),
            Self::InceptionV3(network) => network.forward(faces, ops),
            Self::Attention(network) => network.forward(faces, ops),
            Self::ResNetV2(network) => network.forward(faces, ops),
            Self::EfficientNet(network) => network.forward(faces, ops),
            Self::TwoStage(network) => network.forward(faces, ops),
        }
    }
}
