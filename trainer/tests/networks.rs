//! The networks keep to their budgets, and their plans compute what the modules compute.

use burn::tensor::{Device, Tensor};
use mien_engine::nets::StockOps;
use mien_engine::nets::student::{SIDE, StudentConfig};

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
