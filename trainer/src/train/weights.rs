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
