//! Mixing the faces of a batch with each other, and their targets alike.

use burn::tensor::{Device, Tensor, TensorData};
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

/// How the faces of a batch are mixed. Where both ways are on, each batch takes one of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mixing {
    /// Blends whole faces (Zhang et al. 2018, "mixup"); the share is drawn from a beta
    /// distribution with both parameters set to this. 0 is off.
    pub mixup: f64,
    /// Puts a rectangle of one face into the other (Yun et al. 2019, "`CutMix`"); the share of the
    /// area that stays is drawn alike. 0 is off.
    pub cutmix: f64,
}

impl Mixing {
    /// The settings with their ranges, and whether they keep to them.
    pub(super) fn checks(&self) -> [(&'static str, &'static str, bool); 2] {
        // Beyond, the beta distribution would be drawn for too long.
        let holds = |value: f64| (0.0..=10.0).contains(&value);
        [
            ("mixing.mixup", "from 0 to 10", holds(self.mixup)),
            ("mixing.cutmix", "from 0 to 10", holds(self.cutmix)),
        ]
    }

    /// How a step's batch is mixed, the same each time; `None` where nothing is.
    #[must_use]
    pub fn draw(&self, seed: u64, step: usize, batch: usize, side: usize) -> Option<Mix> {
        let counts = (step as u64).wrapping_mul(0xA24B_AED4_963E_E407);
        let mut rng = SmallRng::seed_from_u64(seed.rotate_left(33) ^ counts);
        let [blends, cuts] = [self.mixup > 0.0, self.cutmix > 0.0];
        let cuts = match (blends, cuts) {
            (false, false) => return None,
            (true, true) => rng.random(),
            (_, cuts) => cuts,
        };
        let mut partners: Vec<usize> = (0..batch).collect();
        partners.shuffle(&mut rng);
        if !cuts {
            let share = beta(&mut rng, self.mixup) as f32;
            return Some(Mix {
                partners,
                share,
                patch: None,
            });
        }
        // The paper's equation 2: a rectangle of the face's shape around any place, clipped.
        let length = (1.0 - beta(&mut rng, self.cutmix)).sqrt() * side as f64;
        let mut along = || {
            let centre = rng.random_range(0.0..side as f64);
            let end = |offset: f64| (centre + offset).round().clamp(0.0, side as f64) as usize;
            [end(-length / 2.0), end(length / 2.0)]
        };
        let patch = [along(), along()];
        let area: usize = patch.iter().map(|[start, end]| end - start).product();
        Some(Mix {
            partners,
            share: 1.0 - area as f32 / (side * side) as f32,
            patch: (area > 0).then_some(patch),
        })
    }
}

/// How one batch is mixed.
#[derive(Clone, Debug, PartialEq)]
pub struct Mix {
    /// The face that each face is mixed with, as positions in the batch.
    pub partners: Vec<usize>,
    /// The share of the face itself, 0 to 1.
    pub share: f32,
    /// Start and end of the rows and of the columns that come from the partner; without them
    /// the whole faces are blended.
    pub patch: Option<[[usize; 2]; 2]>,
}

impl Mix {
    /// # Shapes
    /// - `faces` and output: `[batch, 1, side, side]`
    #[must_use]
    pub fn faces(&self, faces: Tensor<4>) -> Tensor<4> {
        let partners = self.partners_of(&faces);
        match self.patch {
            Some([[top, bottom], [left, right]]) => {
                let [batch, channels, _, _] = faces.dims();
                let place = [0..batch, 0..channels, top..bottom, left..right];
                let patch = partners.slice(place.clone());
                faces.slice_assign(place, patch)
            }
            // A patch without area.
            None if self.share >= 1.0 => faces,
            None => blend(faces, partners, self.share),
        }
    }

    /// # Shapes
    /// - `targets` and output: `[batch, classes]`
    #[must_use]
    pub fn targets(&self, targets: Tensor<2>) -> Tensor<2> {
        let partners = self.partners_of(&targets);
        blend(targets, partners, self.share)
    }

    fn partners_of<const D: usize>(&self, values: &Tensor<D>) -> Tensor<D> {
        values.clone().select(0, self.indices(&values.device()))
    }

