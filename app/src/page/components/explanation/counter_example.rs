//! How little must be covered for another reading, in words.

use std::sync::Arc;

use leptos::prelude::*;
use mien_engine::explain::{CounterExample, CounterExampleOptions, FaceParts, Fill, Part};
use mien_engine::pipeline::FaceReading;

use super::parts::part_name;
use crate::i18n::{expression, language, t};
use crate::words;

/// What covers, and in which steps.
pub const OPTIONS: CounterExampleOptions = CounterExampleOptions {
    cell: 6,
    fill: Fill::Mean,
};

/// Parts that hold a smaller share of the area are not named.
const LEAST_SHARE: f32 = 0.2;

/// What covering the area does; or that nothing short of half of the face does anything.
#[component]
pub fn CounterExampleWords(
    face: StoredValue<FaceReading>,
    example: Arc<Option<CounterExample>>,
) -> impl IntoView {
    let sentence = match example.as_ref() {
        Some(example) => t!(
            "explain.enough",
            share = language().percent(f64::from(example.area()), 1),
            parts = face.with_value(|face| parts_of(face, example)),
            before = expression(example.before),
            after = expression(example.after),
            probability = words::percent(example.probabilities[example.after.index()]),
        ),
        None => t!("explain.nothing_changes"),
    };
    let note = example.is_some().then(|| {
        view! { <p class="small soft">{t!("explain.enough_note")}</p> }
    });
    view! {
        <p
            data-testid="counter-example"
            data-after=example.as_ref().as_ref().map(|example| example.after.name())
            data-area=example.as_ref().as_ref().map(|example| example.area().to_string())
        >
            {sentence}
        </p>
        {note}
    }
}

/// The parts of the face that the area lies on, the one with most of it first.
fn parts_of(face: &FaceReading, example: &CounterExample) -> String {
    let parts = FaceParts::of(&face.face.landmarks, &face.crop);
    let mut counts = [0_usize; Part::COUNT];
    for (part, _) in (parts.pixels().iter().zip(&example.covered)).filter(|(_, covered)| **covered)
    {
        counts[part.index()] += 1;
    }
    let all: usize = counts.iter().sum();
    let mut named: Vec<_> = (Part::ALL.into_iter().zip(counts))
        .filter(|(_, count)| *count as f32 >= LEAST_SHARE * all as f32)
        .collect();
    named.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let names: Vec<_> = named.into_iter().map(|(part, _)| part_name(part)).collect();
    names.join(", ")
}
