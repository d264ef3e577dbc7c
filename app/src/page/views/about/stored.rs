use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::i18n::t;
use crate::offline::{self, Offline};
use crate::settings;
use crate::store::use_store;

/// What is kept on the device, and the way to have it forgotten.
#[component]
pub fn Stored() -> impl IntoView {
    let store = use_store();
    let is_forgotten = RwSignal::new(false);
    let forget = move |_| {
        settings::forget();
        spawn_local(async move {
            offline::forget(store).await;
            is_forgotten.set(true);
        });
    };
    let ready = move || {
        let is_kept = !matches!(store.offline.get(), Offline::No);
        is_kept.then(|| view! { <p data-testid="offline-ready">{t!("about.offline_ready")}</p> })
    };
    let kept = move || {
        is_forgotten.track();
        let kept = settings::kept();
        (!kept.is_empty()).then(|| {
            let kept = kept.into_iter();
            let choices = kept.map(|(name, value)| {
                view! { <li data-testid="kept" data-name=name.clone()>{format!("{name}: {value}")}</li> }
            });
            view! {
                <p>{t!("about.kept")}</p>
                <ul>{choices.collect_view()}</ul>
            }
        })
    };
    view! {
        <h3>{t!("about.stored_title")}</h3>
        <p>{t!("about.pictures")}</p>
        <p>{t!("about.stored")}</p>
        {kept}
        {ready}
        <button class="button" data-testid="forget" on:click=forget>
            {t!("about.forget")}
        </button>
        <p role="status">{move || is_forgotten.get().then(|| t!("about.forgotten"))}</p>
    }
}
