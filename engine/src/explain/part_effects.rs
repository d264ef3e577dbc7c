//! What each part of a face does to the target, as figures: the data behind a summary in words.

use serde::{Deserialize, Serialize};

use super::shapley::Coalitions;
use super::{ExplainError, FaceParts, Part, ShapleyOptions, Target};
use crate::classify::Classifier;

/// What one part does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartEffect {
    /// The part.
    pub part: Part,
    /// How many of the crop's pixels it has.
    pub pixels: usize,
    /// How much the target's value falls when this part alone is covered.
    pub drop: f32,
    /// Its Shapley value: positive speaks for the target.
    pub value: f32,
    /// Its part of all that speaks for the target, 0 to 1, or of all that speaks against it, 0 to
    /// -1.
    pub share: f32,
}

/// What the parts of a face do, in the order of [`Part::ALL`]; parts outside the crop are left
/// out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartEffects {
    /// What was explained.
    pub target: Target,
    /// The target's value for the crop.
    pub whole: f32,
    /// The target's value with every part covered. The Shapley values sum to `whole - nothing`.
    pub nothing: f32,
    /// The parts.
    pub effects: Vec<PartEffect>,
    /// Which pixel is which part.
    pub parts: FaceParts,
}

impl PartEffects {
    /// The parts from that which speaks most for the target to that which speaks most against it.
    #[must_use]
    pub fn ranked(&self) -> Vec<PartEffect> {
        let mut effects = self.effects.clone();
        effects.sort_by(|one, other| other.value.total_cmp(&one.value));
        effects
    }

    /// For each pixel `[SIDE, SIDE]` the Shapley value of its part: the part map as an overlay.
    #[must_use]
    pub fn map(&self) -> Vec<f32> {
        let mut values = [0.0; Part::COUNT];
        for effect in &self.effects {
            values[effect.part.index()] = effect.value;
        }
        let pixels = self.parts.pixels().iter();
        pixels.map(|part| values[part.index()]).collect()
    }
}

/// Says what each part of a face does to the target, exactly: every set of parts is run.
pub async fn part_effects(
    classifier: &mut Classifier,
    pixels: &[f32],
    parts: &FaceParts,
    options: &ShapleyOptions,
    target: Target,
) -> Result<PartEffects, ExplainError> {
    target.check(classifier.classes())?;
    let coalitions = Coalitions::run(classifier, pixels, parts, options.fill, target).await?;
    let shapley = coalitions.shapley();
    let sum = |sign: f32| -> f32 { shapley.iter().map(|it| (sign * it).max(0.0)).sum() };
    let (support, opposition) = (sum(1.0), sum(-1.0));
    let everything = coalitions.values.len() - 1;
    let effect = |(bit, &part): (usize, &Part)| {
        let value = shapley[bit];
        let side = if value < 0.0 { opposition } else { support };
        PartEffect {
            part,
            pixels: parts.count(part),
            drop: coalitions.whole() - coalitions.values[everything & !(1 << bit)],
            value,
            share: if side > 0.0 { value / side } else { 0.0 },
        }
    };
    Ok(PartEffects {
        target,
        whole: coalitions.whole(),
        nothing: coalitions.nothing(),
        effects: coalitions.parts.iter().enumerate().map(effect).collect(),
        parts: parts.clone(),
    })
}
