//! Occlusion saliency: a square slides over the crop, and each time the probabilities are looked at
//! again. Where covering lowers a class, what was covered supports it.
//!
//! Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, section
//! 4.2.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::classify::{Classifier, ClassifyError, Probabilities};
use crate::crop::SIDE;
use crate::expression::Expression;

/// What a part of the crop is covered with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fill {
    /// Luma 0, black.
    Zero,
    /// The mean luma of the crop: covers without making the crop brighter or darker.
    #[default]
    Mean,
    /// Half of the largest luma, as in the paper.
    Gray,
}

impl Fill {
    /// The luma that covers a crop.
    fn luma(self, pixels: &[f32]) -> f32 {
        match self {
            Self::Zero => 0.0,
            Self::Mean => pixels.iter().sum::<f32>() / pixels.len() as f32,
            Self::Gray => 127.5,
        }
    }
}

/// How the square slides.
///
/// Along each axis it starts at 0 and moves by `stride` until it touches the border; if the last
/// step would lead beyond, it is shortened, so that the square always lies inside and every pixel
/// is covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OcclusionOptions {
    /// Side of the square in pixels, 1 to [`SIDE`].
    pub patch: usize,
    /// Step in pixels, 1 to `patch`.
    pub stride: usize,
    /// What covers.
    pub fill: Fill,
}

impl Default for OcclusionOptions {
    /// 15 x 15 places of a square about as large as an eye.
    fn default() -> Self {
        Self {
            patch: 8,
            stride: 3,
            fill: Fill::default(),
        }
    }
}

/// Why a face was not explained.
#[derive(Debug, Error)]
pub enum OcclusionError {
    /// The square does not fit; choose another size.
    #[error("the square must be 1 to {SIDE} pixels wide, not {patch}")]
    Patch {
        /// The size asked for.
        patch: usize,
    },
    /// The step is none, or leaves pixels out; choose another.
    #[error("the step must be 1 to {patch} pixels, the width of the square, not {stride}")]
    Stride {
        /// The size asked for.
        patch: usize,
        /// The step asked for.
        stride: usize,
    },
    /// The network failed.
    #[error(transparent)]
    Classify(#[from] ClassifyError),
}

impl OcclusionOptions {
    /// Checks the ranges.
    pub fn check(&self) -> Result<(), OcclusionError> {
        let Self { patch, stride, .. } = *self;
        if !(1..=SIDE).contains(&patch) {
            return Err(OcclusionError::Patch { patch });
        }
        if !(1..=patch).contains(&stride) {
            return Err(OcclusionError::Stride { patch, stride });
        }
        Ok(())
    }

    /// Places of the square along one axis.
    #[must_use]
    pub fn places(&self) -> usize {
        SIDE.saturating_sub(self.patch).div_ceil(self.stride.max(1)) + 1
    }

    /// The pixels under a place, along one axis.
    fn covered(&self, place: usize) -> Range<usize> {
        let start = (place * self.stride).min(SIDE.saturating_sub(self.patch));
        start..SIDE.min(start + self.patch)
    }
}

/// What covering each part of a crop does to the probability of each class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OcclusionMap {
    /// How the square slid.
    pub options: OcclusionOptions,
    /// Places of the square from top to bottom.
    pub rows: usize,
    /// Places of the square from left to right.
    pub columns: usize,
    /// The probabilities of the crop as it is.
    pub baseline: Probabilities,
    /// `baseline` minus the probabilities with a place covered, `[rows][columns][class]`, each
    /// from -1 to 1. Positive: covering lowers the class, what is there supports it.
    pub drops: Vec<Probabilities>,
}

impl OcclusionMap {
    /// The drops of one class, `[rows, columns]`.
    pub fn drops_of(&self, class: Expression) -> impl Iterator<Item = f32> {
        self.drops.iter().map(move |drops| drops[class.index()])
    }

    /// The rows and columns of the crop that the square covers at a place.
    #[must_use]
    pub fn place(&self, row: usize, column: usize) -> [Range<usize>; 2] {
        [row, column].map(|place| self.options.covered(place))
    }

    /// One value for each pixel of the crop, `[SIDE, SIDE]`: the mean drop of a class over the
    /// places that cover the pixel.
    #[must_use]
    pub fn to_pixels(&self, class: Expression) -> Vec<f32> {
        let mut sums = vec![(0.0, 0.0); SIDE * SIDE];
        for (place, drop) in self.drops_of(class).enumerate() {
            let [rows, columns] = self.place(place / self.columns, place % self.columns);
            for y in rows {
                for (sum, count) in &mut sums[y * SIDE..][columns.clone()] {
                    *sum += drop;
                    *count += 1.0;
                }
            }
        }
        sums.into_iter().map(|(sum, count)| sum / count).collect()
    }
}

