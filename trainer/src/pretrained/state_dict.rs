//! State dicts, read by Burn's store.

use std::fs::File;
use std::path::Path;

use burn::store::burn_pack::Tensor as StoredTensor;
use burn::store::{
    ApplyError, FloatCastAdapter, KeyRemapper, ModuleAdapter, ModuleSnapshot, ModuleStore,
    PyTorchToBurnAdapter, PytorchStore, SafetensorsStore, bridge,
};
use burn::tensor::{DType, Device, Tensor};
use mien_engine::nets::studies::StudyNetwork;

use super::PretrainedError;
use super::names::Names;

/// Puts the weights of a file into a network that takes gray faces.
pub fn load(
    path: &Path,
    names: &Names,
    mut network: StudyNetwork,
) -> Result<StudyNetwork, PretrainedError> {
    let damaged = |reason: String| PretrainedError::Format {
        path: path.to_owned(),
        reason,
    };
    File::open(path).map_err(|source| PretrainedError::Read {
        path: path.to_owned(),
        source,
    })?;
    let mut tensors = tensors(path, names).map_err(damaged)?;
    for tensor in &mut tensors {
        if tensor.name == names.first {
            *tensor = gray(tensor).map_err(damaged)?;
        }
    }
    let adapter = PyTorchToBurnAdapter.chain(FloatCastAdapter::to(DType::F32));
    let result = network.apply(tensors, None, Some(Box::new(adapter)), true);
    if let Some(error) = result.errors.into_iter().next() {
        return Err(match error {
            ApplyError::ShapeMismatch { .. } => PretrainedError::Shape {
                reason: error.to_string(),
            },
            other => damaged(other.to_string()),
        });
    }
    let mut missing = result.missing.into_iter().map(|(name, _)| name);
    match missing.find(|name| !name.starts_with(names.last)) {
        Some(name) => Err(PretrainedError::Missing { name }),
        None => Ok(network),
    }
}

/// The tensors by our names, in words what is wrong otherwise.
fn tensors(path: &Path, names: &Names) -> Result<Vec<StoredTensor>, String> {
    let rules = KeyRemapper::from_patterns(names.rules.clone()).map_err(|e| e.to_string())?;
    let is_safe = path
        .extension()
        .is_some_and(|ending| ending == "safetensors");
    if is_safe {
        let store = SafetensorsStore::from_file(path).remap(rules);
        all(store.map_indices_contiguous(false))
    } else {
        let store = PytorchStore::from_file(path).remap(rules);
        all(store.map_indices_contiguous(false))
    }
}

fn all(mut store: impl ModuleStore) -> Result<Vec<StoredTensor>, String> {
    let tensors = store.get_all_tensors().map_err(|error| error.to_string())?;
    Ok(tensors.values().cloned().collect())
}

/// The first convolution for a gray face: its three colours are equal.
fn gray(tensor: &StoredTensor) -> Result<StoredTensor, String> {
    let data = bridge::to_data(tensor).map_err(|error| error.to_string())?;
    let [_, 3, _, _] = data.shape().as_slice() else {
        return Ok(tensor.clone());
    };
    let weights = Tensor::<4>::from_data(data.convert::<f32>(), &Device::flex());
    let summed = weights.sum_dim(1).into_data();
    Ok(bridge::from_data(summed, tensor.name.clone(), None))
}
