//! What training makes small.

use burn::tensor::Tensor;
use burn::tensor::activation::log_softmax;

use super::Distillation;

/// Mean over the batch of `-sum(target * log(softmax(logits)))`.
///
/// # Shapes
/// - `logits`, `targets`: `[batch, classes]`
/// - output: `[1]`
pub fn cross_entropy(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let products = log_softmax(logits, 1).mul(targets); // [batch, classes]
    products.sum_dim(1).mean().neg()
}

/// `(1 - w) CE(targets, logits) + w t² CE(soft, logits / t)`: the second part's gradients would
/// otherwise shrink with the square of the temperature t (Hinton et al. 2015, section 2).
///
/// # Shapes
/// - `logits`, `targets`, `soft`: `[batch, classes]`
/// - output: `[1]`
pub fn distillation(
    logits: Tensor<2>,
    targets: Tensor<2>,
    soft: Tensor<2>,
    how: &Distillation,
) -> Tensor<1> {
    let taught = cross_entropy(logits.clone().div_scalar(how.temperature), soft);
    let known = cross_entropy(logits, targets);
    let share = how.weight * how.temperature * how.temperature;
    known.mul_scalar(1.0 - how.weight) + taught.mul_scalar(share)
}
