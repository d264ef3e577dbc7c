#![allow(
    clippy::unnecessary_wraps,
    reason = "what a part's function cannot say itself: that its program is missing"
)]

use leptos::html::Canvas;
use leptos::prelude::*;
use leptos::wasm_split::wasm_split;
use mien_engine::pipeline::FaceReading;

use super::bars::Bars;
use super::explanation::Explanation;
use super::label_chooser::LabelChooser;
use super::lazy::{Lazy, Part};
use super::overlay::Overlays;
use crate::i18n::{bring, expression, t, texts};
use crate::paint;
use crate::words;

/// The id of a card's element.
pub fn card_id(photo: u32, index: usize) -> String {
    format!("face-{photo}-{index}")
}

/// What one face's expression resembles, and on request why.
#[component]
pub fn FaceCard(
    /// The photo's id.
    photo: u32,
    /// Position among the photo's faces.
    index: usize,
    face: FaceReading,
    /// The face that the pointer or the focus is on.
    lit: RwSignal<Option<usize>>,
    /// The maps laid over the photo.
    overlays: Overlays,
) -> impl IntoView {
    let number = index + 1;
    let [best, next] = face.top_two();
    let probability = face.probabilities[best.index()];
    let next_probability = face.probabilities[next.index()];
    let is_uncertain = face.is_uncertain();
    let is_open = RwSignal::new(false);
    let explanation_id = format!("{}-why", card_id(photo, index));

    let crop = NodeRef::<Canvas>::new();
    let gray = paint::gray_to_rgba(&face.crop.pixels);
    Effect::new(move |_| {
        if let Some(canvas) = crop.get() {
            paint::fill(&canvas, &gray, 1.0);
        }
    });
    let probabilities = face.probabilities;
    let face = StoredValue::new(face);
    view! {
        <section
            class="card"
            class:lit=move || lit.get() == Some(index)
            class:open=is_open
            id=card_id(photo, index)
            tabindex="-1"
            aria-label=words::face(number)
            data-testid="face-card"
            data-label=best.name()
            data-probability=probability.to_string()
            on:pointerenter=move |_| lit.set(Some(index))
            on:pointerleave=move |_| lit.set(None)
            on:focusin=move |_| lit.set(Some(index))
            on:focusout=move |_| lit.set(None)
        >
            <div class="card-head">
                <div class="crop">
                    <canvas
                        node_ref=crop
                        width="96"
                        height="96"
                        role="img"
                        aria-label=t!("photos.seen")
                    ></canvas>
                    <span class="badge" aria-hidden="true">
                        {number}
                    </span>
                </div>
                <div class="reading">
                    <p>
                        {words::verb(is_uncertain)}
                        <strong>{format!(" {} ({})", expression(best), words::percent(probability))}</strong>
                    </p>
                    <p class="small soft">
                        {t!(
                            "words.then",
                            class = expression(next),
                            share = words::percent(next_probability),
                        )}
                    </p>
                </div>
            </div>
            <Bars probabilities />
            <LabelChooser photo index />
            <button
                class="button"
                data-testid="explain"
                aria-expanded=move || is_open.get().to_string()
                aria-controls=explanation_id.clone()
                on:click=move |_| is_open.update(|open| *open = !*open)
            >
                {move || if is_open.get() { t!("photos.hide_explanation") } else { t!("photos.explain") }}
            </button>
            <div id=explanation_id>
                <Show when=move || is_open.get()>
                    <Lazy
                        load=load_explanation
                        part=move || explanation_part(face.get_value(), index, overlays)
                    />
                </Show>
            </div>
        </section>
    }
}

#[wasm_split(explanation, wasm_split_path = leptos::wasm_split, preload(load_explanation), fallible)]
fn explanation_part(face: FaceReading, index: usize, overlays: Overlays) -> Part {
    bring(&[texts::explain]);
    Ok(view! { <Explanation face index overlays /> }.into_any())
}
