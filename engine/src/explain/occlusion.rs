//! Occlusion saliency: a square slides over the crop, and each time the network is asked again.
//! Where covering lowers a class, what was covered supports it.
//!
//! Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, section
//! 4.2. With [`Score::Label`](super::Score::Label) the map says where the prediction breaks: where
//! covering makes another class the most probable one.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::pictures::logits_of;
use super::target::most_probable;
use super::{ExplainError, Fill, PIXELS, Parameter, Target, thinned};
use crate::classify::{Classifier, Logits, Probabilities, softmax};
use crate::crop::SIDE;
use crate::expression::Expression;

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
    /// Whether only three quarters of the places are asked and the others filled in between, see
    /// [`thinned`].
    #[serde(default)]
    pub approximate: bool,
}

impl Default for OcclusionOptions {
    /// 15 x 15 places of a square about as large as an eye.
    fn default() -> Self {
        Self {
            patch: 8,
            stride: 3,
            fill: Fill::default(),
            approximate: false,
        }
    }
}

impl OcclusionOptions {
    /// Checks the ranges.
    pub fn check(&self) -> Result<(), ExplainError> {
        Parameter::Patch.check(self.patch, 1..=SIDE)?;
        Parameter::Stride.check(self.stride, 1..=self.patch)
    }

    /// Places of the square along one axis.
    #[must_use]
    pub fn places(&self) -> usize {
        SIDE.saturating_sub(self.patch).div_ceil(self.stride.max(1)) + 1
    }

    /// The rows and columns that the square covers at each of its places, row by row.
    #[must_use]
    pub fn covers(&self) -> Vec<[Range<usize>; 2]> {
        let count = self.places();
        (0..count * count)
            .map(|place| [place / count, place % count].map(|place| self.covered(place)))
            .collect()
    }

    /// The crop `pixels`, `[SIDE, SIDE]`, with the square at each of its places, row by row.
    pub fn covered_copies(&self, pixels: &[f32]) -> impl Iterator<Item = Vec<f32>> {
        self.copies(pixels, self.covers())
    }

    /// The crop with each of some covers.
    fn copies(
        &self,
        pixels: &[f32],
        covers: Vec<[Range<usize>; 2]>,
    ) -> impl Iterator<Item = Vec<f32>> {
        let fill = self.fill;
        let background = fill.background(pixels);
        covers.into_iter().map(move |[rows, columns]| {
            let is_covered =
                |index: usize| rows.contains(&(index / SIDE)) && columns.contains(&(index % SIDE));
            let covered: Vec<bool> = (0..PIXELS).map(is_covered).collect();
            fill.cover(pixels, &background, &covered)
        })
    }

    /// One value for each pixel, `[SIDE, SIDE]`: the mean of the values of the places that cover it.
    /// The values are those of the places, row by row.
    #[must_use]
    pub fn spread(&self, values: impl Iterator<Item = f32>) -> Vec<f32> {
        let count = self.places();
        let mut sums = vec![(0.0, 0.0); PIXELS];
        for (place, value) in values.take(count * count).enumerate() {
            for y in self.covered(place / count) {
                for (sum, covers) in &mut sums[y * SIDE..][self.covered(place % count)] {
                    *sum += value;
                    *covers += 1.0;
                }
            }
        }
        sums.into_iter().map(|(sum, covers)| sum / covers).collect()
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
        self.options.spread(self.drops_of(class))
    }

    /// The most probable class with each place covered, `[rows, columns]`. Where it is not that of
    /// the whole crop, the prediction breaks.
    pub fn labels(&self) -> impl Iterator<Item = Expression> {
        self.drops
            .iter()
            .map(|drops| most_probable(&self.baseline.zip_with(drops, |whole, drop| whole - drop)))
    }
}

/// Explains every class of the crop `pixels`, `[SIDE, SIDE]`, luma of 0 to 255.
pub async fn occlusion(
    classifier: &mut Classifier,
    pixels: &[f32],
    options: &OcclusionOptions,
) -> Result<OcclusionMap, ExplainError> {
    let (whole, covered) = run(classifier, pixels, options).await?;
    let baseline = softmax(&whole);
    let drop =
        |covered: &Logits| baseline.zip_with(&softmax(covered), |with, without| with - without);
    Ok(OcclusionMap {
        options: *options,
        rows: options.places(),
        columns: options.places(),
        baseline,
        drops: covered.iter().map(drop).collect(),
    })
}

/// Explains one target: its value, and for each pixel `[SIDE, SIDE]` the mean drop of the value
/// over the places that cover the pixel.
pub async fn occlusion_saliency(
    classifier: &mut Classifier,
    pixels: &[f32],
    options: &OcclusionOptions,
    target: Target,
) -> Result<(f32, Vec<f32>), ExplainError> {
    let (whole, covered) = run(classifier, pixels, options).await?;
    let value = target.value(&whole);
    let drops = covered.iter().map(|logits| value - target.value(logits));
    Ok((value, options.spread(drops)))
}