/// Explains the crop `pixels`, `[SIDE, SIDE]`, luma of 0 to 255.
pub async fn occlusion(
    classifier: &mut Classifier,
    pixels: &[f32],
    options: &OcclusionOptions,
) -> Result<OcclusionMap, OcclusionError> {
    options.check()?;
    let count = options.places();
    let places: Vec<_> = (0..count * count)
        .map(|place| [place / count, place % count].map(|place| options.covered(place)))
        .collect();
    let fill = options.fill.luma(pixels);
    let mut probabilities = classifier.classify_covered(pixels, &places, fill).await?;
    let covered = probabilities.split_off(1);
    let baseline = probabilities[0];
    let drop =
        |covered: Probabilities| std::array::from_fn(|class| baseline[class] - covered[class]);
    Ok(OcclusionMap {
        options: *options,
        rows: count,
        columns: count,
        baseline,
        drops: covered.into_iter().map(drop).collect(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cpu;
    use crate::plan::{Activation, InputSpec, Layer, LayerKind, Plan, TensorId, Window};
    use crate::runner::Runner;

    /// A network whose logit of `happy` is the pixel at a place, over 50, and of `sad` its opposite.
    fn watcher(y: usize, x: usize) -> Classifier {
        let pixels = SIDE * SIDE;
        let mut weight = vec![0.0; Expression::COUNT * pixels];
        weight[Expression::Happy.index() * pixels + y * SIDE + x] = 1.0;
        weight[Expression::Sad.index() * pixels + y * SIDE + x] = -1.0;
        let plan = Plan {
            input: InputSpec {
                channels: 1,
                size: Some([SIDE; 2]),
                multiple: 1,
                scale: 1.0 / 50.0,
                offset: 0.0,
            },
            layers: vec![Layer {
                input: TensorId::INPUT,
                kind: LayerKind::Conv {
                    window: Window::square(SIDE, 1, 0),
                    out_channels: Expression::COUNT,
                    weight,
                    bias: vec![0.0; Expression::COUNT],
                },
                residual: None,
                activation: Activation::Identity,
            }],
            outputs: vec![TensorId(1)],
        };
        let runner = cpu::Runner::new(plan).expect("a valid plan");
        Classifier::new(Runner::Cpu(Box::new(runner))).expect("a classifier")
    }

    fn explain(y: usize, x: usize, options: OcclusionOptions) -> OcclusionMap {
        let pixels = vec![100.0; SIDE * SIDE];
        pollster::block_on(occlusion(&mut watcher(y, x), &pixels, &options)).expect("valid")
    }

    fn options() -> impl Strategy<Value = OcclusionOptions> {
        (1..=SIDE).prop_flat_map(|patch| {
            (1..=patch).prop_map(move |stride| OcclusionOptions {
                patch,
                stride,
                fill: Fill::Zero,
            })
        })
    }

    #[test]
    fn sizes_out_of_range_are_refused() {
        let check = |patch, stride| {
            let fill = Fill::Gray;
            OcclusionOptions {
                patch,
                stride,
                fill,
            }
            .check()
        };
        assert!(matches!(check(0, 1), Err(OcclusionError::Patch { .. })));
        assert!(matches!(check(49, 1), Err(OcclusionError::Patch { .. })));
        assert!(matches!(check(5, 0), Err(OcclusionError::Stride { .. })));
        assert!(matches!(check(5, 6), Err(OcclusionError::Stride { .. })));
        assert!(check(48, 48).is_ok());
        assert_eq!(OcclusionOptions::default().places(), 15);
    }

    #[test]
    fn a_cover_like_the_crop_changes_nothing() {
        let fill = Fill::Mean;
        let map = explain(
            20,
            20,
            OcclusionOptions {
                fill,
                ..OcclusionOptions::default()
            },
        );
        assert!(map.drops.iter().flatten().all(|drop| drop.abs() < 1e-6));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn the_square_covers_every_pixel_and_stays_inside(options in options()) {
            let mut seen = [0; SIDE];
            for place in 0..options.places() {
                let covered = options.covered(place);
                prop_assert_eq!(covered.len(), options.patch);
                seen[covered].iter_mut().for_each(|count| *count += 1);
            }
            prop_assert!(seen.iter().all(|&count| count > 0));
        }

        #[test]
        fn what_the_network_looks_at_stands_out(
            y in 0..SIDE,
            x in 0..SIDE,
            mut options in options(),
        ) {
            // A moderate number of runs.
            options.stride = options.stride.max(options.patch.min(4));
            let map = explain(y, x, options);
            prop_assert_eq!(map.drops.len(), map.rows * map.columns);
            let happy: Vec<_> = map.drops_of(Expression::Happy).collect();
            let sad: Vec<_> = map.drops_of(Expression::Sad).collect();
            for place in 0..happy.len() {
                let [rows, columns] = map.place(place / map.columns, place % map.columns);
                if rows.contains(&y) && columns.contains(&x) {
                    prop_assert!(happy[place] > 0.1 && sad[place] < 0.0);
                } else {
                    prop_assert!(happy[place].abs() < 1e-6 && sad[place].abs() < 1e-6);
                }
            }
            let pixels = map.to_pixels(Expression::Happy);
            let most = pixels.iter().copied().fold(f32::MIN, f32::max);
            prop_assert!(pixels[y * SIDE + x] >= most - 1e-6);
        }
    }
}
