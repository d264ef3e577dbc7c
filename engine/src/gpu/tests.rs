//! The kernels against the CPU reference. Without a GPU, a software one included, the comparisons
//! are skipped and say so.

use naga::valid::{Capabilities, ValidationFlags, Validator};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::shader::Shader;
use super::*;
use crate::cpu::reference;
use crate::plan::samples::{Sample, sample};
use crate::plan::{Activation, InputSpec, Layer, LayerKind, Plan, TensorId};
use crate::runner::{Batch, RunError};

const SHADERS: [Shader; 8] = [
    Shader::Conv,
    Shader::ConvQuad,
    Shader::Conv3x3Quad,
    Shader::Depthwise,
    Shader::Upsample,
    Shader::MaxPool,
    Shader::AveragePool,
    Shader::GlobalAveragePool,
];

/// The GPU, or `None` and a word about it where there is none.
fn gpu() -> Option<Device> {
    match pollster::block_on(Device::request()) {
        Ok(device) => Some(device),
        Err(error) => {
            eprintln!("skipped: no GPU adapter ({error})");
            None
        }
    }
}

#[test]
fn every_shader_is_valid() {
    for shader in SHADERS {
        let module = naga::front::wgsl::parse_str(shader.source())
            .unwrap_or_else(|error| panic!("{}", error.emit_to_string(shader.source())));
        let entries: Vec<_> = module
            .entry_points
            .iter()
            .map(|entry| &entry.name)
            .collect();
        assert_eq!(entries, [shader.name()]);
        Validator::new(ValidationFlags::all(), Capabilities::SUBGROUP)
            .validate(&module)
            .unwrap_or_else(|error| panic!("{}: {error}", shader.name()));
    }
}

fn compare(gpu: &Device, sample: &Sample, count: usize) -> Result<(), TestCaseError> {
    let inputs = sample.inputs(count);
    let batch = Batch {
        data: &inputs,
        count,
        height: sample.height,
        width: sample.width,
    };
    let expected = reference::run(&sample.plan, batch).expect("valid");
    let found = pollster::block_on(async {
        let mut runner = Runner::new(gpu, &sample.plan).await.expect("a valid plan");
        runner.run(batch).await.expect("a valid batch")
    });
    prop_assert_eq!(expected.len(), found.len());
    for (expected, found) in expected.iter().zip(&found) {
        prop_assert_eq!(expected.len(), found.len());
        for (expected, found) in expected.iter().zip(found) {
            let tolerance = 1e-4 * expected.abs().max(1.0);
            prop_assert!(
                (expected - found).abs() <= tolerance,
                "{expected} is {found}"
            );
        }
    }
    Ok(())
}

#[test]
fn a_large_batch_runs_in_chunks() {
    let Some(mut gpu) = gpu() else { return };
    gpu.handle.chunk_bytes = 1;
    TestRunner::new(Config::with_cases(10))
        .run(&sample(4), |sample| compare(&gpu, &sample, 3))
        .unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_runner_takes_batches_and_sizes_in_any_order() {
    let Some(gpu) = gpu() else { return };
    let plan = anything_goes();
    let mut runner = pollster::block_on(Runner::new(&gpu, &plan)).expect("a valid plan");
    for (count, height, width) in [(2, 9, 7), (1, 9, 7), (5, 9, 7), (1, 4, 4), (3, 9, 7)] {
        let sample = Sample {
            plan: plan.clone(),
            height,
            width,
            seed: 1,
        };
        let inputs = sample.inputs(count);
        let batch = Batch {
            data: &inputs,
            count,
            height,
            width,
        };
        let expected = reference::run(&plan, batch).expect("valid");
        let found = pollster::block_on(runner.run(batch)).expect("a valid batch");
        assert_eq!(expected[0].len(), found[0].len());
        for (expected, found) in expected[0].iter().zip(&found[0]) {
            assert!((expected - found).abs() <= 1e-4, "{expected} is {found}");
        }
    }
}

#[test]
fn a_lost_device_is_an_error_from_then_on() {
    let Some(gpu) = gpu() else { return };
    let plan = anything_goes();
    let mut runner = pollster::block_on(Runner::new(&gpu, &plan)).expect("a valid plan");
    gpu.handle.device.destroy();
    let batch = Batch {
        data: &[0.5; 3],
        count: 1,
        height: 1,
        width: 1,
    };
    for _ in 0..2 {
        let result = pollster::block_on(runner.run(batch));
        assert!(
            matches!(result, Err(RunError::Gpu(GpuError::Lost { .. }))),
            "{result:?}"
        );
    }
    assert!(gpu.is_lost());
}

/// The mean of RGB photos of any size.
fn anything_goes() -> Plan {
    Plan {
        input: InputSpec {
            channels: 3,
            size: None,
            multiple: 1,
            scale: 1.0,
            offset: 0.0,
        },
        layers: vec![Layer {
            input: TensorId::INPUT,
            kind: LayerKind::GlobalAveragePool,
            residual: None,
            activation: Activation::Identity,
        }],
        outputs: vec![TensorId(1)],
    }
}

fn compare_many(cases: u32, layers: usize, quads: bool) {
    let Some(mut gpu) = gpu() else { return };
    if quads && !gpu.adapter().capabilities.subgroups {
        eprintln!("skipped: the GPU has no subgroups");
        return;
    }
    gpu.quads = quads;
    let mut runner = TestRunner::new(Config::with_cases(cases));
    runner
        .run(&(sample(layers), 0..4_usize), |(sample, count)| {
            compare(&gpu, &sample, count)
        })
        .unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn each_shader_equals_its_reference() {
    compare_many(300, 1, false);
}

#[test]
fn whole_plans_equal_the_reference() {
    compare_many(60, 8, false);
}

#[test]
fn each_shader_with_quads_equals_its_reference() {
    compare_many(300, 1, true);
}

#[test]
fn whole_plans_with_quads_equal_the_reference() {
    compare_many(60, 8, true);
}
