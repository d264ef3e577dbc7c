use leptos::html::Canvas;
use leptos::prelude::*;
use mien_engine::explain::Scale;

use crate::i18n::t;
use crate::paint;
use crate::words;

/// Steps of the colour bar.
const STEPS: usize = 97;

/// The colours of a saliency map with what they mean.
#[component]
pub fn ColourScale(
    #[prop(into)] scale: Signal<Scale>,
    /// What the colours speak for or against.
    #[prop(into)]
    subject: Signal<String>,
) -> impl IntoView {
    let canvas = NodeRef::<Canvas>::new();
    Effect::new(move |_| {
        let context = canvas.get().and_then(|canvas| paint::context(&canvas));
        let Some(context) = context else { return };
        let colours = scale.get_untracked().legend(STEPS);
        for (step, (_, [red, green, blue])) in colours.enumerate() {
            context.set_fill_style_str(&format!("rgb({red} {green} {blue})"));
            context.fill_rect(step as f64, 0.0, 1.0, 1.0);
        }
    });
    let limit = move || {
        let limit = scale.get().limit();
        words::points_within(limit, limit)
    };
    view! {
        <div class="scale">
            <canvas node_ref=canvas width=STEPS.to_string() height="1" aria-hidden="true"></canvas>
            <div class="scale-ends number">
                <span>{move || t!("explain.opposes", class = subject.get(), limit = limit())}</span>
                <span>{t!("explain.neither")}</span>
                <span>{move || t!("explain.supports", limit = limit())}</span>
            </div>
        </div>
    }
}
