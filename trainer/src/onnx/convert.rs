//! From an ONNX graph to a plan.

use std::collections::HashMap;

use mien_engine::plan::{
    Activation, InputSpec, Layer, LayerKind, Plan, Residual, TensorId, Window,
};

use super::OnnxError;
use super::node::{
    attribute_int_is, attribute_is, floats, int, ints, operand, unsupported, window,
};
use super::proto::{Graph, Node, Tensor};

/// Converts a graph whose nodes are in execution order, as ONNX demands.
pub fn convert(graph: &Graph, input: InputSpec) -> Result<Plan, OnnxError> {
    let weights: HashMap<&str, &Tensor> = graph
        .initializers
        .iter()
        .map(|tensor| (tensor.name.as_str(), tensor))
        .collect();
    // Older files list the initializers among the inputs.
    let mut inputs = graph.inputs.iter().map(|value| value.name.as_str());
    let mut inputs = inputs.by_ref().filter(|name| !weights.contains_key(name));
    let (Some(source), None) = (inputs.next(), inputs.next()) else {
        return Err(OnnxError::NoGraph);
    };
    let mut builder = Builder {
        reads: count_reads(graph),
        channels: vec![input.channels],
        tensors: HashMap::from([(source, TensorId::INPUT)]),
        layers: Vec::new(),
        flattened: Vec::new(),
        weights,
    };
    for node in &graph.nodes {
        builder.add(node)?;
        if builder.layers.len() >= usize::from(u16::MAX) {
            return Err(unsupported(node, "the network has too many layers"));
        }
    }
    let outputs = graph
        .outputs
        .iter()
        .map(|value| builder.tensor(&value.name));
    let outputs = outputs.collect::<Result<_, _>>()?;
    let plan = Plan {
        input,
        outputs,
        layers: builder.layers,
    };
    let side = plan.input.multiple.max(1);
    let [height, width] = plan.input.size.unwrap_or([side, side]);
    let shapes = plan.shapes(height, width)?;
    for (node, tensor) in builder.flattened {
        let shape = shapes[tensor.index()];
        if plan.input.size.is_none() || [shape.height, shape.width] != [1, 1] {
            return Err(unsupported(node, "its input has more than one pixel"));
        }
    }
    Ok(plan)
}

/// How often each tensor is read, by operations or as an output.
fn count_reads(graph: &Graph) -> HashMap<&str, usize> {
    let by_nodes = graph.nodes.iter().flat_map(|node| &node.inputs);
    let as_outputs = graph.outputs.iter().map(|value| &value.name);
    let mut reads = HashMap::new();
    for name in by_nodes.chain(as_outputs) {
        *reads.entry(name.as_str()).or_default() += 1;
    }
    reads
}

struct Builder<'a> {
    weights: HashMap<&'a str, &'a Tensor>,
    reads: HashMap<&'a str, usize>,
    /// Where each ONNX tensor is found.
    tensors: HashMap<&'a str, TensorId>,
    /// Channels of each tensor of the plan.
    channels: Vec<usize>,
    layers: Vec<Layer>,
    /// The tensors that are flattened, which changes nothing where they have one pixel.
    flattened: Vec<(&'a Node, TensorId)>,
}

impl<'a> Builder<'a> {
    fn add(&mut self, node: &'a Node) -> Result<(), OnnxError> {
        let [output] = node.outputs.as_slice() else {
            return Err(unsupported(node, "it has several outputs"));
        };
        let tensor = match node.operation.as_str() {
            "Conv" => self.convolution(node)?,
            "ConvTranspose" => self.upsampling(node)?,
            "BatchNormalization" => self.batch_norm(node)?,
            "Relu" => self.activation(node, Activation::Relu)?,
            "Sigmoid" => self.activation(node, Activation::Sigmoid)?,
            "Add" => self.addition(node)?,
            "MaxPool" => self.pool(node, LayerKind::MaxPool)?,
            "AveragePool" if attribute_int_is(node, "count_include_pad", 0) => {
                self.pool(node, LayerKind::AveragePool)?
            }
            "GlobalAveragePool" => {
                let input = self.tensor(operand(node, 0)?)?;
                let channels = self.channels[input.index()];
                self.push(input, LayerKind::GlobalAveragePool, channels)
            }
            "Identity" => self.tensor(operand(node, 0)?)?,
            "Flatten" if attribute_int_is(node, "axis", 1) => {
                let tensor = self.tensor(operand(node, 0)?)?;
                self.flattened.push((node, tensor));
                tensor
            }
            _ => return Err(unsupported(node, "plans have no such layer")),
        };
        self.tensors.insert(output, tensor);
        Ok(())
    }

