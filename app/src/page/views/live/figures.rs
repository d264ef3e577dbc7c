//! How fast it goes.

use leptos::prelude::*;

use super::watch::Watch;
use crate::i18n::{language, t};

/// Frames a second and the milliseconds of each stage.
#[component]
pub fn Figures(watch: Watch) -> impl IntoView {
    let rate = move || watch.pace.get().map(|(rate, _)| rate);
    let stages = ["transfer", "detect", "classify", "draw"];
    let words = [
        t!("live.stage_transfer"),
        t!("live.stage_detect"),
        t!("live.stage_classify"),
        t!("live.stage_draw"),
    ];
    let milliseconds = move |index: usize| {
        let stages = watch.pace.get().map(|(_, stages)| stages.named());
        stages.map(|stages| stages[index].1)
    };
    let parts = words
        .into_iter()
        .enumerate()
        .map(|(index, words)| {
            view! {
                <div data-testid="live-stage" data-stage=stages[index]>
                    <dt>{words}</dt>
                    <dd>{move || in_words(milliseconds(index), 1, "ms")}</dd>
                </div>
            }
        })
        .collect_view();
    view! {
        <dl class="figures small number" data-testid="live-figures">
            <div data-testid="live-rate">
                <dt>{t!("live.rate")}</dt>
                <dd>{move || in_words(rate(), 1, "")}</dd>
            </div>
            {parts}
            <Show when=move || watch.map_ms.get().is_some()>
                <div data-testid="live-stage" data-stage="explain">
                    <dt>{t!("live.stage_explain")}</dt>
                    <dd>{move || in_words(watch.map_ms.get(), 0, "ms")}</dd>
                </div>
            </Show>
        </dl>
    }
}

fn in_words(value: Option<f64>, digits: usize, unit: &str) -> String {
    value.map_or_else(
        || "…".to_owned(),
        |value| {
            format!("{} {unit}", language().decimal(value, digits))
                .trim_end()
                .to_owned()
        },
    )
}
