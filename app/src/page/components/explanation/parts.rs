use std::sync::Arc;

use leptos::prelude::*;
use mien_engine::explain::{Part, PartEffect, PartEffects};

use super::layer::subject;
use crate::i18n::t;
use crate::words;

/// Below this an effect is not worth a sentence.
const LEAST: f32 = 0.01;

/// In words, which part of the face speaks most for the class, and which against it.
#[component]
pub fn Summary(effects: Arc<PartEffects>) -> impl IntoView {
    let class = subject(effects.target);
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
            part = covered_part(effect.part),
            class = class,
            points = words::points(effect.drop),
        )
    };
    let raises = |effect: &PartEffect| {
        t!(
            "explain.part_raises",
            part = covered_part(effect.part),
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

/// What every part does, from that which speaks most for the class to that which speaks most
/// against it.
#[component]
pub fn PartTable(effects: Arc<PartEffects>) -> impl IntoView {
    let rows = effects.ranked().into_iter().map(|effect| {
        view! {
            <tr>
                <th scope="row">{part_name(effect.part)}</th>
                <td>{words::signed_points(effect.value)}</td>
                // What covering takes away has the other sign.
                <td>{words::signed_points(-effect.drop)}</td>
            </tr>
        }
    });
    view! {
        <table class="numbers number part-table" data-testid="part-table">
            <caption class="small soft">
                {t!("explain.part_caption", class = subject(effects.target))}
            </caption>
            <thead>
                <tr>
                    <th scope="col">{t!("explain.part")}</th>
                    <th scope="col">{t!("explain.part_share")}</th>
                    <th scope="col">{t!("explain.part_covered")}</th>
                </tr>
            </thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
    }
}

/// A part by its name alone.
pub fn part_name(part: Part) -> String {
    match part {
        Part::LeftEye => t!("part.name.left_eye"),
        Part::RightEye => t!("part.name.right_eye"),
        Part::Brows => t!("part.name.brows"),
        Part::Nose => t!("part.name.nose"),
        Part::Mouth => t!("part.name.mouth"),
        Part::Cheeks => t!("part.name.cheeks"),
        Part::Chin => t!("part.name.chin"),
        Part::Surroundings => t!("part.name.surroundings"),
    }
}

/// A part in a sentence about covering it.
fn covered_part(part: Part) -> String {
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
