//! Whether a map says what the network does: measures of one map on one picture, and the report
//! on many.
//!
//! Deletion, insertion and their areas: Petsiuk et al., BMVC 2018. Pointing: Zhang et al.,
//! "Top-down neural attention by excitation backprop", ECCV 2016. Randomised weights: Adebayo et
//! al., "Sanity checks for saliency maps", NeurIPS 2018.

mod report;
mod statistics;

pub use report::{FaithfulnessReport, Figures, Row, Verdict};
pub use statistics::{Interval, rank_correlation};

use super::pictures::logits_of;
use super::{ExplainError, FaceParts, Fill, PIXELS, Part, Target, gaussian_blur};
use crate::classify::Classifier;
use crate::crop::SIDE;
use crate::plan::{LayerKind, Plan};
use crate::random::Random;

/// How the target's value goes while pixels are taken away or put back, from none of them to all,
/// in equal steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// One value a step, the first before any pixel has changed.
    pub values: Vec<f32>,
}

impl Curve {
    /// The area under the curve over a width of 1: the mean of the value (trapezoidal rule).
    #[must_use]
    pub fn area(&self) -> f32 {
        let pairs = self.values.windows(2);
        let sum: f32 = pairs.map(|pair| f32::midpoint(pair[0], pair[1])).sum();
        sum / (self.values.len().max(2) - 1) as f32
    }
}

/// The pixels of a map from the largest value to the smallest; a seed decides between equal ones,
/// lest the map's upper rows win.
#[must_use]
pub fn ranking(map: &[f32], seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..map.len()).collect();
    Random::new(seed).shuffle(&mut order);
    order.sort_by(|&one, &other| map[other].total_cmp(&map[one]));
    order
}

/// Covers the pixels of a crop in the order of `ranking`, in `steps` steps, with its mean. The
/// better the ranking, the sooner the value falls, and the smaller the area.
pub async fn deletion(
    classifier: &mut Classifier,
    pixels: &[f32],
    ranking: &[usize],
    target: Target,
    steps: usize,
) -> Result<Curve, ExplainError> {
    let covered = Fill::Mean.background(pixels);
    replace(classifier, pixels, &covered, ranking, target, steps).await
}

/// Puts the pixels of a crop into its blurred copy in the order of `ranking`, in `steps` steps.
/// The better the ranking, the sooner the value rises, and the larger the area.
pub async fn insertion(
    classifier: &mut Classifier,
    pixels: &[f32],
    ranking: &[usize],
    target: Target,
    steps: usize,
) -> Result<Curve, ExplainError> {
    let blurred = Fill::Blur.background(pixels);
    replace(classifier, &blurred, pixels, ranking, target, steps).await
}

async fn replace(
    classifier: &mut Classifier,
    from: &[f32],
    to: &[f32],
    ranking: &[usize],
    target: Target,
    steps: usize,
) -> Result<Curve, ExplainError> {
    let steps = steps.max(1);
    let mut picture = from.to_vec();
    let mut done = 0;
    let pictures = (0..=steps).map(|step| {
        let end = ranking.len() * step / steps;
        for &pixel in &ranking[done..end] {
            picture[pixel] = to[pixel];
        }
        done = end;
        picture.clone()
    });
    let logits = logits_of(classifier, pictures).await?;
    Ok(Curve {
        values: logits.iter().map(|logits| target.value(logits)).collect(),
    })
}

/// Whether a map's largest value lies on the face rather than around it.
#[must_use]
pub fn points_inside(map: &[f32], parts: &FaceParts) -> bool {
    let largest = (0..map.len()).max_by(|&one, &other| map[one].total_cmp(&map[other]));
    largest.is_some_and(|pixel| parts.pixels()[pixel] != Part::Surroundings)
}

/// A crop `[SIDE, SIDE]` moved one pixel to the right; its left edge continues.
#[must_use]
pub fn shifted(pixels: &[f32]) -> Vec<f32> {
    (0..pixels.len())
        .map(|index| pixels[index - usize::from(!index.is_multiple_of(SIDE))])
        .collect()
}

/// How alike the map of a crop and that of the [`shifted`] crop are once it is moved back: the
/// rank correlation of their pixels, -1 to 1.
#[must_use]
pub fn stability(map: &[f32], of_shifted: &[f32]) -> f32 {
    let rows = |map: &[f32], columns: std::ops::Range<usize>| -> Vec<f32> {
        let rows = map.chunks_exact(SIDE);
        rows.flat_map(|row| row[columns.clone()].to_vec()).collect()
    };
    rank_correlation(&rows(map, 0..SIDE - 1), &rows(of_shifted, 1..SIDE))
}

/// The plan with the weights of every layer in a random order: a network of the same shape and
/// scale that has learned nothing. What a method shows for it must differ from what it shows for
/// the trained network (Adebayo et al.).
#[must_use]
pub fn randomised(plan: &Plan, seed: u64) -> Plan {
    let mut random = Random::new(seed);
    let mut plan = plan.clone();
    for layer in &mut plan.layers {
        if let LayerKind::Conv { weight, .. }
        | LayerKind::Depthwise { weight, .. }
        | LayerKind::Upsample { weight, .. } = &mut layer.kind
        {
            random.shuffle(weight);
        }
    }
    plan
}

