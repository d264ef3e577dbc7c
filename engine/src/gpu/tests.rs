//! The kernels against the CPU reference. Without a GPU, a software one included, the comparisons
//! are skipped and say so.

use naga::valid::{Capabilities, ValidationFlags, Validator};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::shader::Shader;
use super::*;
use crate::cpu::reference;
use crate::plan::samples::{Sample, sample};
use crate::runner::Batch;

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
