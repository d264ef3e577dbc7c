//! From the layers of a plan back to a Burn module: the inverse of [`Network::export`](super::Network::export).

use burn::module::Param;
use burn::nn::Linear;
use burn::tensor::TensorData;
use thiserror::Error;

use super::blocks::ConvNorm;
use super::export::transposed_each;
use crate::plan::{LayerKind, Plan};

/// What of a network an export writes.
#[derive(Debug)]
pub struct Layers<'a> {
    /// Convolutions with their batch norms, in the order in which they compute.
    pub convs: Vec<&'a mut ConvNorm>,
    /// The dense layer behind them.
    pub head: &'a mut Linear,
}

/// A plan is of another network: give the one that it was exported from.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct ImportError(String);

impl Layers<'_> {
    /// Puts the weights of a plan, made from such a network, in place. A batch norm folded away
    /// becomes one that adds the bias and does nothing else. A head of another number of classes is
    /// left as it is.
    pub fn import(self, plan: &Plan) -> Result<(), ImportError> {
        // A crop stands in a plan as a convolution before the first: from the last on, all others
        // have their place.
        let mut layers = plan
            .layers
            .iter()
            .rev()
            .filter_map(|layer| match &layer.kind {
                LayerKind::Conv { weight, bias, .. } => Some((weight, bias, false)),
                LayerKind::Depthwise { weight, bias, .. } => Some((weight, bias, true)),
                _ => None,
            });
        let ends = || ImportError("the file has fewer layers".into());
        let (weight, bias, _) = layers.next().ok_or_else(ends)?;
        put_head(self.head, weight, bias)?;
        for conv in self.convs.into_iter().rev() {
            let (weight, bias, is_depthwise) = layers.next().ok_or_else(ends)?;
            put(conv, weight, bias, is_depthwise)?;
        }
        Ok(())
    }
}

fn put_head(head: &mut Linear, weight: &[f32], bias: &[f32]) -> Result<(), ImportError> {
    let [inputs, outputs] = head.weight.dims();
    if weight.len() != inputs * bias.len() {
        return Err(ImportError(format!(
            "the last layer takes {} values, the network's {inputs}",
            weight.len() / bias.len().max(1)
        )));
    }
    if bias.len() == outputs {
        let device = head.weight.device();
        let weight = transposed_each(weight, outputs, inputs);
        head.weight = Param::from_data(TensorData::new(weight, [inputs, outputs]), &device);
        head.bias = Some(Param::from_data(
            TensorData::new(bias.to_vec(), [outputs]),
            &device,
        ));
    }
    Ok(())
}

fn put(
    target: &mut ConvNorm,
    weight: &[f32],
    bias: &[f32],
    is_depthwise: bool,
) -> Result<(), ImportError> {
    let shape = target.conv.weight.dims();
    let [out_channels, group_in, height, width] = shape;
    let area = height * width;
    let fits = weight.len() == out_channels * group_in * area
        && bias.len() == out_channels
        && is_depthwise == (target.conv.groups != 1);
    if !fits {
        return Err(ImportError(format!(
            "a layer has {} weights for {} channels, the network's is {shape:?}",
            weight.len(),
            bias.len()
        )));
    }
    let weight = if is_depthwise {
        transposed_each(weight, area, out_channels)
    } else {
        transposed_each(weight, area, group_in)
    };
    let kernel = TensorData::new(weight, shape);
    target.set_folded(kernel, vec![1.0; out_channels], bias.to_vec());
    Ok(())
}
