use leptos::prelude::*;
use mien_app::words;

use crate::store::{EngineState, use_store};

/// How far the networks have come, while they come.
#[component]
pub fn Loading() -> impl IntoView {
    let store = use_store();
    let loading = move || match store.engine.get() {
        EngineState::Loading { loaded, total } => Some((loaded, total)),
        EngineState::Ready(_) | EngineState::Stopped(_) => None,
    };
    let bar = move || {
        loading().map(|(loaded, total)| {
            let [loaded_words, total_words] = [loaded, total].map(words::megabytes);
            view! {
                <progress
                    max=total.max(1).to_string()
                    value=loaded.to_string()
                    aria-label="Networks loaded"
                ></progress>
                <p class="small soft number">
                    {format!("Loading the networks: {loaded_words} of {total_words}")}
                </p>
            }
        })
    };
    view! { <div class="status">{bar}</div> }
}
