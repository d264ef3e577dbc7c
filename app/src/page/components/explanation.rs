use std::sync::Arc;

use leptos::prelude::*;
use leptos::reactive::spawn_local_scoped_with_cancellation;
use mien_app::protocol::Failure;
use mien_engine::explain::{OcclusionMap, OcclusionOptions};
use mien_engine::pipeline::FaceReading;

use super::overlay::Overlays;
use super::saliency::Saliency;
use crate::i18n::t;
use crate::store::use_store;
use crate::words;

/// How far an explanation is.
#[derive(Clone)]
enum State {
    Working,
    Done(Arc<OcclusionMap>),
    Failed(Failure),
}

/// Why the network thinks so: the occlusion map of a face.
#[component]
pub fn Explanation(
    face: FaceReading,
    /// Position among the photo's faces.
    index: usize,
    /// The maps laid over the photo.
    overlays: Overlays,
) -> impl IntoView {
    let store = use_store();
    let state = RwSignal::new(State::Working);
    let crop = face.crop.clone();
    let ask = move || {
        state.set(State::Working);
        let crop = crop.clone();
        let client = store.client();
        // Taken back when the card closes.
        spawn_local_scoped_with_cancellation(async move {
            let options = OcclusionOptions::default();
            let answer = match client.explain(crop, options).await {
                Ok((map, _)) => State::Done(Arc::new(map)),
                Err(failure) => State::Failed(failure),
            };
            state.set(answer);
        });
    };
    ask();
    let face = StoredValue::new(face);
    let ask = StoredValue::new_local(ask);
    let part = move || match state.get() {
        State::Working => view! {
            <p class="soft">{t!("explain.working")}</p>
            <progress aria-label=t!("explain.working")></progress>
        }
        .into_any(),
        State::Done(map) => {
            view! { <Saliency face=face.get_value() map index overlays /> }.into_any()
        }
        State::Failed(failure) => view! {
            <div class="message error">
                <p>{format!("{} {}", t!("explain.none"), words::failure(&failure))}</p>
                <button class="button" on:click=move |_| ask.with_value(|ask| ask())>
                    {t!("words.try_again")}
                </button>
            </div>
        }
        .into_any(),
    };
    view! { <div class="explanation">{part}</div> }
}
