use mien_engine::cpu::Runner;
use mien_engine::plan::{Activation, Residual};
use mien_engine::runner::Batch;

use super::proto::{Attribute, Graph, Model, Node, Tensor, ValueInfo};
use super::*;

fn input(channels: usize) -> InputSpec {
    InputSpec {
        channels,
        size: None,
        multiple: 4,
        scale: 1.0,
        offset: 0.0,
    }
}

fn node(operation: &str, inputs: &[&str], output: &str, attributes: Vec<Attribute>) -> Node {
    Node {
        inputs: inputs.iter().map(ToString::to_string).collect(),
        outputs: vec![output.into()],
        operation: operation.into(),
        attributes,
        ..Node::default()
    }
}

fn ints(name: &str, ints: &[i64]) -> Attribute {
    Attribute {
        name: name.into(),
        ints: ints.to_vec(),
        ..Attribute::default()
    }
}

fn group(groups: i64) -> Attribute {
    Attribute {
        name: "group".into(),
        int: groups,
        ..Attribute::default()
    }
}

fn tensor(name: &str, dims: &[i64], floats: Vec<f32>) -> Tensor {
    Tensor {
        dims: dims.to_vec(),
        data_type: Tensor::FLOAT,
        floats,
        name: name.into(),
        raw: Vec::new(),
    }
}

fn values(count: usize) -> Vec<f32> {
    (0..count)
        .map(|index| ((7 * index + 3) % 11) as f32 - 5.0)
        .collect()
}

fn model(nodes: Vec<Node>, initializers: Vec<Tensor>, outputs: &[&str]) -> Vec<u8> {
    let name = |name: &&str| ValueInfo {
        name: (*name).into(),
        ..ValueInfo::default()
    };
    let graph = Graph {
        nodes,
        initializers,
        inputs: vec![name(&"in")],
        outputs: outputs.iter().map(name).collect(),
        ..Graph::default()
    };
    let model = Model {
        graph: Some(graph),
        ..Model::default()
    };
    model.encode_to_vec()
}

fn run(plan: Plan, data: &[f32], side: usize) -> Vec<Vec<f32>> {
    let batch = Batch {
        data,
        count: 1,
        height: side,
        width: side,
    };
    let mut runner = Runner::new(plan).expect("a valid plan");
    runner.run(batch).expect("a valid batch")
}

/// Convolution as ONNX defines it, 3 x 3, stride 2, one row and column of padding above and left.
fn convolve(input: &[f32], kernel: &[f32], outputs: usize, groups: usize) -> Vec<f32> {
    let inputs = 2;
    let each = inputs / groups;
    let mut result = Vec::new();
    for (y, x) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        for out in 0..outputs {
            let mut sum = 0.0;
            for within in 0..each {
                let channel = out / (outputs / groups) * each + within;
                for (ky, kx) in (0..3).flat_map(|ky| (0..3).map(move |kx| (ky, kx))) {
                    let (row, column) = (2 * y + ky, 2 * x + kx);
                    if (1..5).contains(&row) && (1..5).contains(&column) {
                        sum += input[((row - 1) * 4 + column - 1) * inputs + channel]
                            * kernel[((out * each + within) * 3 + ky) * 3 + kx];
                    }
                }
            }
            result.push(sum);
        }
    }
    result
}

#[test]
fn convolutions_keep_their_meaning() {
    for (outputs, groups) in [(3_u8, 1_u8), (2, 2)] {
        let dims = [outputs, 2 / groups, 3, 3].map(i64::from);
        let (outputs, each) = (usize::from(outputs), usize::from(2 / groups));
        let kernel = values(outputs * each * 9);
        let attributes = vec![
            group(i64::from(groups)),
            ints("strides", &[2, 2]),
            ints("pads", &[1, 1, 0, 0]),
        ];
        let nodes = vec![node("Conv", &["in", "w"], "out", attributes)];
        let bytes = model(nodes, vec![tensor("w", &dims, kernel.clone())], &["out"]);
        let plan = read_plan(&bytes, input(2)).expect("a plan");
        let data = values(32);
        let expected = convolve(&data, &kernel, outputs, usize::from(groups));
        assert_eq!(run(plan, &data, 4), [expected]);
    }
}

