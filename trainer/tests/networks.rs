//! The networks keep to their budgets, and their plans compute what the modules compute.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Distribution, Tensor};
use mien_engine::cpu;
use mien_engine::crop::SIDE;
use mien_engine::nets::{
    CompactResNetConfig, CompactVggConfig, Network, NetworkConfig, Ops, StockOps, StudentConfig,
};
use mien_engine::runner::Batch;
use mien_trainer::ops::FastOps;

/// The students that ship, or are to: few wide blocks, and many narrow ones.
fn students() -> [StudentConfig; 2] {
    let deep = StudentConfig {
        channels: [16, 24, 40, 56],
        blocks: [3, 3, 2],
        ..StudentConfig::default()
    };
    [StudentConfig::default(), deep]
}

#[test]
fn the_students_keep_to_their_budget() {
    for student in students() {
        let plan = student.init(&Device::flex()).export();
        let shapes = plan.shapes(SIDE, SIDE).expect("a plan that fits its input");
        assert_eq!(shapes.last().map(|shape| shape.len()), Some(7));
        let macs = plan.macs(SIDE, SIDE).expect("a plan that fits its input");
        assert!(plan.parameters() <= 250_000, "{}", plan.parameters());
        assert!(macs <= 40_000_000, "{macs}");
    }
}

#[test]
fn forward_gives_one_logit_a_class() {
    let device = Device::flex();
    let config = StudentConfig {
        classes: 8,
        ..StudentConfig::default()
    };
    let student = config.init(&device);
    let faces = Tensor::zeros([2, 1, SIDE, SIDE], &device);
    assert_eq!(student.forward(faces, &StockOps).dims(), [2, 8]);
}

/// Gives biases, batch norms and running statistics values other than their start values, as
/// training does; running variances stay positive.
struct Unsettle;

impl ModuleMapper for Unsettle {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if D > 1 {
            return param;
        }
        param.map(|tensor| {
            let noise = tensor.random_like(Distribution::Uniform(0.1, 0.5));
            tensor.add(noise)
        })
    }
}

fn logits(network: &Network, faces: &Tensor<4>, ops: &impl Ops) -> Vec<f32> {
    let logits = network.forward(faces.clone(), ops);
    logits.to_data().iter::<f32>().collect()
}

fn the_plan_gives_the_logits_of_the_module(config: &NetworkConfig) {
    const FACES: usize = 3;
    let network = config.init(&Device::flex()).map(&mut Unsettle);
    let shape = [FACES, 1, SIDE, SIDE];
    let faces = Tensor::random(shape, Distribution::Uniform(-2.0, 2.0), &Device::flex());
    let pixels: Vec<f32> = faces.to_data().iter::<f32>().collect();

    let mut runner = cpu::Runner::new(network.export().expect("a plan")).expect("a valid plan");
    let batch = Batch {
        data: &pixels,
        count: FACES,
        height: SIDE,
        width: SIDE,
    };
    let outputs = runner.run(batch).expect("a batch that fits");
    for expected in [
        logits(&network, &faces, &StockOps),
        logits(&network, &faces, &FastOps::default()),
    ] {
        assert_eq!(outputs[0].len(), expected.len());
        let size = expected.iter().fold(1.0_f32, |most, x| most.max(x.abs()));
        for (found, expected) in outputs[0].iter().zip(&expected) {
            let error = (found - expected).abs();
            assert!(error < 1e-4 * size, "{found} is not {expected}");
        }
        assert!(expected.iter().any(|logit| logit.abs() > 1e-2));
    }
}

#[test]
fn the_plans_of_the_students_give_their_logits() {
    for student in students() {
        the_plan_gives_the_logits_of_the_module(&NetworkConfig::Student(student));
    }
}

#[test]
fn the_plan_of_the_compact_vgg_gives_its_logits() {
    let config = CompactVggConfig {
        channels: vec![8, 16, 32],
        ..CompactVggConfig::default()
    };
    the_plan_gives_the_logits_of_the_module(&NetworkConfig::CompactVgg(config));
}

#[test]
fn the_plan_of_the_compact_resnet_gives_its_logits() {
    let config = CompactResNetConfig {
        stem: 8,
        channels: vec![16, 32],
        ..CompactResNetConfig::default()
    };
    the_plan_gives_the_logits_of_the_module(&NetworkConfig::CompactResNet(config));
}

#[test]
fn the_teachers_have_the_sizes_that_they_state() {
    let parameters = |config: NetworkConfig| {
        let plan = config.init(&Device::flex()).export();
        plan.expect("a plan").parameters()
    };
    // 3 x 3 kernels and, with each batch norm folded, one bias a channel; the crop's 9 x 9 kernel.
    let vgg = [
        (1, 32),
        (32, 32),
        (32, 64),
        (64, 64),
        (64, 128),
        (128, 128),
        (128, 256),
        (256, 256),
    ];
    let by_hand: usize = vgg.iter().map(|(from, to)| 9 * from * to + to).sum();
    assert_eq!(
        parameters(NetworkConfig::CompactVgg(CompactVggConfig::default())),
        by_hand + 256 * 7 + 7 + 81 + 1
    );
    let resnet = [
        (1, 24),
        (24, 48),
        (48, 48),
        (48, 48),
        (48, 48),
        (48, 96),
        (96, 96),
        (96, 96),
        (96, 96),
        (96, 192),
        (192, 192),
        (192, 192),
        (192, 192),
    ];
    let by_hand: usize = resnet.iter().map(|(from, to)| 9 * from * to + to).sum();
    let shortcuts: usize = [(24, 48), (48, 96), (96, 192)]
        .iter()
        .map(|(from, to)| from * to + to)
        .sum();
    assert_eq!(
        parameters(NetworkConfig::CompactResNet(CompactResNetConfig::default())),
        by_hand + shortcuts + 192 * 7 + 7 + 25 + 1
    );
}