    fn indices(&self, device: &Device) -> Tensor<1, burn::tensor::Int> {
        let indices: Vec<u32> = self.partners.iter().map(|&index| index as u32).collect();
        Tensor::from_data(TensorData::from(&indices[..]), device)
    }
}

fn blend<const D: usize>(one: Tensor<D>, other: Tensor<D>, share: f32) -> Tensor<D> {
    one.mul_scalar(share) + other.mul_scalar(1.0 - share)
}

/// A draw from the beta distribution with equal parameters, by way of Jöhnk's method (1964): two
/// powers of uniform numbers, drawn until their sum does not exceed 1.
fn beta(rng: &mut SmallRng, parameter: f64) -> f64 {
    loop {
        let [one, other] = [(); 2].map(|()| rng.random::<f64>().powf(1.0 / parameter));
        let sum = one + other;
        if sum > 0.0 && sum <= 1.0 {
            return one / sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faces(values: &[f32], side: usize) -> Tensor<4> {
        let pixels: Vec<f32> = values
            .iter()
            .flat_map(|value| vec![*value; side * side])
            .collect();
        let shape = [values.len(), 1, side, side];
        Tensor::from_data(TensorData::new(pixels, shape), &Device::flex())
    }

    fn values<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
        tensor.to_data().iter::<f32>().collect()
    }

    #[test]
    fn nothing_is_mixed_unless_asked() {
        assert_eq!(Mixing::default().draw(1, 2, 8, 48), None);
    }

    #[test]
    fn a_draw_is_the_same_again_and_differs_between_steps() {
        let mixing = Mixing {
            mixup: 0.4,
            cutmix: 1.0,
        };
        assert_eq!(mixing.draw(1, 2, 8, 48), mixing.draw(1, 2, 8, 48));
        let draws: Vec<_> = (0..40)
            .filter_map(|step| mixing.draw(1, step, 8, 48))
            .collect();
        assert_ne!(draws[0].partners, draws[1].partners);
        let cut = draws.iter().filter(|draw| draw.patch.is_some()).count();
        assert!((5..35).contains(&cut), "{cut}");
    }

    #[test]
    fn mixup_blends_faces_and_targets_alike() {
        let mix = Mix {
            partners: vec![1, 0],
            share: 0.75,
            patch: None,
        };
        let mixed = values(&mix.faces(faces(&[0.0, 4.0], 2)));
        assert_eq!(mixed, [1.0, 1.0, 1.0, 1.0, 3.0, 3.0, 3.0, 3.0]);
        let targets = Tensor::from_data([[1.0, 0.0], [0.0, 1.0]], &Device::flex());
        assert_eq!(values(&mix.targets(targets)), [0.75, 0.25, 0.25, 0.75]);
    }

    #[test]
    fn the_share_of_a_cut_is_that_of_its_area() {
        let mixing = Mixing {
            mixup: 0.0,
            cutmix: 1.0,
        };
        for step in 0..50 {
            let mix = mixing.draw(3, step, 2, 12).expect("mixing is on");
            let mixed = values(
                &Mix {
                    partners: vec![1, 0],
                    ..mix.clone()
                }
                .faces(faces(&[0.0, 1.0], 12)),
            );
            let foreign: f32 = mixed[..144].iter().sum();
            assert!((foreign / 144.0 - (1.0 - mix.share)).abs() < 1e-5);
        }
    }

    #[test]
    fn beta_draws_have_the_distribution_s_moments() {
        // Mean 1/2, variance 1 / (4 (2 a + 1)).
        for parameter in [0.2, 1.0, 3.0] {
            let mut rng = SmallRng::seed_from_u64(1);
            let draws: Vec<f64> = (0..20_000).map(|_| beta(&mut rng, parameter)).collect();
            let mean = draws.iter().sum::<f64>() / 20_000.0;
            let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 20_000.0;
            assert!((mean - 0.5).abs() < 0.01, "{mean}");
            let expected = 1.0 / (4.0 * (2.0 * parameter + 1.0));
            assert!((variance - expected).abs() < 0.005, "{variance}");
        }
    }
}
