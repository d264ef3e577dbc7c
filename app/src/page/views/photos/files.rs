//! How photos come in: as files that are dropped, pasted or picked, or as samples.

use gloo::file::{Blob, FileList};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{DataTransfer, Response};

use crate::store::Store;

/// Adds every file of a list. What is no picture is added too: the engine says so, and the visitor
/// sees which file it was.
pub fn add_files(store: Store, files: web_sys::FileList) {
    for file in FileList::from(files).iter() {
        store.add_photo(&file.name(), Blob::from(file.clone()));
    }
}

/// Adds the files that were dropped or pasted; whether there were any.
pub fn add_transfer(store: Store, transfer: Option<DataTransfer>) -> bool {
    let files = transfer
        .and_then(|transfer| transfer.files())
        .filter(|files| files.length() > 0);
    let has_files = files.is_some();
    if let Some(files) = files {
        add_files(store, files);
    }
    has_files
}

/// Fetches a sample from the site and adds it.
pub fn add_sample(store: Store, name: String, url: String) {
    spawn_local(async move {
        let blob = fetch_blob(&url).await;
        // An empty file fails as any unreadable one, under its name.
        let blob = blob.unwrap_or_else(|| Blob::new_with_options("", None));
        store.add_photo(&name, blob);
    });
}

async fn fetch_blob(url: &str) -> Option<Blob> {
    let response = JsFuture::from(window().fetch_with_str(url)).await.ok()?;
    let response: Response = response.unchecked_into();
    if !response.ok() {
        return None;
    }
    let blob = JsFuture::from(response.blob().ok()?).await.ok()?;
    Some(Blob::from(blob.unchecked_into::<web_sys::Blob>()))
}
