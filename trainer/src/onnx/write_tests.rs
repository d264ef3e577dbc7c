//! A written model means what its plan means: to our reader, and to ONNX's own tools where Python
//! has them.

use std::process::Command;

use mien_engine::cpu::Runner;
use mien_engine::plan::{
    Activation, InputSpec, Layer, LayerKind, MapShape, Plan, Residual, TensorId, Window,
};
use mien_engine::runner::Batch;
use prost::Message;

use super::proto::Model;
use super::{read_plan, write_plan};
use crate::models::{self, DEFAULT_CLASSIFIER, DETECTOR};

/// Numbers that are not alike, in -1..1.
fn values(count: usize, seed: usize) -> Vec<f32> {
    let value = |index: usize| (index * 7919 + seed * 104_729) % 2003;
    (0..count).map(|i| value(i) as f32 / 1001.5 - 1.0).collect()
}

fn layer(input: u16, kind: LayerKind, activation: Activation) -> Layer {
    Layer {
        input: TensorId(input),
        kind,
        residual: None,
        activation,
    }
}

/// Every layer kind, residual and activation, with windows that are not symmetric.
fn everything() -> Plan {
    let conv = |window: Window, inputs: usize, outputs: usize, seed| LayerKind::Conv {
        window,
        out_channels: outputs,
        weight: values(window.kernel[0] * window.kernel[1] * inputs * outputs, seed),
        bias: values(outputs, seed + 1),
    };
    let skewed = Window {
        kernel: [3, 2],
        stride: [2, 1],
        pad_start: [1, 0],
        pad_end: [1, 1],
    };
    let mut layers = vec![
        // 8 x 6 x 2 becomes 4 x 6 x 3.
        layer(0, conv(skewed, 2, 3, 1), Activation::Relu),
        layer(
            1,
            LayerKind::Depthwise {
                window: Window::square(3, 1, 1),
                weight: values(27, 3),
                bias: values(3, 4),
            },
            Activation::Relu,
        ),
        layer(
            2,
            conv(Window::square(3, 1, 1), 3, 3, 5),
            Activation::Sigmoid,
        ),
        layer(
            3,
            LayerKind::MaxPool(Window::square(2, 2, 0)),
            Activation::Identity,
        ),
        layer(
            4,
            LayerKind::Upsample {
                out_channels: 3,
                weight: values(36, 6),
                bias: values(3, 7),
            },
            Activation::Relu,
        ),
        layer(
            5,
            LayerKind::AveragePool(Window::square(3, 1, 1)),
            Activation::Identity,
        ),
        layer(6, LayerKind::GlobalAveragePool, Activation::Identity),
        layer(
            7,
            conv(Window::square(1, 1, 0), 3, 5, 8),
            Activation::Identity,
        ),
    ];
    layers[2].residual = Some(Residual::BeforeActivation(TensorId(1)));
    layers[4].residual = Some(Residual::AfterActivation(TensorId(3)));
    Plan {
        input: InputSpec {
            channels: 2,
            size: Some([8, 6]),
            multiple: 1,
            scale: 1.0 / 255.0,
            offset: -0.5,
        },
        layers,
        outputs: vec![TensorId(8), TensorId(5)],
    }
}

fn run(plan: &Plan, data: &[f32], [height, width]: [usize; 2]) -> Vec<Vec<f32>> {
    let batch = Batch {
        data,
        count: 1,
        height,
        width,
    };
    let mut runner = Runner::new(plan.clone()).expect("a valid plan");
    runner.run(batch).expect("a valid batch")
}

/// From `[height, width, channels]` to `[channels, height, width]`.
fn channels_first(shape: MapShape, data: &[f32]) -> Vec<f32> {
    let of = |channel| data.iter().skip(channel).step_by(shape.channels);
    (0..shape.channels).flat_map(of).copied().collect()
}

fn subjects() -> Vec<(Plan, [usize; 2])> {
    let shipped = |name| models::Model::load(name).expect("a shipped model").plan;
    vec![
        (everything(), [8, 6]),
        (shipped(DEFAULT_CLASSIFIER), [48, 48]),
        (shipped(DETECTOR), [64, 96]),
    ]
}

#[test]
fn a_written_model_leads_back_to_its_plan() {
    for (plan, size) in subjects() {
        let bytes = write_plan(&plan, "subject").expect("a valid plan");
        let read = read_plan(&bytes, plan.input.clone()).expect("a readable model");
        assert_eq!(read.layers.len(), plan.layers.len());
        let data = values(size[0] * size[1] * plan.input.channels, 9);
        assert_eq!(run(&read, &data, size), run(&plan, &data, size));
    }
}

#[test]
fn a_written_model_says_what_goes_in() {
    let bytes = write_plan(&everything(), "subject").expect("a valid plan");
    let model = Model::decode(bytes.as_slice()).expect("a model");
    let entry = |key: &str| model.metadata.iter().find(|entry| entry.key == key);
    assert_eq!(
        entry("input_offset").map(|it| it.value.as_str()),
        Some("-0.5")
    );
    let graph = model.graph.expect("a graph");
    let kind = graph.inputs[0].kind.clone().expect("a type");
    let sides = kind.tensor.and_then(|it| it.shape).expect("a shape").sides;
    let lengths: Vec<_> = sides.iter().map(|side| side.length).collect();
    assert_eq!(lengths, [None, Some(2), Some(8), Some(6)]);
}

#[test]
fn onnx_and_its_runtime_agree() {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [model, case] = ["model.onnx", "case.json"].map(|name| folder.path().join(name));
    for (plan, size) in subjects() {
        let bytes = write_plan(&plan, "subject").expect("a valid plan");
        std::fs::write(&model, bytes).expect("a writable folder");
        let shapes = plan.shapes(size[0], size[1]).expect("a valid size");
        let data = values(shapes[0].len(), 10);
        let outputs = run(&plan, &data, size);
        let outputs = plan.outputs.iter().zip(&outputs);
        let outputs: Vec<_> = outputs
            .map(|(tensor, data)| channels_first(shapes[tensor.index()], data))
            .collect();
        let text = serde_json::json!({
            "shape": [1, plan.input.channels, size[0], size[1]],
            "input": channels_first(shapes[0], &data),
            "outputs": outputs,
        });
        std::fs::write(&case, text.to_string()).expect("a writable folder");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/onnx/check.py");
        let output = Command::new(&python)
            .arg(script)
            .args([&model, &case])
            .output();
        let Ok(output) = output else {
            eprintln!("skipped: {python} cannot be started; PYTHON names another");
            return;
        };
        let said = String::from_utf8_lossy(&output.stdout);
        if output.status.code() == Some(77) {
            eprintln!("skipped: {said}");
            return;
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}{stderr}");
    }
}
