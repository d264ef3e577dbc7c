use std::sync::Arc;

use leptos::prelude::*;
use mien_engine::explain::{Part, PartEffect, PartEffects};

use crate::i18n::{expression, t};
use crate::words;

/// Below this an effect is not worth a sentence.
const LEAST: f32 = 0.01;

/// In words, which part of the face speaks most for the class, and which against it.
#[component]
pub fn Summary(effects: Arc<PartEffects>) -> impl IntoView {
    let class = expression(effects.target.class);
    // What covering a part alone does is what a reader can check with a hand.
    let strongest = |sign: f32| {
        let effects = effects.effects.iter();
        let largest =
            effects.max_by(|one, other| (sign * one.drop).total_cmp(&(sign * other.drop)));
        largest.filter(|effect| sign * effect.drop >= LEAST)
    };
    let lowers = |effect: &PartEffect| {
        t!(
            "explain.part_lowers",
            part = part_name(effect.part),
            class = class,
            points = words::points(effect.drop),
        )
    };
    let raises = |effect: &PartEffect| {
        t!(
            "explain.part_raises",
            part = part_name(effect.part),
            class = class,
            points = words::points(effect.drop),
        )
    };
    let sentences: Vec<_> = [strongest(1.0).map(lowers), strongest(-1.0).map(raises)]
        .into_iter()
        .flatten()
        .collect();
    let text = if sentences.is_empty() {
        t!("explain.no_part", class = class)
    } else {
        sentences.join(" ")
    };
    view! { <p data-testid="explain-summary">{text}</p> }
}

fn part_name(part: Part) -> String {
    match part {
        Part::LeftEye => t!("part.left_eye"),
        Part::RightEye => t!("part.right_eye"),
        Part::Brows => t!("part.brows"),
        Part::Nose => t!("part.nose"),
        Part::Mouth => t!("part.mouth"),
        Part::Cheeks => t!("part.cheeks"),
        Part::Chin => t!("part.chin"),
        Part::Surroundings => t!("part.surroundings"),
    }
}