/// Halves the map, doubles it again with batch norm and ReLU, and adds a lateral branch.
fn pyramid() -> Vec<u8> {
    let nodes = vec![
        node("Conv", &["in", "w"], "half", vec![ints("strides", &[2, 2])]),
        node(
            "ConvTranspose",
            &["half", "up"],
            "double",
            vec![ints("strides", &[2, 2])],
        ),
        node(
            "BatchNormalization",
            &["double", "gamma", "beta", "mean", "variance"],
            "normal",
            vec![],
        ),
        node("Relu", &["normal"], "top", vec![]),
        node("Conv", &["in", "lateral", "bias"], "side", vec![]),
        node("Relu", &["side"], "branch", vec![]),
        node("Add", &["top", "branch"], "out", vec![]),
    ];
    let weights = vec![
        tensor("w", &[1, 1, 2, 2], vec![1.0, 0.0, 0.0, 1.0]),
        tensor("up", &[1, 1, 2, 2], vec![1.0, 2.0, 3.0, -4.0]),
        tensor("gamma", &[1], vec![4.0]),
        tensor("beta", &[1], vec![0.5]),
        tensor("mean", &[1], vec![1.0]),
        tensor("variance", &[1], vec![4.0]),
        tensor("lateral", &[1, 1, 1, 1], vec![10.0]),
        tensor("bias", &[1], vec![-50.0]),
    ];
    model(nodes, weights, &["out", "half"])
}

#[test]
fn norms_activations_and_sums_are_fused() {
    let plan = read_plan(&pyramid(), input(1)).expect("a plan");
    let fused: Vec<_> = plan
        .layers
        .iter()
        .map(|layer| (layer.activation, layer.residual))
        .collect();
    let top = plan.layers[1]
        .residual
        .map_or(plan.outputs[1], Residual::tensor);
    assert_eq!(top.index(), 1);
    assert_eq!(fused.len(), 3);
    assert_eq!(fused[1], (Activation::Relu, None));
    assert!(matches!(
        fused[2],
        (Activation::Relu, Some(Residual::AfterActivation(_)))
    ));

    let data = values(16);
    let outputs = run(plan, &data, 4);
    for y in 0..4 {
        for x in 0..4 {
            let corner = 4 * (y / 2 * 2) + x / 2 * 2;
            let half = data[corner] + data[corner + 5];
            let double = half * [1.0, 2.0, 3.0, -4.0][2 * (y % 2) + x % 2];
            let normal = 4.0 * (double - 1.0) / 4.000_01_f32.sqrt() + 0.5;
            let branch = (10.0 * data[4 * y + x] - 50.0).max(0.0);
            let expected = normal.max(0.0) + branch;
            assert!((outputs[0][4 * y + x] - expected).abs() < 1e-4);
        }
    }
}

#[test]
fn a_tensor_that_is_read_twice_is_not_fused_into() {
    let one = || tensor("w", &[1, 1, 1, 1], vec![1.0]);
    let nodes = vec![
        node("Conv", &["in", "w"], "x", vec![]),
        node("Relu", &["x"], "y", vec![]),
    ];
    let bytes = model(nodes, vec![one()], &["x", "y"]);
    assert!(matches!(
        read_plan(&bytes, input(1)),
        Err(OnnxError::Unsupported { .. })
    ));
}

#[test]
fn every_unreadable_model_is_named() {
    assert!(matches!(
        read_plan(b"no model", input(1)),
        Err(OnnxError::Decode(_))
    ));
    assert!(matches!(read_plan(b"", input(1)), Err(OnnxError::NoGraph)));

    let one = || tensor("w", &[1, 1, 1, 1], vec![1.0]);
    let read = |node: Node, weight: Tensor| {
        read_plan(&model(vec![node], vec![weight], &["out"]), input(1)).expect_err("a refusal")
    };
    let unknown = read(node("Gelu", &["in"], "out", vec![]), one());
    assert!(
        matches!(unknown, OnnxError::Unsupported { .. }),
        "{unknown}"
    );
    let dilated = vec![ints("dilations", &[2, 2])];
    let dilated = read(node("Conv", &["in", "w"], "out", dilated), one());
    assert!(
        matches!(dilated, OnnxError::Unsupported { .. }),
        "{dilated}"
    );
    let absent = read(node("Conv", &["in", "v"], "out", vec![]), one());
    assert!(matches!(absent, OnnxError::Weights { .. }), "{absent}");
    let short = tensor("w", &[1, 1, 2, 2], vec![1.0]);
    let short = read(node("Conv", &["in", "w"], "out", vec![]), short);
    assert!(matches!(short, OnnxError::Weights { .. }), "{short}");
    let early = read(node("Conv", &["later", "w"], "out", vec![]), one());
    assert!(matches!(early, OnnxError::Missing { .. }), "{early}");
}
