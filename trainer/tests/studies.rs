//! The networks of the studies have the sizes that their papers state, and each can learn.

mod common;

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Tensor, TensorData};
use mien_engine::crop::SIDE;
use mien_engine::nets::studies::autoencoder::reconstruction_loss;
use mien_engine::nets::studies::capsule_net::margin_loss;
use mien_engine::nets::studies::{StudyConfig, StudyNetwork, System};
use mien_engine::nets::{Ops, StockOps};
use mien_trainer::ops::{FastOps, Precision};

const FAST: FastOps = FastOps {
    precision: Precision::F32,
};

const ALL: [System; 25] = [
    System::AlexNet,
    System::VggNet,
    System::ResNet,
    System::CapsuleNet,
    System::Autoencoder,
    System::Shallow,
    System::Deep,
    System::AgrawalMittal,
    System::DeepEmotion,
    System::MicroExpNetM,
    System::MicroExpNetS,
    System::MicroExpNetXs,
    System::MicroExpNetXxs,
    System::Model1,
    System::Model2,
    System::FinalModel,
    System::DarkKnowledge,
    System::Vgg16,
    System::ResNet50,
    System::MobileNet,
    System::InceptionV3,
    System::Attention,
    System::ResNetV2,
    System::EfficientNet,
    System::TwoStage,
];

fn config(system: System, classes: usize) -> StudyConfig {
    StudyConfig {
        system,
        classes,
        rgb: false,
        // Four times smaller, where a network is large.
        reduce: 4,
    }
}

#[test]
fn every_network_gives_one_value_a_class() {
    let device = Device::flex();
    let faces = Tensor::zeros([2, 1, SIDE, SIDE], &device);
    for system in ALL {
        for classes in [4, 7] {
            let network = config(system, classes).init(&device);
            let logits = network.forward(faces.clone(), &FAST);
            assert_eq!(logits.dims(), [2, classes], "{system:?}");
        }
    }
}

#[test]
fn fast_answers_of_whole_networks_are_those_of_burn() {
    let device = Device::flex();
    device.seed(5);
    let (faces, _, _) = batch(&device);
    for system in ALL {
        let network = config(system, 7).init(&device);
        let expected = network.forward(faces.clone(), &StockOps);
        let apart = (network.forward(faces.clone(), &FAST) - expected.clone()).abs();
        let size = expected.abs().max().into_scalar::<f32>().max(1e-3);
        let apart = apart.max().into_scalar::<f32>();
        assert!(apart < 1e-4 * size, "{system:?}: {apart} of {size}");
    }
}

#[test]
fn a_network_of_the_four_class_study_takes_three_channels() {
    let device = Device::flex();
    let rgb = StudyConfig {
        rgb: true,
        ..config(System::FinalModel, 4)
    };
    let network = rgb.init(&device);
    let logits = network.forward(Tensor::zeros([2, 1, SIDE, SIDE], &device), &FAST);
    assert_eq!(logits.dims(), [2, 4]);
    let gray = config(System::FinalModel, 4).init(&device);
    assert_eq!(network.num_params() - gray.num_params(), 2 * 9 * 32);
}

#[test]
fn the_micro_networks_have_the_sizes_of_their_paper() {
    for (system, parameters) in [
        (System::MicroExpNetM, 900_151),
        (System::MicroExpNetS, 231_991),
        (System::MicroExpNetXs, 120_631),
        (System::MicroExpNetXxs, 64_951),
    ] {
        let network = config(system, 7).init(&Device::flex());
        assert_eq!(network.num_params(), parameters, "{system:?}");
    }
}

#[test]
fn the_other_networks_have_the_sizes_of_their_layers() {
    let conv = |kernel: usize, from: usize, to: usize| kernel * kernel * from * to + to;
    let dense = |from: usize, to: usize| from * to + to;
    // Without bias, but with four numbers a channel of the batch norm.
    let norm = |kernel: usize, from: usize, to: usize| kernel * kernel * from * to + 4 * to;
    let alex = conv(5, 1, 32)
        + conv(5, 32, 96)
        + conv(3, 96, 128)
        + conv(3, 128, 128)
        + conv(3, 128, 96)
        + dense(96 * 9, 512)
        + dense(512, 512)
        + dense(512, 7);
    let shallow = norm(3, 1, 32) + norm(3, 32, 64) + dense(64 * 144, 256) + dense(256, 7);
    let emotion = conv(7, 1, 8)
        + conv(5, 8, 10)
        + dense(10 * 64, 32)
        + dense(32, 6)
        + conv(3, 1, 10)
        + 3 * conv(3, 10, 10)
        + 2 * 40
        + dense(810, 50)
        + dense(50, 7);
    let capsule = conv(9, 1, 64) + conv(9, 64, 64) + 128 * 7 * 16 * 8;
    for (system, parameters) in [
        (System::AlexNet, alex),
        (System::Shallow, shallow),
        (System::DeepEmotion, emotion),
        (System::CapsuleNet, capsule),
    ] {
        let network = config(system, 7).init(&Device::flex());
        assert_eq!(network.num_params(), parameters, "{system:?}");
    }
}

