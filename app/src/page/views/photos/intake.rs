use gloo::events::{EventListener, EventListenerOptions};
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;
use web_sys::{ClipboardEvent, DragEvent, HtmlInputElement};

use super::files::{add_files, add_transfer};
use super::samples::Samples;
use crate::i18n::t;
use crate::store::use_store;

/// Where pictures come in.
#[component]
pub fn Intake() -> impl IntoView {
    let store = use_store();
    let input = NodeRef::<leptos::html::Input>::new();
    let is_over = listen_for_files();

    let pick = move |_| {
        if let Some(input) = input.get_untracked() {
            input.click();
        }
    };
    let picked = move |event| {
        let input: HtmlInputElement = event_target(&event);
        if let Some(files) = input.files() {
            add_files(store, files);
        }
        // So that the same file can be picked again.
        input.set_value("");
    };
    let has_photos = Memo::new(move |_| store.photos.with(|photos| !photos.is_empty()));
    view! {
        <section class="intake" class:compact=has_photos aria-labelledby="intake-title">
            <div class="drop" class:over=is_over>
                <h2 id="intake-title" class="drop-title">
                    {t!("photos.drop")}
                </h2>
                <p class="soft">{t!("photos.paste")}</p>
                <div class="drop-actions">
                    <button class="button primary" on:click=pick>
                        {t!("photos.choose")}
                    </button>
                    <a class="button" href="#live">
                        {t!("photos.use_camera")}
                    </a>
                </div>
                // The button above stands for it; it stays in the page for whoever drives it.
                <input
                    node_ref=input
                    class="visually-hidden"
                    type="file"
                    accept="image/*"
                    multiple
                    tabindex="-1"
                    aria-hidden="true"
                    data-testid="photo-input"
                    on:change=picked
                />
            </div>
            <Samples />
        </section>
    }
}

/// Takes in files dropped or pasted anywhere on the page. The signal says whether files are being
/// dragged over it.
fn listen_for_files() -> RwSignal<bool> {
    let store = use_store();
    let is_over = RwSignal::new(false);
    // Without preventing the default, the browser leaves the page to show the file.
    let options = EventListenerOptions::enable_prevent_default();
    let listeners = [
        EventListener::new_with_options(&window(), "dragover", options, move |event| {
            event.prevent_default();
            is_over.set(true);
        }),
        EventListener::new(&window(), "dragleave", move |event| {
            // Leaving an element inside the page is not leaving the page.
            let event: &DragEvent = event.unchecked_ref();
            if event.related_target().is_none() {
                is_over.set(false);
            }
        }),
        EventListener::new_with_options(&window(), "drop", options, move |event| {
            event.prevent_default();
            is_over.set(false);
            let event: &DragEvent = event.unchecked_ref();
            add_transfer(store, event.data_transfer());
        }),
        EventListener::new_with_options(&window(), "paste", options, move |event| {
            let event: &ClipboardEvent = event.unchecked_ref();
            if add_transfer(store, event.clipboard_data()) {
                event.prevent_default();
            }
        }),
    ];
    on_cleanup({
        let listeners = SendWrapper::new(listeners);
        move || drop(listeners)
    });
    is_over
}
