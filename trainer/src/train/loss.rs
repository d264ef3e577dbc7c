//! What training makes small.

use burn::tensor::Tensor;
use burn::tensor::activation::log_softmax;
use mien_engine::nets::studies::autoencoder::reconstruction_loss;
use mien_engine::nets::studies::capsule_net::margin_loss;
use mien_engine::nets::{Network, Ops, StudyNetwork};

use super::config::Distillation;

/// The part of an autoencoder's run in which it learns to reconstruct.
const RECONSTRUCTING: f64 = 0.5;

/// The loss that belongs to a network: the margin loss of capsules, the reconstruction of an
/// autoencoder in the first half of its run, else the cross entropy.
///
/// # Shapes
/// - `faces`: `[batch, 1, 48, 48]`
/// - `logits`, `targets`: `[batch, classes]`
/// - output: `[1]`
///
/// `progress` is the share of the run that is done.
pub fn of_network(
    network: &Network,
    faces: Tensor<4>,
    logits: Tensor<2>,
    targets: Tensor<2>,
    progress: f64,
    ops: &impl Ops,
) -> Tensor<1> {
    match network {
        Network::Study(StudyNetwork::CapsuleNet(_)) => margin_loss(logits, targets),
        Network::Study(StudyNetwork::Autoencoder(coder)) if progress < RECONSTRUCTING => {
            let codes = coder.encode(faces.clone(), ops);
            reconstruction_loss(coder.decode(codes), faces)
        }
        _ => cross_entropy(logits, targets),
    }
}

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