#[test]
fn the_large_networks_have_the_sizes_of_their_papers() {
    // The numbers of the networks that are given away, for RGB pictures and 1,000 classes: here
    // gray faces, seven classes, and four numbers a channel of the batch norm in place of two.
    let dense = |from: usize, classes: usize| from * classes + classes;
    let res_net50 = 25_557_032 - dense(2048, 1000) + dense(2048, 7) - 2 * 64 * 49 + 2 * 26_560;
    let inception = 23_834_568 - dense(2048, 1000) + dense(2048, 7) - 2 * 32 * 9 + 2 * 17_216;
    let efficient = 5_288_548 - dense(1280, 1000) + dense(1280, 7) - 2 * 32 * 9 + 2 * 21_008;
    let mobile_net = 4_253_864 - dense(1024, 1000) + dense(1024, 7) - 2 * 32 * 9;
    // Faces of 48 pixels leave 512 values for the dense layers, which have 512 units.
    let vgg16 = 14_714_688 - 2 * 64 * 9 + 2 * dense(512, 512) + dense(512, 7);
    for (system, parameters) in [
        (System::ResNet50, res_net50),
        (System::InceptionV3, inception),
        (System::EfficientNet, efficient),
        (System::MobileNet, mobile_net),
        (System::Vgg16, vgg16),
    ] {
        let full = StudyConfig {
            reduce: 1,
            ..config(system, 7)
        };
        let network = full.init(&Device::flex());
        assert_eq!(network.num_params(), parameters, "{system:?}");
    }
}

#[test]
fn the_compressed_network_has_91_percent_fewer_parameters_than_its_teachers() {
    let size = |system| config(system, 7).init(&Device::flex()).num_params() as f64;
    let teachers: f64 = [System::AlexNet, System::VggNet, System::ResNet]
        .map(size)
        .iter()
        .sum();
    let saved = 1.0 - size(System::DarkKnowledge) / teachers;
    assert!((saved - 0.91).abs() < 0.04, "{saved}");
}

/// 32 striped faces with their classes.
fn batch(device: &Device) -> (Tensor<4>, Tensor<2>, Vec<usize>) {
    const FACES: usize = 32;
    let data = common::faces(FACES);
    let pixels: Vec<f32> = (0..FACES)
        .flat_map(|index| data.pixels(index))
        .map(|pixel| pixel / 64.0 - 2.0)
        .collect();
    let labels: Vec<usize> = data.labels().iter().map(|label| label.index()).collect();
    let mut targets = vec![0.0_f32; FACES * 7];
    for (row, &label) in targets.chunks_exact_mut(7).zip(&labels) {
        row[label] = 1.0;
    }
    (
        Tensor::from_data(TensorData::new(pixels, [FACES, 1, SIDE, SIDE]), device),
        Tensor::from_data(TensorData::new(targets, [FACES, 7]), device),
        labels,
    )
}

fn accuracy(network: &StudyNetwork, faces: &Tensor<4>, labels: &[usize]) -> f64 {
    let best = network.forward(faces.clone(), &FAST).argmax(1).to_data();
    let right = best.iter::<u32>().zip(labels);
    let right = right.filter(|(best, label)| *best as usize == **label);
    right.count() as f64 / labels.len() as f64
}

/// The numbers of all gradients.
struct Gradients<'a>(&'a GradientsParams, Vec<f32>);

impl ModuleVisitor for Gradients<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.0.get::<D>(param.id) {
            self.1.extend(gradient.to_data().iter::<f32>());
        }
    }
}

