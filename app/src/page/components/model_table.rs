use leptos::prelude::*;
use mien_app::words;

use crate::model_card::CardFacts;

/// The figures of a model card.
#[component]
pub fn ModelTable(card: CardFacts) -> impl IntoView {
    let accuracies = card.evaluations.iter().map(|split| {
        let accuracy = words::percent_exactly(split.accuracy);
        let samples = split.samples;
        (
            format!("Accuracy, {}", words::split(&split.split)),
            format!("{accuracy} of {samples} faces"),
        )
    });
    let rows = [
        ("Name".to_owned(), card.name.clone()),
        (
            "Trained on".to_owned(),
            format!("{}, {} faces", card.training.data, card.training.faces),
        ),
    ]
    .into_iter()
    .chain(accuracies)
    .chain([
        (
            "Size".to_owned(),
            format!(
                "{} parameters, {:.0} million multiply-adds a face, {}",
                card.parameters,
                card.macs as f64 / 1e6,
                words::megabytes(card.file.bytes)
            ),
        ),
        ("Made".to_owned(), card.date.clone()),
        ("Licence".to_owned(), card.licence.clone()),
    ])
    .map(|(term, value)| {
        view! {
            <dt>{term}</dt>
            <dd>{value}</dd>
        }
    });
    view! { <dl class="card-table" data-testid="model-card">{rows.collect_view()}</dl> }
}
