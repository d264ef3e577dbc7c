//! `MobileNetV1` as TensorFlow.js stores it: a graph with its batch norms folded, whose weights lie
//! one after the other in files beside it.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use mien_engine::nets::blocks::ConvNorm;
use mien_engine::nets::face_input;
use mien_engine::nets::studies::mobile_net::MobileNet;
use serde::Deserialize;

use super::PretrainedError;

/// What the network subtracts from blue, green and red of 0 to 255, in this order.
const MEANS: [f32; 3] = [103.939, 116.779, 123.68];

#[derive(Deserialize)]
struct Graph {
    #[serde(rename = "weightsManifest")]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    paths: Vec<String>,
    weights: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    shape: Vec<usize>,
    dtype: String,
    quantization: Option<serde_json::Value>,
}

/// Puts the weights of a graph into a network; its last layer stays as it is, and its batch norms
/// have no statistics.
pub fn load(path: &Path, network: MobileNet) -> Result<MobileNet, PretrainedError> {
    fill(&read(path)?, network)
}

/// A tensor with its shape.
type Weights = HashMap<String, (Vec<usize>, Vec<f32>)>;

/// All floats of the graph, by name.
fn read(path: &Path) -> Result<Weights, PretrainedError> {
    let damaged = |reason: &str| PretrainedError::Format {
        path: path.to_owned(),
        reason: reason.to_owned(),
    };
    let bytes = |path: &Path| {
        fs::read(path).map_err(|source| PretrainedError::Read {
            path: path.to_owned(),
            source,
        })
    };
    let graph: Graph =
        serde_json::from_slice(&bytes(path)?).map_err(|error| damaged(&error.to_string()))?;
    let mut weights = Weights::new();
    for group in graph.groups {
        let mut all = Vec::new();
        for name in &group.paths {
            let is_plain = Path::new(name)
                .file_name()
                .is_some_and(|file| *file == **name);
            if !is_plain {
                return Err(damaged("its weights are in another folder"));
            }
            all.extend(bytes(&path.with_file_name(name))?);
        }
        let mut rest = all.as_slice();
        for entry in group.weights {
            if entry.quantization.is_some() || !["float32", "int32"].contains(&&*entry.dtype) {
                return Err(damaged("its weights are not of 32 bits"));
            }
            let numbers = entry
                .shape
                .iter()
                .try_fold(4_usize, |all, side| all.checked_mul(*side));
            let (values, after) = numbers
                .and_then(|length| rest.split_at_checked(length))
                .ok_or_else(|| damaged("its weights end too soon"))?;
            rest = after;
            let (values, _) = values.as_chunks::<4>();
            let values = values.iter().map(|&bytes| f32::from_le_bytes(bytes));
            weights.insert(entry.name, (entry.shape, values.collect()));
        }
    }
    Ok(weights)
}

fn fill(weights: &Weights, mut network: MobileNet) -> Result<MobileNet, PretrainedError> {
    let get = |name: &str| {
        weights.get(name).ok_or_else(|| PretrainedError::Missing {
            name: name.to_owned(),
        })
    };
    for (place, layer) in network.layers.iter_mut().enumerate() {
        let number = place.div_ceil(2);
        let is_depthwise = place % 2 == 1;
        let (layer_name, kernel) = match place {
            0 => ("conv1".to_owned(), "convolution/merged_input"),
            _ if is_depthwise => (format!("conv_dw_{number}"), "depthwise_kernel"),
            _ => (format!("conv_pw_{number}"), "convolution/merged_input"),
        };
        let norm = format!("{layer_name}_bn/batchnorm_1");
        let kernel = get(&format!("{layer_name}/{kernel}"))?;
        let (_, shift) = get(&format!("{norm}/sub"))?;
        let mut shift = shift.clone();
        let mut kernel = if is_depthwise {
            // [height, width, channels, 1] to [channels, 1, height, width]
            permuted(kernel, [2, 3, 0, 1])
        } else {
            // [height, width, in, out] to [out, in, height, width]
            permuted(kernel, [3, 2, 0, 1])
        };
        if place == 0 {
            kernel = gray(&kernel, &mut shift);
        }
        let scale = if is_depthwise {
            get(&format!("{norm}/mul"))?.1.clone()
        } else {
            vec![1.0; shift.len()]
        };
        put(layer, &layer_name, kernel, scale, shift)?;
    }
    Ok(network)
}

/// The numbers in another order of the axes, with the shape that they then have.
fn permuted((shape, values): &(Vec<usize>, Vec<f32>), axes: [isize; 4]) -> TensorData {
    let data = TensorData::new(values.clone(), shape.clone());
    if shape.len() != axes.len() {
        return data;
    }
    Tensor::<4>::from_data(data, &Device::flex())
        .permute(axes)
        .into_data()
}

/// The first kernel, `[out, 3, height, width]`, for gray faces as our networks get them; what the
/// colours' means took from the results goes to the shift.
fn gray(kernel: &TensorData, shift: &mut [f32]) -> TensorData {
    let &[out, channels, height, width] = kernel.shape().as_slice() else {
        return kernel.clone();
    };
    if channels != MEANS.len() || shift.len() != out {
        return kernel.clone();
    }
    let values: Vec<f32> = kernel.iter::<f32>().collect();
    let input = face_input();
    let mut summed = Vec::with_capacity(out * height * width);
    for (filter, shift) in values.chunks_exact(channels * height * width).zip(shift) {
        let colours: Vec<&[f32]> = filter.chunks_exact(height * width).collect();
        for place in 0..height * width {
            let sum: f32 = colours.iter().map(|colour| colour[place]).sum();
            summed.push(sum / input.scale);
        }
        for (colour, mean) in colours.iter().zip(MEANS) {
            let level = -input.offset / input.scale - mean;
            *shift += level * colour.iter().sum::<f32>();
        }
    }
    TensorData::new(summed, [out, 1, height, width])
}

/// Weights and folded batch norm of one layer.
fn put(
    layer: &mut ConvNorm,
    name: &str,
    kernel: TensorData,
    scale: Vec<f32>,
    shift: Vec<f32>,
) -> Result<(), PretrainedError> {
    let wanted = layer.conv.weight.dims();
    let channels = wanted[0];
    if kernel.shape().as_slice() != wanted || [scale.len(), shift.len()] != [channels; 2] {
        return Err(PretrainedError::Shape {
            reason: format!("{name} is {:?}, the network's {wanted:?}", kernel.shape()),
        });
    }
    layer.set_folded(kernel, scale, shift);
    Ok(())
}