fn gradients(network: &StudyNetwork, ops: &impl Ops) -> Vec<f32> {
    let device = Device::flex().autodiff();
    let (faces, targets, _) = batch(&device);
    let logits = network.forward(faces, ops);
    let loss = log_softmax(logits, 1).mul(targets).sum_dim(1).mean().neg();
    let all = GradientsParams::from_grads(loss.backward(), network);
    let mut gradients = Gradients(&all, Vec::new());
    network.visit(&mut gradients);
    gradients.1
}

#[test]
fn fast_gradients_of_whole_networks_are_those_of_burn() {
    let device = Device::flex().autodiff();
    device.seed(3);
    for system in [
        System::ResNet,
        System::Attention,
        System::ResNet50,
        System::ResNetV2,
    ] {
        let network = config(system, 7).init(&device);
        let expected = gradients(&network, &StockOps);
        let found = gradients(&network, &FAST);
        let length = |values: &mut dyn Iterator<Item = f32>| {
            values
                .map(|x| f64::from(x) * f64::from(x))
                .sum::<f64>()
                .sqrt()
        };
        let apart = length(&mut found.iter().zip(&expected).map(|(a, b)| a - b));
        let share = apart / length(&mut expected.iter().copied());
        assert_eq!(found.len(), expected.len());
        // Rounding grows with the number of layers: fifty of them make about 2 %.
        assert!(share < 0.05, "{system:?}: {share} of the gradient is wrong");
    }
}

/// Steps after which a network is taken for one that does not learn. Most need a tenth; tests share
/// one source of random numbers, so that the dropout of each run is another.
const STEPS: usize = 2000;

/// Trains on 32 faces until all are recognised.
fn learns(system: System, rate: f64) {
    let device = Device::flex().autodiff();
    device.seed(1);
    let (faces, targets, labels) = batch(&device);
    let (plain_faces, _, _) = batch(&Device::flex());
    let mut network = config(system, 7).init(&device);
    let mut adam = AdamConfig::new().init();
    let mut found = 0.0;
    for step in 0..STEPS {
        let loss = match (&network, step % 2) {
            (StudyNetwork::CapsuleNet(capsules), _) => {
                margin_loss(capsules.forward(faces.clone(), &FAST), targets.clone())
            }
            // Both phases in turn: the classifier gives the encoder no gradient.
            (StudyNetwork::Autoencoder(coder), 0) => {
                let codes = coder.encode(faces.clone(), &FAST);
                reconstruction_loss(coder.decode(codes), faces.clone())
            }
            _ => {
                let logits = network.forward(faces.clone(), &FAST);
                log_softmax(logits, 1)
                    .mul(targets.clone())
                    .sum_dim(1)
                    .mean()
                    .neg()
            }
        };
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        network = adam.step(rate, network, gradients);
        if step % 10 == 9 {
            found = accuracy(&network.valid(), &plain_faces, &labels);
            if found > 1.0 - f64::EPSILON {
                return;
            }
        }
    }
    panic!("{system:?} recognises {found} after {STEPS} steps");
}

macro_rules! learns {
    ($($name:ident: $system:ident, $rate:expr;)*) => {
        $(
            #[test]
            fn $name() {
                learns(System::$system, $rate);
            }
        )*
    };
}

learns! {
    alex_net_learns: AlexNet, 1e-3;
    vgg_net_learns: VggNet, 1e-3;
    res_net_learns: ResNet, 2e-3;
    capsule_net_learns: CapsuleNet, 1e-3;
    the_autoencoder_learns: Autoencoder, 2e-3;
    the_shallow_network_learns: Shallow, 1e-3;
    the_deep_network_learns: Deep, 1e-3;
    agrawal_and_mittals_network_learns: AgrawalMittal, 2e-3;
    deep_emotion_learns: DeepEmotion, 3e-3;
    micro_exp_net_learns: MicroExpNetXxs, 2e-3;
    model_1_learns: Model1, 1e-3;
    model_2_learns: Model2, 1e-3;
    the_final_model_learns: FinalModel, 1e-3;
    the_compressed_network_learns: DarkKnowledge, 1e-3;
    vgg16_learns: Vgg16, 1e-3;
    res_net50_learns: ResNet50, 2e-3;
    mobile_net_learns: MobileNet, 2e-3;
    inception_v3_learns: InceptionV3, 2e-3;
    the_attention_network_learns: Attention, 2e-3;
    res_net_v2_learns: ResNetV2, 2e-3;
    efficient_net_learns: EfficientNet, 2e-3;
    the_two_stages_learn: TwoStage, 1e-3;
}