    fn convolution(&mut self, node: &'a Node) -> Result<TensorId, OnnxError> {
        let input = self.tensor(operand(node, 0)?)?;
        let in_channels = self.channels[input.index()];
        let (dims, values) = self.weight(operand(node, 1)?)?;
        let [out_channels, group_channels, rows, columns] = dims;
        let window = window(node, [rows, columns])?;
        let bias = match node.inputs.get(2) {
            Some(name) => self.vector(name, out_channels)?,
            None => vec![0.0; out_channels],
        };
        let place = |out: usize, group: usize, row: usize, column: usize| {
            values[((out * group_channels + group) * rows + row) * columns + column]
        };
        let mut weight = Vec::with_capacity(values.len());
        let groups = int(node, "group").unwrap_or(1);
        let kind = if groups == 1 && group_channels == in_channels {
            for out in 0..out_channels {
                for (row, column) in grid(rows, columns) {
                    weight.extend((0..in_channels).map(|group| place(out, group, row, column)));
                }
            }
            LayerKind::Conv {
                window,
                out_channels,
                weight,
                bias,
            }
        } else if [groups, out_channels] == [in_channels; 2] && group_channels == 1 {
            for (row, column) in grid(rows, columns) {
                weight.extend((0..out_channels).map(|out| place(out, 0, row, column)));
            }
            LayerKind::Depthwise {
                window,
                weight,
                bias,
            }
        } else {
            return Err(unsupported(node, "it is neither dense nor depthwise"));
        };
        Ok(self.push(input, kind, out_channels))
    }

    fn upsampling(&mut self, node: &'a Node) -> Result<TensorId, OnnxError> {
        let input = self.tensor(operand(node, 0)?)?;
        let (dims, values) = self.weight(operand(node, 1)?)?;
        let [in_channels, out_channels, rows, columns] = dims;
        let doubles = window(node, [rows, columns])? == Window::square(2, 2, 0);
        let plain = int(node, "group").unwrap_or(1) == 1
            && attribute_is(node, "output_padding", 0)
            && node
                .attributes
                .iter()
                .all(|attribute| attribute.name != "output_shape");
        if !doubles || !plain || in_channels != self.channels[input.index()] {
            return Err(unsupported(
                node,
                "it is not a plain one of 2 x 2, stride 2",
            ));
        }
        let bias = match node.inputs.get(2) {
            Some(name) => self.vector(name, out_channels)?,
            None => vec![0.0; out_channels],
        };
        let mut weight = Vec::with_capacity(values.len());
        for (row, column) in grid(2, 2) {
            for out in 0..out_channels {
                let inputs = 0..in_channels;
                weight.extend(
                    inputs.map(|input| values[(input * out_channels + out) * 4 + 2 * row + column]),
                );
            }
        }
        let kind = LayerKind::Upsample {
            out_channels,
            weight,
            bias,
        };
        Ok(self.push(input, kind, out_channels))
    }

    fn pool(
        &mut self,
        node: &'a Node,
        kind: impl Fn(Window) -> LayerKind,
    ) -> Result<TensorId, OnnxError> {
        let input = self.tensor(operand(node, 0)?)?;
        let sides = ints(node, "kernel_shape").unwrap_or_default();
        let sides: Vec<_> = sides
            .iter()
            .filter_map(|&side| usize::try_from(side).ok())
            .collect();
        let (&[rows, columns], true) = (&sides[..], attribute_int_is(node, "ceil_mode", 0)) else {
            return Err(unsupported(node, "its window cannot be read"));
        };
        let kind = kind(window(node, [rows, columns])?);
        Ok(self.push(input, kind, self.channels[input.index()]))
    }

