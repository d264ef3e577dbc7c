//! One face: what its expression resembles, what the network sees, and how it has changed.

use std::sync::Arc;

use leptos::html::Canvas;
use leptos::prelude::*;
use mien_engine::classify::Probabilities;

use super::timeline::TimelineChart;
use super::watch::{SeenFace, Watch};
use crate::components::bars::Bars;
use crate::i18n::{expression, t};
use crate::paint;
use crate::store::use_store;
use crate::words;

/// The card of one face.
#[component]
pub fn FaceCard(face: SeenFace, watch: Watch) -> impl IntoView {
    let live = use_store().live;
    let track = face.track;
    let newest = RwSignal::from(face.newest);
    let is_in_sight = RwSignal::from(face.is_in_sight);
    let timeline = RwSignal::from(face.timeline);
    let input = NodeRef::<Canvas>::new();
    Effect::new(move |_| {
        if let Some(canvas) = input.get() {
            newest.with(|face| {
                paint::exactly(&canvas, &paint::gray_to_rgba(&face.reading.crop.pixels));
            });
        }
    });
    let reading = move || newest.with(Arc::clone);
    let probabilities = Memo::new(move |_| reading().reading.probabilities);
    let classes = probabilities.with_untracked(Probabilities::classes);
    let label = Memo::new(move |_| reading().reading.label());
    let is_uncertain = Memo::new(move |_| reading().reading.is_uncertain());
    let is_current = Memo::new(move |_| watch.current().is_some_and(|face| face.track == track));
    let sight = move || {
        if is_in_sight.get() {
            t!("live.in_sight")
        } else {
            t!("live.out_of_sight")
        }
    };
    view! {
        <section
            class="card"
            class:away=move || !is_in_sight.get()
            data-testid="camera-face"
            data-track=track
            data-label=move || label.get().name()
            aria-label=t!("words.face", number = track)
        >
            <div class="card-head">
                <div class="crop magnified">
                    <canvas
                        node_ref=input
                        width="48"
                        height="48"
                        role="img"
                        aria-label=t!("photos.seen")
                        data-testid="live-input"
                    ></canvas>
                    <span class="badge" aria-hidden="true">
                        {track}
                    </span>
                </div>
                <div class="reading">
                    <p>
                        {move || words::verb(is_uncertain.get())}
                        <strong>{move || format!(" {}", expression(label.get()))}</strong>
                    </p>
                    <p class="small soft">
                        {sight}
                    </p>
                </div>
            </div>
            <Bars probabilities />
            <TimelineChart track classes timeline />
            <Show when=move || live.shows_saliency.get()>
                <button
                    class="button"
                    aria-pressed=move || is_current.get().to_string()
                    data-testid="explain-face"
                    on:click=move |_| watch.chosen.set(Some(track))
                >
                    {t!("live.explain_face")}
                </button>
            </Show>
        </section>
    }
}
