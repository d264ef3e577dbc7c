//! A network's numbers as one flat vector, in the order in which Burn visits them.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};

/// All parameters and running statistics of a network.
#[must_use]
pub fn read<M: Module>(network: &M) -> Vec<f32> {
    let mut reader = Reader { values: Vec::new() };
    // `valid` also merges what batch norms have seen last into their running statistics.
    network.valid().visit(&mut reader);
    reader.values
}

/// The same network with other numbers.
///
/// # Panics
/// If there are not as many as [`read`] gives.
#[must_use]
pub fn write<M: Module>(network: M, values: &[f32]) -> M {
    let mut writer = Writer { values };
    let network = network.map(&mut writer);
    assert!(
        writer.values.is_empty(),
        "the weights are of another network"
    );
    network
}

/// The numbers `values` of the network `source` for the network `target`, which differs from it
/// at most in the sizes of some parameters: those keep the numbers of `fresh`.
///
/// # Panics
/// If the networks do not have the same parameters, or the numbers are of others.
#[must_use]
pub fn transplant<M: Module>(source: &M, values: &[f32], target: &M, fresh: &[f32]) -> Vec<f32> {
    let (from, to) = (sizes(source), sizes(target));
    assert_eq!(from.len(), to.len(), "the networks have other parameters");
    let (mut values, mut fresh) = (values, fresh);
    let mut result = Vec::with_capacity(fresh.len());
    for (from, to) in from.into_iter().zip(to) {
        let (old, new);
        (old, values) = values.split_at(from);
        (new, fresh) = fresh.split_at(to);
        result.extend_from_slice(if from == to { old } else { new });
    }
    result
}

/// How many numbers each parameter has.
fn sizes<M: Module>(network: &M) -> Vec<usize> {
    let mut sizes = Sizes(Vec::new());
    network.valid().visit(&mut sizes);
    sizes.0
}

struct Sizes(Vec<usize>);

impl ModuleVisitor for Sizes {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push(param.shape().num_elements());
    }
}

struct Reader {
    values: Vec<f32>,
}

impl ModuleVisitor for Reader {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.values.extend(param.val().to_data().iter::<f32>());
    }
}

struct Writer<'a> {
    values: &'a [f32],
}

impl ModuleMapper for Writer<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (values, rest) = self.values.split_at(param.shape().num_elements());
        self.values = rest;
        param.map(|tensor| replace(&tensor, values.to_vec()))
    }
}

/// A tensor with other values, on the same device and with a gradient if the first had one.
pub fn replace<const D: usize>(tensor: &Tensor<D>, values: Vec<f32>) -> Tensor<D> {
    let data = TensorData::new(values, tensor.shape());
    Tensor::from_data(data, &tensor.device()).set_require_grad(tensor.is_require_grad())
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use mien_engine::nets::NetworkConfig;

    use super::*;

    #[test]
    fn only_the_last_layer_begins_afresh_for_other_classes() {
        let device = Device::flex();
        let seven: NetworkConfig = toml::from_str("kind = \"student\"").expect("a network");
        let [source, target] =
            [7, 8].map(|classes| seven.clone().with_classes(classes).init(&device));
        let (values, fresh) = (read(&source), read(&target));
        let first = transplant(&source, &values, &target, &fresh);
        assert_eq!(first.len(), fresh.len());
        let trunk = values.len() - 7 * 97;
        assert_eq!(first[..trunk], values[..trunk]);
        assert_eq!(first[trunk..], fresh[trunk..]);
        assert_eq!(
            transplant(&source, &values, &source, &read(&source)),
            values
        );
    }
}
