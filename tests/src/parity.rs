//! Burn on the CPU, Burn on the GPU and both of our runners agree on the page's network.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, DeviceKind, Distribution, Tensor, TensorData};
use mien_engine::crop::SIDE;
use mien_engine::nets::student::StudentConfig;
use mien_engine::nets::{StockOps, Student};
use mien_engine::runner::Batch;
use mien_engine::{cpu, gpu};

const FACES: usize = 5;
/// The largest difference between two logits that counts as agreement.
const TOLERANCE: f32 = 1e-4;

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

fn logits(student: &Student, faces: &[f32], device: &Device) -> Vec<f32> {
    let data = TensorData::new(faces.to_vec(), [FACES, 1, SIDE, SIDE]);
    let logits = student.forward(Tensor::from_data(data, device), &StockOps);
    logits.to_data().iter::<f32>().collect()
}

fn assert_close(name: &str, expected: &[f32], found: &[f32]) {
    assert_eq!(expected.len(), found.len(), "{name}");
    for (expected, found) in expected.iter().zip(found) {
        let difference = (expected - found).abs();
        assert!(difference <= TOLERANCE, "{name}: {found}, not {expected}");
    }
}

fn faces_and_student(device: &Device) -> (Vec<f32>, Student) {
    let student = StudentConfig::default().init(device).map(&mut Unsettle);
    let shape = [FACES, 1, SIDE, SIDE];
    let faces = Tensor::<4>::random(shape, Distribution::Uniform(-2.0, 2.0), device);
    (faces.to_data().iter::<f32>().collect(), student)
}

/// `None`, and a line that says so, where there is no adapter: Burn panics there.
fn adapter() -> Option<gpu::Device> {
    pollster::block_on(gpu::Device::request())
        .inspect_err(|error| eprintln!("skipped: no GPU adapter ({error})"))
        .ok()
}

#[test]
fn both_runners_give_the_logits_of_burn() {
    let device = Device::flex();
    let (faces, student) = faces_and_student(&device);
    let expected = logits(&student, &faces, &device);

    let plan = student.export();
    let batch = Batch {
        data: &faces,
        count: FACES,
        height: SIDE,
        width: SIDE,
    };
    let mut runner = cpu::Runner::new(plan.clone()).expect("a valid plan");
    let found = runner.run(batch).expect("a valid batch");
    assert_close("CPU", &expected, &found[0]);

    let Some(gpu) = adapter() else { return };
    let found = pollster::block_on(async {
        let mut runner = gpu::Runner::new(&gpu, &plan).await.expect("a valid plan");
        runner.run(batch).await.expect("a valid batch")
    });
    assert_close("WebGPU", &expected, &found[0]);
}

#[test]
fn burn_gives_the_same_logits_on_the_gpu() {
    if adapter().is_none() {
        return;
    }
    let device = Device::flex();
    let (faces, student) = faces_and_student(&device);
    let expected = logits(&student, &faces, &device);
    let device = Device::wgpu(DeviceKind::DefaultDevice);
    let found = logits(&student.fork(&device), &faces, &device);
    assert_close("burn-wgpu", &expected, &found);
}
