//! How faithful the explanations are, over many faces: the figures of
//! [`FaithfulnessReport`].

use mien_engine::classify::{Classifier, ClassifyError};
use mien_engine::cpu;
use mien_engine::detect::Detector;
use mien_engine::explain::faithfulness::{
    Figures, Interval, Row, centre_map, deletion, insertion, points_inside, random_map,
    random_patches, randomised, rank_correlation, ranking, shifted, stability,
};
use mien_engine::explain::{
    ExplainError, FaceParts, Fill, Method, MethodKind, OcclusionOptions, Score, Target, explain,
};
use mien_engine::expression::Expression;
use mien_engine::plan::{Plan, ShapeError};
use mien_engine::runner::Runner;
use thiserror::Error;

use crate::crop_fit::CropFitError;
use crate::data::DataSet;
use crate::landmarks;

/// Steps of the deletion and insertion curves: 144 of the 2304 pixels each.
pub const STEPS: usize = 16;
/// Decides everything random.
pub const SEED: u64 = 1;
/// One face in so many is also explained moved by a pixel, and with randomised weights.
const SPARSE: usize = 10;

/// Why methods could not be evaluated.
#[derive(Debug, Error)]
pub enum ExplainEvalError {
    /// The model does not classify faces.
    #[error(transparent)]
    Classify(#[from] ClassifyError),
    /// The model's layers do not fit together.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A face could not be explained.
    #[error(transparent)]
    Explain(#[from] ExplainError),
    /// The landmarks could not be looked for.
    #[error(transparent)]
    Landmarks(#[from] CropFitError),
}

/// A line of the table: a method, or a map that knows nothing.
struct Candidate {
    name: &'static str,
    kind: CandidateKind,
    figures: Samples,
}

enum CandidateKind {
    Method(Method, Score),
    RandomPixels,
    RandomPatches,
    Centre,
}

/// One value a face.
#[derive(Default)]
struct Samples {
    deletion: Vec<f32>,
    insertion: Vec<f32>,
    pointing: Vec<f32>,
    stability: Vec<f32>,
    likeness: Vec<f32>,
}

/// The methods with the settings that are compared, then the maps that know nothing.
fn candidates() -> Vec<Candidate> {
    let occlusion = |fill| {
        Method::Occlusion(OcclusionOptions {
            fill,
            ..OcclusionOptions::default()
        })
    };
    let usual = |kind: MethodKind| CandidateKind::Method(kind.method(), kind.scores()[0]);
    let filled = |fill| CandidateKind::Method(occlusion(fill), Score::Probability);
    let lines = [
        ("occlusion", usual(MethodKind::Occlusion)),
        ("occlusion, black", filled(Fill::Zero)),
        ("occlusion, blur", filled(Fill::Blur)),
        ("occlusion, neighbours", filled(Fill::Neighbours)),
        (
            "occlusion, where it breaks",
            CandidateKind::Method(occlusion(Fill::Mean), Score::Label),
        ),
        ("rise", usual(MethodKind::Rise)),
        ("shapley", usual(MethodKind::Shapley)),
        ("grad-cam", usual(MethodKind::GradCam)),
        ("gradient x input", usual(MethodKind::GradientInput)),
        (
            "integrated gradients",
            usual(MethodKind::IntegratedGradients),
        ),
        ("random pixels", CandidateKind::RandomPixels),
        ("random patches", CandidateKind::RandomPatches),
        ("centre", CandidateKind::Centre),
    ];
    lines
        .into_iter()
        .map(|(name, kind)| Candidate {
            name,
            kind,
            figures: Samples::default(),
        })
        .collect()
}

/// Explains up to `limit` faces, evenly spread over the data, by every method and measures the
/// maps. `tell` hears of each face that is done.
pub fn evaluate(
    plan: &Plan,
    detector: &mut Detector,
    data: &DataSet,
    limit: usize,
    mut tell: impl FnMut(),
) -> Result<Vec<Row>, ExplainEvalError> {
    let mut trained = classifier(plan.clone())?;
    let mut untrained = classifier(randomised(plan, SEED))?;
    let mut candidates = candidates();
    let faces = limit.min(data.len());
    for number in 0..faces {
        let index = number * data.len() / faces;
        let parts = landmarks::parts(detector, data.face(index))?;
        let face = Face {
            pixels: data.pixels(index),
            parts,
            number,
        };
        let label = predict(&mut trained, &face.pixels)?;
        for candidate in &mut candidates {
            measure(candidate, &face, label, &mut trained, &mut untrained)?;
        }
        tell();
    }
    Ok(rows(&candidates))
}

fn classifier(plan: Plan) -> Result<Classifier, ExplainEvalError> {
    let runner = cpu::Runner::new(plan)?;
    Ok(Classifier::new(Runner::Cpu(Box::new(runner)))?)
}

fn predict(classifier: &mut Classifier, pixels: &[f32]) -> Result<Expression, ClassifyError> {
    let logits = pollster::block_on(classifier.logits(pixels, 1))?[0];
    let best = logits.by_class().max_by(|a, b| a.1.total_cmp(&b.1));
    Ok(best.map_or(Expression::Neutral, |(class, _)| class))
}

struct Face {
    pixels: Vec<f32>,
    parts: FaceParts,
    number: usize,
}

impl Face {
    /// A seed of its own for each use.
    fn seed(&self, usage: u64) -> u64 {
        SEED ^ (self.number as u64) << 8 ^ usage
    }
}

fn measure(
    candidate: &mut Candidate,
    face: &Face,
    label: Expression,
    trained: &mut Classifier,
    untrained: &mut Classifier,
) -> Result<(), ExplainEvalError> {
    let map = candidate.kind.map(face, &face.pixels, label, trained, 1)?;
    let order = ranking(&map, face.seed(0));
    let target = Target::new(label, Score::Probability);
    let curve = deletion(trained, &face.pixels, &order, target, STEPS);
    let samples = &mut candidate.figures;
    samples.deletion.push(pollster::block_on(curve)?.area());
    let curve = insertion(trained, &face.pixels, &order, target, STEPS);
    samples.insertion.push(pollster::block_on(curve)?.area());
    let inside = points_inside(&map, &face.parts);
    samples.pointing.push(f32::from(u8::from(inside)));
    if face.number.is_multiple_of(SPARSE) {
        let moved = shifted(&face.pixels);
        let of_moved = candidate.kind.map(face, &moved, label, trained, 2)?;
        let samples = &mut candidate.figures;
        samples.stability.push(stability(&map, &of_moved));
        let other = candidate
            .kind
            .map(face, &face.pixels, label, untrained, 3)?;
        let likeness = rank_correlation(&map, &other);
        candidate.figures.likeness.push(likeness);
    }
    Ok(())
}

impl CandidateKind {
    fn map(
        &self,
        face: &Face,
        pixels: &[f32],
        label: Expression,
        classifier: &mut Classifier,
        usage: u64,
    ) -> Result<Vec<f32>, ExplainEvalError> {
        Ok(match self {
            Self::Method(method, score) => {
                let target = Target::new(label, *score);
                let map = explain(classifier, pixels, &face.parts, method, target);
                pollster::block_on(map)?.values
            }
            Self::RandomPixels => random_map(face.seed(usage)),
            Self::RandomPatches => random_patches(face.seed(usage)),
            Self::Centre => centre_map(),
        })
    }
}

fn rows(candidates: &[Candidate]) -> Vec<Row> {
    let baseline = |wanted: fn(&CandidateKind) -> bool| {
        candidates
            .iter()
            .find(|candidate| wanted(&candidate.kind))
            .map(|candidate| &candidate.figures)
    };
    let random = baseline(|kind| matches!(kind, CandidateKind::RandomPixels));
    let patches = baseline(|kind| matches!(kind, CandidateKind::RandomPatches));
    let centre = baseline(|kind| matches!(kind, CandidateKind::Centre));
    let row = |candidate: &Candidate| {
        let own = &candidate.figures;
        let over = |other: Option<&Samples>| {
            let Some(other) = other else {
                return [Interval::default(); 2];
            };
            [
                difference(&other.deletion, &own.deletion),
                difference(&own.insertion, &other.insertion),
            ]
        };
        let [over_random, over_patches, over_centre] = [random, patches, centre].map(over);
        let figures = Figures {
            deletion: interval(&own.deletion),
            insertion: interval(&own.insertion),
            deletion_over_random: over_random[0],
            deletion_over_patches: over_patches[0],
            deletion_over_centre: over_centre[0],
            insertion_over_random: over_random[1],
            insertion_over_patches: over_patches[1],
            insertion_over_centre: over_centre[1],
            pointing: interval(&own.pointing),
            stability: interval(&own.stability),
            likeness_to_randomised: interval(&own.likeness),
        };
        let (method, score) = match candidate.kind {
            CandidateKind::Method(method, score) => (Some(method), Some(score)),
            _ => (None, None),
        };
        Row {
            name: candidate.name.to_owned(),
            method,
            score,
            figures,
            verdict: method.map(|_| figures.verdict()),
        }
    };
    candidates.iter().map(row).collect()
}

/// The interval of a value a face, with four digits.
fn interval(values: &[f32]) -> Interval {
    let Interval { mean, low, high } = Interval::of(values, SEED);
    let round = |value: f64| (value * 1e4).round() / 1e4;
    Interval {
        mean: round(mean),
        low: round(low),
        high: round(high),
    }
}

/// The interval of the difference, face by face.
fn difference(one: &[f32], other: &[f32]) -> Interval {
    let differences: Vec<f32> = one.iter().zip(other).map(|(a, b)| a - b).collect();
    interval(&differences)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_taken_face_by_face() {
        let mut candidates = candidates();
        for (rank, candidate) in candidates.iter_mut().enumerate() {
            // Every line worse than the one before, on every face by the same amount.
            let faces = (0..20).map(|face| (face % 5) as f32 / 10.0);
            let worse = rank as f32 / 100.0;
            candidate.figures.deletion = faces.clone().map(|it| it + worse).collect();
            candidate.figures.insertion = faces.map(|it| it - worse).collect();
        }
        let rows = rows(&candidates);
        let first = &rows[0].figures;
        // Faces differ by far more than lines, and the interval does not see that.
        assert!((first.deletion_over_random.low - 0.1).abs() < 1e-6);
        assert!((first.insertion_over_centre.high - 0.12).abs() < 1e-6);
        assert!(
            rows[0]
                .verdict
                .is_some_and(|it| it.deletes_better && it.inserts_better)
        );
        assert_eq!(rows.iter().filter(|row| row.verdict.is_none()).count(), 3);
    }
}
