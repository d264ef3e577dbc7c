use leptos::prelude::*;
use mien_engine::classify::Probabilities;

use crate::i18n::expression;
use crate::words;

/// The probabilities of the network's classes, the two largest marked.
#[component]
pub fn Bars(#[prop(into)] probabilities: Signal<Probabilities>) -> impl IntoView {
    let classes = probabilities.with_untracked(Probabilities::classes);
    let bars = classes.iter().map(move |class| {
        let value = move || probabilities.get()[class.index()];
        // How many classes are more probable.
        let rank = move || {
            let all = probabilities.get();
            all.iter().filter(|&&other| other > value()).count()
        };
        view! {
            <li
                class="bar"
                class:first=move || rank() == 0
                class:second=move || rank() == 1
                data-testid="probability"
                data-class=class.name()
                data-value=move || value().to_string()
            >
                <span>{expression(*class)}</span>
                <span class="bar-track" aria-hidden="true">
                    <span class="bar-fill" style:width=move || format!("{:.1}%", value() * 100.0)></span>
                </span>
                <span class="bar-value">{move || words::percent(value())}</span>
            </li>
        }
    });
    view! { <ol class="bars">{bars.collect_view()}</ol> }
}
