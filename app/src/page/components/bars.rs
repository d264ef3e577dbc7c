use leptos::prelude::*;
use mien_app::words;
use mien_engine::expression::Expression;

/// The seven probabilities, the two largest marked.
#[component]
pub fn Bars(
    /// In the order of [`Expression::ALL`].
    #[prop(into)]
    probabilities: Signal<[f32; Expression::COUNT]>,
) -> impl IntoView {
    let bars = Expression::ALL.map(|class| {
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
                <span>{class.name()}</span>
                <span class="bar-track" aria-hidden="true">
                    <span class="bar-fill" style:width=move || format!("{:.1}%", value() * 100.0)></span>
                </span>
                <span class="bar-value">{move || words::percent(value())}</span>
            </li>
        }
    });
    view! { <ol class="bars">{bars.collect_view()}</ol> }
}