/// A map of independent random pixels: what every method has to beat.
#[must_use]
pub fn random_map(seed: u64) -> Vec<f32> {
    let mut random = Random::new(seed);
    (0..PIXELS).map(|_| random.unit()).collect()
}

/// A map of random patches about as large as an eye: random pixels, blurred.
#[must_use]
pub fn random_patches(seed: u64) -> Vec<f32> {
    gaussian_blur(&random_map(seed), 3.0)
}

/// A map that knows only that faces are in the middle: a Gaussian.
#[must_use]
pub fn centre_map() -> Vec<f32> {
    let middle = (SIDE as f32 - 1.0) / 2.0;
    let value = |index: usize| {
        let (y, x) = (
            (index / SIDE) as f32 - middle,
            (index % SIDE) as f32 - middle,
        );
        let width = SIDE as f32 / 4.0;
        (-0.5 * (x * x + y * y) / (width * width)).exp()
    };
    (0..PIXELS).map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::Score;
    use crate::explain::tests::watcher;
    use crate::expression::Expression;

    #[test]
    fn the_area_of_a_straight_line_is_its_middle() {
        let line = Curve {
            values: vec![1.0, 0.75, 0.5, 0.25, 0.0],
        };
        assert!((line.area() - 0.5).abs() < 1e-6);
    }

    #[test]
    fn a_ranking_begins_with_the_largest_and_breaks_ties_by_its_seed() {
        let mut map = vec![0.0; PIXELS];
        map[77] = 1.0;
        map[5] = -1.0;
        let one = ranking(&map, 1);
        assert_eq!((one[0], one[PIXELS - 1]), (77, 5));
        assert_ne!(one, ranking(&map, 2));
        assert_eq!(one, ranking(&map, 1));
    }

    #[test]
    fn a_true_map_beats_a_false_one() {
        let mut pixels = vec![60.0; PIXELS];
        pixels[20 * SIDE + 30] = 250.0;
        let mut classifier = watcher(20, 30);
        let target = Target::new(Expression::Happy, Score::Probability);
        let mut map = vec![0.0; PIXELS];
        map[20 * SIDE + 30] = 1.0;
        let mut area = |sign: f32| {
            let map: Vec<f32> = map.iter().map(|value| sign * value).collect();
            let order = ranking(&map, 3);
            let curve = deletion(&mut classifier, &pixels, &order, target, 16);
            let deletion = pollster::block_on(curve).expect("valid");
            let curve = insertion(&mut classifier, &pixels, &order, target, 16);
            let insertion = pollster::block_on(curve).expect("valid");
            assert_eq!((deletion.values.len(), insertion.values.len()), (17, 17));
            [deletion.area(), insertion.area()]
        };
        let ([lost, won], [lost_late, won_late]) = (area(1.0), area(-1.0));
        assert!(lost < lost_late - 0.2, "{lost} {lost_late}");
        assert!(won > won_late + 0.2, "{won} {won_late}");
    }

    #[test]
    fn curves_run_between_the_crop_and_the_covered_crop() {
        let pixels: Vec<f32> = (0..PIXELS).map(|index| (index % 251) as f32).collect();
        let mut classifier = watcher(3, 4);
        let target = Target::new(Expression::Happy, Score::Logit);
        let order = ranking(&random_map(1), 1);
        let curve = deletion(&mut classifier, &pixels, &order, target, 7);
        let values = pollster::block_on(curve).expect("valid").values;
        let mean = pixels.iter().sum::<f32>() / PIXELS as f32;
        assert!((values[0] - pixels[3 * SIDE + 4] / 50.0).abs() < 1e-4);
        assert!((values[7] - mean / 50.0).abs() < 1e-4);
    }

    #[test]
    fn a_map_that_moves_with_the_face_is_stable() {
        let map = random_patches(4);
        assert!((stability(&map, &shifted(&map)) - 1.0).abs() < 1e-5);
        assert!(stability(&map, &random_patches(5)).abs() < 0.4);
    }

    #[test]
    fn maps_in_the_middle_point_inside() {
        let parts = FaceParts::typical();
        assert!(points_inside(&centre_map(), &parts));
        let corner: Vec<f32> = (0..PIXELS).map(|index| -(index as f32)).collect();
        assert!(!points_inside(&corner, &parts));
    }

    #[test]
    fn randomised_weights_are_the_same_in_another_order() {
        let classifier = watcher(3, 4);
        let plan = classifier.plan();
        let other = randomised(plan, 9);
        assert_ne!(&other, plan);
        let weights = |plan: &Plan| {
            let LayerKind::Conv { weight, .. } = &plan.layers[0].kind else {
                panic!("a convolution");
            };
            let mut weight = weight.clone();
            weight.sort_by(f32::total_cmp);
            weight
        };
        assert_eq!(weights(&other), weights(plan));
    }
}
