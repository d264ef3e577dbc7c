//! Batches of faces and their targets.

use burn::tensor::{Device, Tensor, TensorData};
use mien_engine::crop::SIDE;
use mien_engine::plan::InputSpec;
use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;

use super::config::RunConfig;
use crate::augment::face_rng;
use crate::data::{DataSet, FACE_PIXELS};
use crate::teacher::SoftLabels;

/// The order in which an epoch visits the faces.
#[must_use]
pub fn epoch_order(seed: u64, epoch: usize, faces: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..faces).collect();
    let mut rng =
        SmallRng::seed_from_u64(seed ^ (epoch as u64).wrapping_mul(0xD1B5_4A32_D192_ED03));
    order.shuffle(&mut rng);
    order
}

/// Augmented faces of one step; `draws` are as [`Balance::order`](super::balance::Balance::order)
/// gives them, normalised as the network's input says: `[batch, 1, 48, 48]`.
#[must_use]
pub fn training_faces(
    config: &RunConfig,
    input: &InputSpec,
    data: &DataSet,
    soft_labels: Option<&SoftLabels>,
    epoch: usize,
    draws: &[usize],
    device: &Device,
) -> Tensor<4> {
    let mut pixels = vec![0.0; draws.len() * FACE_PIXELS];
    for (&draw, out) in draws.iter().zip(pixels.chunks_exact_mut(FACE_PIXELS)) {
        let index = draw % data.len();
        let mut face = data.pixels(index);
        if let Some(labels) = soft_labels {
            labels.view(data, view(labels, epoch, index), index, &mut face);
        }
        let mut rng = face_rng(config.seed, epoch, draw);
        config.augmentation.apply(&face, &mut rng, out);
    }
    to_tensor(input, pixels, device)
}

/// Which view of a face an epoch shows: all in turn, other ones for neighbouring faces.
fn view(labels: &SoftLabels, epoch: usize, index: usize) -> usize {
    (epoch + index) % labels.header().views
}

/// What the teacher answers to the views of [`training_faces`], `[batch, classes]`, softened by
/// the temperature.
#[must_use]
pub fn soft_targets(
    labels: &SoftLabels,
    temperature: f32,
    epoch: usize,
    indices: &[usize],
    device: &Device,
) -> Tensor<2> {
    let values: Vec<f32> = indices
        .iter()
        .flat_map(|&index| labels.target(view(labels, epoch, index), index, temperature))
        .collect();
    let shape = [indices.len(), labels.header().classes];
    Tensor::from_data(TensorData::new(values, shape), device)
}

fn to_tensor(input: &InputSpec, mut pixels: Vec<f32>, device: &Device) -> Tensor<4> {
    for pixel in &mut pixels {
        *pixel = *pixel * input.scale + input.offset;
    }
    let batch = pixels.len() / FACE_PIXELS;
    Tensor::from_data(TensorData::new(pixels, [batch, 1, SIDE, SIDE]), device)
}

/// What the network should answer, `[batch, classes]`: the true class, or the shares of the classes
/// where the data set knows them; smoothed, and multiplied by the classes' weights.
#[must_use]
pub fn targets(
    data: &DataSet,
    indices: &[usize],
    classes: usize,
    smoothing: f32,
    weights: Option<&[f32]>,
    device: &Device,
) -> Tensor<2> {
    let rest = smoothing / classes as f32;
    let mut values = vec![rest; indices.len() * classes];
    for (row, &index) in values.chunks_exact_mut(classes).zip(indices) {
        match data.distribution(index) {
            Some(shares) => {
                for (value, share) in row.iter_mut().zip(shares) {
                    *value += (1.0 - smoothing) * share;
                }
            }
            None => row[data.target(index)] += 1.0 - smoothing,
        }
        for (value, weight) in row.iter_mut().zip(weights.into_iter().flatten()) {
            *value *= weight;
        }
    }
    Tensor::from_data(TensorData::new(values, [indices.len(), classes]), device)
}

#[cfg(test)]
mod tests {
    use mien_engine::expression::Expression;

    use super::*;

    #[test]
    fn an_order_visits_every_face_once_and_differs_between_epochs() {
        let order = epoch_order(7, 3, 100);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<_>>());
        assert_eq!(order, epoch_order(7, 3, 100));
        assert_ne!(order, epoch_order(7, 4, 100));
    }

    #[test]
    fn smoothed_targets_sum_to_one() {
        let mut data = DataSet::default();
        for class in [Expression::Fear, Expression::Angry] {
            data.push(&[0; FACE_PIXELS], class);
        }
        let targets = targets(&data, &[0, 1], 4, 0.2, None, &Device::flex());
        let values: Vec<f32> = targets.to_data().iter::<f32>().collect();
        for (value, expected) in values.iter().zip([0.05, 0.05, 0.85, 0.05, 0.85, 0.05]) {
            assert!((value - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn shares_become_targets() {
        let mut data = DataSet::default();
        let shares = [0.0, 0.25, 0.0, 0.75, 0.0, 0.0, 0.0, 0.0];
        data.push_distribution(&[0; FACE_PIXELS], shares);
        assert_eq!(data.labels(), [Expression::Happy]);
        let targets = targets(&data, &[0], 8, 0.0, None, &Device::flex());
        let values: Vec<f32> = targets.to_data().iter::<f32>().collect();
        assert_eq!(values, shares);
    }
}
