use leptos::prelude::*;

use crate::i18n::{language, t};
use crate::model_card::CardFacts;
use crate::words;

/// The figures of a model card.
#[component]
pub fn ModelTable(card: CardFacts) -> impl IntoView {
    let accuracies = card.evaluations.iter().map(|split| {
        let accuracy = words::percent_exactly(split.accuracy);
        let samples = language().count(split.samples);
        (
            t!("card.accuracy", split = split_name(&split.split)),
            t!("card.of_faces", share = accuracy, count = samples),
        )
    });
    let rows = [
        (t!("card.name"), card.name.clone()),
        (
            t!("card.trained_on"),
            t!(
                "card.data_faces",
                data = card.training.data,
                count = language().count(card.training.faces)
            ),
        ),
    ]
    .into_iter()
    .chain(accuracies)
    .chain([
        (
            t!("card.size"),
            t!(
                "card.cost",
                parameters = language().count(card.parameters),
                millions = card.macs / 1_000_000,
                bytes = words::megabytes(card.file.bytes),
            ),
        ),
        (t!("card.made"), card.date.clone()),
        (t!("card.licence"), card.licence.clone()),
    ])
    .map(|(term, value)| {
        view! {
            <dt>{term}</dt>
            <dd>{value}</dd>
        }
    });
    view! { <dl class="card-table" data-testid="model-card">{rows.collect_view()}</dl> }
}

/// A split of FER2013 under its own name, and what it was used for.
pub fn split_name(split: &str) -> String {
    match split {
        "public-test" => t!("card.public_test"),
        "private-test" => t!("card.private_test"),
        other => other.to_owned(),
    }
}

/// A split of FER2013 under its own name alone.
pub fn plain_split_name(split: &str) -> &str {
    match split {
        "public-test" => "PublicTest",
        "private-test" => "PrivateTest",
        other => other,
    }
}
