//! The networks keep to their budgets, and their plans compute what the modules compute.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Distribution, Tensor};
use mien_engine::cpu;
use mien_engine::nets::student::{SIDE, StudentConfig};
use mien_engine::nets::{Ops, StockOps, Student};
use mien_engine::runner::Batch;
use mien_trainer::ops::FastOps;

#[test]
fn the_student_keeps_to_its_budget() {
    let plan = StudentConfig::default().init(&Device::flex()).export();
    let shapes = plan.shapes(SIDE, SIDE).expect("a plan that fits its input");
    assert_eq!(shapes.last().map(|shape| shape.len()), Some(7));
    let macs = plan.macs(SIDE, SIDE).expect("a plan that fits its input");
    assert!(plan.parameters() <= 250_000, "{}", plan.parameters());
    assert!(macs <= 40_000_000, "{macs}");
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

fn unsettled_student() -> Student {
    let student = StudentConfig::default().init(&Device::flex());
    student.map(&mut Unsettle)
}

fn logits(student: &Student, faces: &Tensor<4>, ops: &impl Ops) -> Vec<f32> {
    let logits = student.forward(faces.clone(), ops);
    logits.to_data().iter::<f32>().collect()
}

#[test]
fn the_exported_plan_gives_the_logits_of_the_module() {
    const FACES: usize = 5;
    let student = unsettled_student();
    let shape = [FACES, 1, SIDE, SIDE];
    let faces = Tensor::random(shape, Distribution::Uniform(-2.0, 2.0), &Device::flex());
    let pixels: Vec<f32> = faces.to_data().iter::<f32>().collect();

    let mut runner = cpu::Runner::new(student.export()).expect("a valid plan");
    let batch = Batch {
        data: &pixels,
        count: FACES,
        height: SIDE,
        width: SIDE,
    };
    let outputs = runner.run(batch).expect("a batch that fits");
    for expected in [
        logits(&student, &faces, &StockOps),
        logits(&student, &faces, &FastOps),
    ] {
        assert_eq!(outputs[0].len(), expected.len());
        for (found, expected) in outputs[0].iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-4, "{found} is not {expected}");
        }
        assert!(expected.iter().any(|logit| logit.abs() > 1e-2));
    }
}
