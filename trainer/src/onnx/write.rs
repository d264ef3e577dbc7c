//! From a plan to an ONNX model that any runtime reads.
//!
//! Each layer becomes its operator, followed by the addition and the activation that the plan has
//! fused into it. ONNX keeps the channels before rows and columns; the weights are reordered.

use mien_engine::plan::{
    Activation, Layer, LayerKind, MapShape, Plan, Residual, ShapeError, TensorId, Window,
};
use prost::Message;

use super::proto::{
    Attribute, Dimension, Entry, Graph, Model, Node, OperatorSet, Shape, Tensor, TensorType, Type,
    ValueInfo,
};

/// The version of the operators: the first to have all of ours as they are written here.
const OPERATORS: i64 = 13;
/// The version of the file format that goes with it.
const FORMAT: i64 = 7;
/// The graph's input.
const INPUT: &str = "input";

/// The plan as an ONNX model. Its input, `input`, is `[batch, channels, height, width]`, normalised
/// as the entries `input_scale` and `input_offset` of the model's metadata say: a pixel value `v` (0
/// to 255) enters as `v * scale + offset`. Its outputs, `output` or `output_0`, `output_1` and so
/// on, are the plan's, maps of one pixel as `[batch, channels]`.
pub fn write_plan(plan: &Plan, name: &str) -> Result<Vec<u8>, ShapeError> {
    let multiple = plan.input.multiple.max(1);
    let size = plan.input.size.unwrap_or([multiple; 2]);
    let shapes = plan.shapes(size[0], size[1])?;
    let mut writer = Writer {
        shapes: &shapes,
        tensors: vec![INPUT.to_owned()],
        graph: Graph {
            name: name.to_owned(),
            ..Graph::default()
        },
    };
    let spatial = match plan.input.size {
        Some([height, width]) => [fixed(height), fixed(width)],
        None => [free("height"), free("width")],
    };
    let [height, width] = spatial;
    let sides = vec![free("batch"), fixed(plan.input.channels), height, width];
    writer.graph.inputs.push(value(INPUT, sides));
    for (position, layer) in plan.layers.iter().enumerate() {
        writer.layer(position, layer);
    }
    for (position, &tensor) in plan.outputs.iter().enumerate() {
        let name = match plan.outputs.len() {
            1 => "output".to_owned(),
            _ => format!("output_{position}"),
        };
        writer.output(tensor, &name, plan.input.size.is_some());
    }
    let entry = |key: &str, value: f32| Entry {
        key: key.to_owned(),
        value: value.to_string(),
    };
    let model = Model {
        format: FORMAT,
        producer: "mien".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        graph: Some(writer.graph),
        operators: vec![OperatorSet { version: OPERATORS }],
        metadata: vec![
            entry("input_scale", plan.input.scale),
            entry("input_offset", plan.input.offset),
        ],
    };
    Ok(model.encode_to_vec())
}

struct Writer<'a> {
    shapes: &'a [MapShape],
    /// The name of each of the plan's tensors.
    tensors: Vec<String>,
    graph: Graph,
}