    /// Folds `gamma (x - mean) / sqrt(variance + epsilon) + beta` into the layer that gives `x`.
    fn batch_norm(&mut self, node: &'a Node) -> Result<TensorId, OnnxError> {
        let tensor = self.fusable(node, operand(node, 0)?)?;
        let channels = self.channels[tensor.index()];
        let [gamma, beta, mean, variance] = [
            self.vector(operand(node, 1)?, channels)?,
            self.vector(operand(node, 2)?, channels)?,
            self.vector(operand(node, 3)?, channels)?,
            self.vector(operand(node, 4)?, channels)?,
        ];
        let given = node
            .attributes
            .iter()
            .find(|attribute| attribute.name == "epsilon");
        let epsilon = given.map_or(1e-5, |attribute| attribute.float);
        let layer = &mut self.layers[tensor.index() - 1];
        if layer.residual.is_some() || layer.activation != Activation::Identity {
            return Err(unsupported(node, "it does not follow a convolution"));
        }
        let factors: Vec<f32> = gamma
            .iter()
            .zip(&variance)
            .map(|(gamma, variance)| gamma / (variance + epsilon).sqrt())
            .collect();
        let (weight, bias, inner) = match &mut layer.kind {
            // Weights for one output channel lie together, `inner` of them.
            LayerKind::Conv { weight, bias, .. } => {
                let inner = weight.len() / channels.max(1);
                (weight, bias, inner)
            }
            LayerKind::Depthwise { weight, bias, .. } => (weight, bias, 1),
            LayerKind::Upsample { weight, bias, .. } => {
                let inner = weight.len() / (4 * channels).max(1);
                (weight, bias, inner)
            }
            LayerKind::MaxPool(_) | LayerKind::AveragePool(_) | LayerKind::GlobalAveragePool => {
                return Err(unsupported(node, "it does not follow a convolution"));
            }
        };
        let runs = weight.chunks_exact_mut(inner.max(1));
        for (run, factor) in runs.zip(factors.iter().cycle()) {
            for value in run {
                *value *= factor;
            }
        }
        for (channel, bias) in bias.iter_mut().enumerate() {
            *bias = (*bias - mean[channel]) * factors[channel] + beta[channel];
        }
        Ok(tensor)
    }

    fn activation(
        &mut self,
        node: &'a Node,
        activation: Activation,
    ) -> Result<TensorId, OnnxError> {
        let tensor = self.fusable(node, operand(node, 0)?)?;
        let layer = &mut self.layers[tensor.index() - 1];
        let free = layer.activation == Activation::Identity
            && !matches!(layer.residual, Some(Residual::AfterActivation(_)));
        if !free {
            return Err(unsupported(node, "its input has an activation already"));
        }
        layer.activation = activation;
        Ok(tensor)
    }

    /// Fuses the addition into the later of the two layers, for the earlier one is there by then.
    fn addition(&mut self, node: &'a Node) -> Result<TensorId, OnnxError> {
        let names = [operand(node, 0)?, operand(node, 1)?];
        let tensors = [self.tensor(names[0])?, self.tensor(names[1])?];
        let later = usize::from(tensors[1] > tensors[0]);
        let tensor = self.fusable(node, names[later])?;
        let other = tensors[1 - later];
        let layer = &mut self.layers[tensor.index() - 1];
        if layer.residual.is_some() {
            return Err(unsupported(node, "its input has a sum already"));
        }
        layer.residual = Some(match layer.activation {
            Activation::Identity => Residual::BeforeActivation(other),
            Activation::Relu | Activation::Sigmoid => Residual::AfterActivation(other),
        });
        Ok(tensor)
    }

    fn push(&mut self, input: TensorId, kind: LayerKind, channels: usize) -> TensorId {
        self.layers.push(Layer {
            input,
            kind,
            residual: None,
            activation: Activation::Identity,
        });
        self.channels.push(channels);
        TensorId(self.layers.len() as u16)
    }

    fn tensor(&self, name: &str) -> Result<TensorId, OnnxError> {
        let missing = || OnnxError::Missing { name: name.into() };
        self.tensors.get(name).copied().ok_or_else(missing)
    }

    /// A layer's result that nothing but `node` reads, so that `node` may be fused into it.
    fn fusable(&self, node: &Node, name: &str) -> Result<TensorId, OnnxError> {
        let tensor = self.tensor(name)?;
        if tensor == TensorId::INPUT || self.reads.get(name) != Some(&1) {
            return Err(unsupported(node, "its input is needed elsewhere, too"));
        }
        Ok(tensor)
    }

    /// A kernel: its four sizes and its values.
    fn weight(&self, name: &str) -> Result<([usize; 4], Vec<f32>), OnnxError> {
        let wrong = || OnnxError::Weights { name: name.into() };
        let tensor = self.weights.get(name).ok_or_else(wrong)?;
        let dims: Vec<usize> = tensor
            .dims
            .iter()
            .filter_map(|&side| usize::try_from(side).ok().filter(|&side| side > 0))
            .collect();
        let dims = <[usize; 4]>::try_from(dims).map_err(|_| wrong())?;
        let length = dims.into_iter().try_fold(1_usize, usize::checked_mul);
        let values = floats(tensor).filter(|values| Some(values.len()) == length);
        Ok((dims, values.ok_or_else(wrong)?))
    }

    fn vector(&self, name: &str, length: usize) -> Result<Vec<f32>, OnnxError> {
        let values = self.weights.get(name).and_then(|tensor| floats(tensor));
        values
            .filter(|values| values.len() == length)
            .ok_or_else(|| OnnxError::Weights { name: name.into() })
    }
}

fn grid(rows: usize, columns: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).flat_map(move |row| (0..columns).map(move |column| (row, column)))
}
