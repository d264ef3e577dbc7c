use leptos::prelude::*;

use crate::i18n::t;
use crate::store::{EngineState, use_store};
use crate::words;

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
            let [so_far, all] = [loaded, total].map(words::megabytes);
            view! {
                <progress
                    max=total.max(1).to_string()
                    value=loaded.to_string()
                    aria-label=t!("engine.loaded")
                ></progress>
                <p class="small soft number">
                    {t!("engine.loading", loaded = so_far, total = all)}
                </p>
            }
        })
    };
    view! { <div class="loading">{bar}</div> }
}