/// The logits of the whole crop, and with each place covered.
async fn run(
    classifier: &mut Classifier,
    pixels: &[f32],
    options: &OcclusionOptions,
) -> Result<(Logits, Vec<Logits>), ExplainError> {
    options.check()?;
    let mut covers = options.covers();
    let size = [options.places(); 2];
    if options.approximate {
        let mut place = 0..covers.len();
        covers.retain(|_| place.next().is_some_and(|it| thinned::is_asked(it, size)));
    }
    let mut logits = if let Some(luma) = options.fill.luma(pixels) {
        classifier.logits_covered(pixels, &covers, luma).await?
    } else {
        // What differs from place to place needs whole copies.
        let mut logits = classifier.logits(pixels, 1).await?;
        logits.extend(logits_of(classifier, options.copies(pixels, covers)).await?);
        logits
    };
    let mut covered = logits.split_off(1);
    if options.approximate {
        covered = thinned::complete(covered, size);
    }
    Ok((logits[0], covered))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::explain::Score;
    use crate::explain::tests::watcher;

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
                approximate: false,
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
                approximate: false,
            }
            .check()
        };
        for (patch, stride) in [(0, 1), (49, 1), (5, 0), (5, 6)] {
            assert!(matches!(
                check(patch, stride),
                Err(ExplainError::Setting { .. })
            ));
        }
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
        assert!(
            map.drops
                .iter()
                .all(|drops| drops.iter().all(|drop| drop.abs() < 1e-6))
        );
    }

    #[test]
    fn an_approximate_map_is_exact_where_it_is_asked() {
        for fill in [Fill::Mean, Fill::Blur] {
            let exact = OcclusionOptions {
                fill,
                ..OcclusionOptions::default()
            };
            let approximate = OcclusionOptions {
                approximate: true,
                ..exact
            };
            let mut pixels = vec![50.0; PIXELS];
            pixels[20 * SIDE + 30] = 250.0;
            let map = |options| {
                let mut classifier = watcher(20, 30);
                let map = pollster::block_on(occlusion(&mut classifier, &pixels, &options));
                map.expect("valid").drops
            };
            let (exact, approximate) = (map(exact), map(approximate));
            assert_eq!(approximate.len(), exact.len());
            for (place, (one, other)) in approximate.iter().zip(&exact).enumerate() {
                let is_asked = thinned::is_asked(place, [15, 15]);
                assert!(!is_asked || one == other, "{fill:?} {place}");
            }
            assert_ne!(approximate, exact);
        }
    }

    #[test]
    fn a_map_of_labels_says_where_the_prediction_breaks() {
        let options = OcclusionOptions {
            fill: Fill::Zero,
            ..OcclusionOptions::default()
        };
        let map = explain(20, 30, options);
        let target = Target::new(Expression::Happy, Score::Label);
        let pixels = vec![100.0; PIXELS];
        let mut classifier = watcher(20, 30);
        let saliency = occlusion_saliency(&mut classifier, &pixels, &options, target);
        let (value, breaks) = pollster::block_on(saliency).expect("valid");
        assert_eq!(value.to_bits(), 1.0_f32.to_bits());
        for (place, label) in map.labels().enumerate() {
            let [rows, columns] = map.place(place / map.columns, place % map.columns);
            let is_broken = rows.contains(&20) && columns.contains(&30);
            assert_eq!(label != Expression::Happy, is_broken);
        }
        let most = breaks.iter().copied().fold(0.0, f32::max);
        assert!((breaks[20 * SIDE + 30] - most).abs() < 1e-6 && most > 0.9);
        assert_eq!(breaks[0].to_bits(), 0.0_f32.to_bits());
    }

    #[test]
    fn fills_that_differ_from_place_to_place_cover_as_well() {
        // Bright at one place only: what covers it is darker, and happy falls.
        let mut pixels = vec![50.0; PIXELS];
        pixels[20 * SIDE + 30] = 250.0;
        for fill in [Fill::Blur, Fill::Neighbours] {
            let options = OcclusionOptions {
                fill,
                ..OcclusionOptions::default()
            };
            let mut classifier = watcher(20, 30);
            let map = occlusion(&mut classifier, &pixels, &options);
            let map = pollster::block_on(map).expect("valid");
            for (place, drop) in map.drops_of(Expression::Happy).enumerate() {
                let [rows, columns] = map.place(place / map.columns, place % map.columns);
                let covers = rows.contains(&20) && columns.contains(&30);
                assert_eq!(drop > 0.05, covers, "{fill:?} {place}: {drop}");
            }
        }
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
