//! Photos and the faces in them.

mod annotate;
mod export;
mod files;
mod gallery;
mod intake;
mod photo;
mod samples;
mod status;
mod toolbar;

use leptos::prelude::*;

use crate::store::use_store;
use gallery::Gallery;
use photo::Selected;
use toolbar::Toolbar;

pub use intake::Intake;
pub use status::Status;

/// Where photos come in, and what is read in them.
#[component]
pub fn Photos() -> impl IntoView {
    let store = use_store();
    let count = Memo::new(move |_| store.photos.with(Vec::len));
    view! {
        <Intake />
        <Status />
        <Show when=move || { count.get() > 0 }>
            <Toolbar />
        </Show>
        <Show when=move || { count.get() > 1 }>
            <Gallery />
        </Show>
        <Selected />
    }
}