impl Writer<'_> {
    fn layer(&mut self, position: usize, layer: &Layer) {
        let input = self.tensors[layer.input.index()].clone();
        let channels = self.shapes[layer.input.index()].channels;
        let name = format!("layer_{position}");
        match &layer.kind {
            LayerKind::Conv {
                window,
                out_channels,
                weight,
                bias,
            } => {
                let [rows, columns] = window.kernel;
                let dims = [*out_channels, channels, rows, columns];
                let weight = transpose(weight, [*out_channels, rows * columns, channels]);
                let inputs = self.weights(&name, &input, dims, &weight, bias);
                self.node("Conv", inputs, &name, slide(window));
            }
            LayerKind::Depthwise {
                window,
                weight,
                bias,
            } => {
                let [rows, columns] = window.kernel;
                let dims = [channels, 1, rows, columns];
                let weight = transpose(weight, [1, rows * columns, channels]);
                let inputs = self.weights(&name, &input, dims, &weight, bias);
                let mut attributes = slide(window);
                attributes.push(int("group", channels));
                self.node("Conv", inputs, &name, attributes);
            }
            LayerKind::Upsample {
                out_channels,
                weight,
                bias,
            } => {
                let dims = [channels, *out_channels, 2, 2];
                let weight = transpose(weight, [1, 4 * out_channels, channels]);
                let weight: Vec<f32> = weight
                    .chunks_exact(4 * out_channels)
                    .flat_map(|kernel| transpose(kernel, [1, 4, *out_channels]))
                    .collect();
                let inputs = self.weights(&name, &input, dims, &weight, bias);
                let attributes = slide(&Window::square(2, 2, 0));
                self.node("ConvTranspose", inputs, &name, attributes);
            }
            LayerKind::MaxPool(window) => {
                self.node("MaxPool", vec![input], &name, slide(window));
            }
            LayerKind::AveragePool(window) => {
                self.node("AveragePool", vec![input], &name, slide(window));
            }
            LayerKind::GlobalAveragePool => {
                self.node("GlobalAveragePool", vec![input], &name, Vec::new());
            }
        }
        let name = self.finish(layer, name);
        self.tensors.push(name);
    }

    /// Adds what the plan has fused into a layer; gives the name of the layer's result.
    fn finish(&mut self, layer: &Layer, mut name: String) -> String {
        if let Some(Residual::BeforeActivation(tensor)) = layer.residual {
            name = self.sum(name, tensor);
        }
        let activation = match layer.activation {
            Activation::Identity => None,
            Activation::Relu => Some("Relu"),
            Activation::Sigmoid => Some("Sigmoid"),
        };
        if let Some(operation) = activation {
            let active = format!("{name}_active");
            self.node(operation, vec![name], &active, Vec::new());
            name = active;
        }
        if let Some(Residual::AfterActivation(tensor)) = layer.residual {
            name = self.sum(name, tensor);
        }
        name
    }

    fn sum(&mut self, name: String, tensor: TensorId) -> String {
        let sum = format!("{name}_sum");
        let other = self.tensors[tensor.index()].clone();
        self.node("Add", vec![name, other], &sum, Vec::new());
        sum
    }

    fn output(&mut self, tensor: TensorId, name: &str, is_fixed: bool) {
        let shape = self.shapes[tensor.index()];
        let input = vec![self.tensors[tensor.index()].clone()];
        let channels = fixed(shape.channels);
        let is_vector = is_fixed && [shape.height, shape.width] == [1, 1];
        let sides = if is_vector {
            self.node("Flatten", input, name, vec![int("axis", 1)]);
            vec![free("batch"), channels]
        } else {
            self.node("Identity", input, name, Vec::new());
            let [height, width] = if is_fixed {
                [fixed(shape.height), fixed(shape.width)]
            } else {
                ["height", "width"].map(|side| free(&format!("{name}_{side}")))
            };
            vec![free("batch"), channels, height, width]
        };
        self.graph.outputs.push(value(name, sides));
    }

    /// Stores a layer's weights; gives the names of all that its node reads.
    fn weights(
        &mut self,
        name: &str,
        input: &str,
        dims: [usize; 4],
        weight: &[f32],
        bias: &[f32],
    ) -> Vec<String> {
        let names = [format!("{name}_weight"), format!("{name}_bias")];
        let [weight_name, bias_name] = names.clone();
        self.graph.initializers.extend([
            tensor(weight_name, &dims, weight),
            tensor(bias_name, &[bias.len()], bias),
        ]);
        [input.to_owned()].into_iter().chain(names).collect()
    }

    fn node(
        &mut self,
        operation: &str,
        inputs: Vec<String>,
        output: &str,
        attributes: Vec<Attribute>,
    ) {
        self.graph.nodes.push(Node {
            inputs,
            outputs: vec![output.to_owned()],
            name: output.to_owned(),
            operation: operation.to_owned(),
            attributes,
        });
    }
}

/// Swaps the last two of three axes.
fn transpose(values: &[f32], [count, rows, columns]: [usize; 3]) -> Vec<f32> {
    let mut swapped = Vec::with_capacity(values.len());
    for block in 0..count {
        let block = &values[block * rows * columns..][..rows * columns];
        for column in 0..columns {
            swapped.extend((0..rows).map(|row| block[row * columns + column]));
        }
    }
    swapped
}

/// The attributes of whatever slides over a map.
fn slide(window: &Window) -> Vec<Attribute> {
    let Window {
        kernel,
        stride,
        pad_start: [top, left],
        pad_end: [bottom, right],
    } = *window;
    vec![
        ints("kernel_shape", &kernel),
        ints("strides", &stride),
        ints("pads", &[top, left, bottom, right]),
    ]
}

fn int(name: &str, value: usize) -> Attribute {
    Attribute {
        name: name.to_owned(),
        int: whole(value),
        kind: Attribute::INT,
        ..Attribute::default()
    }
}

fn ints(name: &str, values: &[usize]) -> Attribute {
    Attribute {
        name: name.to_owned(),
        ints: values.iter().copied().map(whole).collect(),
        kind: Attribute::INTS,
        ..Attribute::default()
    }
}

/// A length as ONNX writes it; that of a checked plan always fits.
fn whole(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

fn tensor(name: String, dims: &[usize], values: &[f32]) -> Tensor {
    Tensor {
        dims: dims.iter().copied().map(whole).collect(),
        data_type: Tensor::FLOAT,
        floats: Vec::new(),
        name,
        raw: values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect(),
    }
}

/// A side of known length.
fn fixed(length: usize) -> Dimension {
    Dimension {
        length: Some(whole(length)),
        name: None,
    }
}

/// A side whose length the runtime learns from the input.
fn free(name: &str) -> Dimension {
    Dimension {
        length: None,
        name: Some(name.to_owned()),
    }
}

fn value(name: &str, sides: Vec<Dimension>) -> ValueInfo {
    let tensor = TensorType {
        element: Tensor::FLOAT,
        shape: Some(Shape { sides }),
    };
    ValueInfo {
        name: name.to_owned(),
        kind: Some(Type {
            tensor: Some(tensor),
        }),
    }
}
