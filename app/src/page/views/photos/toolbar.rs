use leptos::prelude::*;
use leptos::task::spawn_local;
use mien_app::protocol::Failure;

use super::export;
use crate::i18n::t;
use crate::photo::PhotoState;
use crate::store::use_store;

/// What can be done with all photos together: stop and resume reading, copy, save, remove.
#[component]
pub fn Toolbar() -> impl IntoView {
    let store = use_store();
    // How many are being read, and how many were given up.
    let counts = Memo::new(move |_| {
        store.photos.with(|photos| {
            photos.iter().fold([0, 0], |[working, cancelled], photo| {
                match photo.state.get() {
                    PhotoState::Working => [working + 1, cancelled],
                    PhotoState::Failed(Failure::Cancelled) => [working, cancelled + 1],
                    PhotoState::Done(_) | PhotoState::Failed(_) => [working, cancelled],
                }
            })
        })
    });
    let working = move || counts.get()[0];
    let progress = move || {
        let all = store.photos.with(Vec::len);
        (working() > 0).then(|| {
            view! {
                <div class="reading-progress">
                    <progress
                        max=all.to_string()
                        value=(all - working().min(all)).to_string()
                        aria-label=t!("photos.progress")
                    ></progress>
                    <button
                        class="button"
                        data-testid="cancel"
                        on:click=move |_| store.cancel_readings()
                    >
                        {t!("photos.cancel")}
                    </button>
                </div>
            }
        })
    };
    let resume = move || {
        (working() == 0 && counts.get()[1] > 0).then(|| {
            view! {
                <button
                    class="button"
                    data-testid="resume"
                    on:click=move |_| store.read_failed(|failure| *failure == Failure::Cancelled)
                >
                    {t!("photos.resume")}
                </button>
            }
        })
    };
    // What came of copying.
    let copied = RwSignal::new(None::<bool>);
    let copy = move |_| {
        copied.set(None);
        spawn_local(async move { copied.set(Some(export::copy(store).await)) });
    };
    let copied_words = move || match copied.get() {
        None => String::new(),
        Some(true) => t!("photos.copied"),
        Some(false) => t!("photos.not_copied"),
    };
    view! {
        <div class="toolbar">
            {progress} {resume}
            <div class="section-actions">
                <button class="button" data-testid="copy" on:click=copy>
                    {t!("photos.copy")}
                </button>
                <button
                    class="button"
                    data-testid="download-csv"
                    on:click=move |_| export::csv(store)
                >
                    {t!("photos.csv")}
                </button>
                <button
                    class="button"
                    data-testid="download-json"
                    on:click=move |_| export::json(store)
                >
                    {t!("photos.json")}
                </button>
                <button
                    class="button quiet"
                    data-testid="remove-all"
                    on:click=move |_| store.remove_photos()
                >
                    {t!("photos.remove_all")}
                </button>
            </div>
            <p class="small" role="status">
                {copied_words}
            </p>
        </div>
    }
}
