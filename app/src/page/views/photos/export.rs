//! Results of all photos, as files and for the clipboard.

use leptos::prelude::*;
use mien_engine::report::{FaceReport, Outcome, PhotoReport, to_table};
use wasm_bindgen_futures::JsFuture;

use crate::download;
use crate::photo::{Photo, PhotoState};
use crate::store::Store;

/// Offers the results as JSON.
pub fn json(store: Store) {
    // Numbers, names and words: nothing that JSON could not say.
    if let Ok(json) = serde_json::to_string_pretty(&reports(store)) {
        download::text("mien-results.json", "application/json", &json);
    }
}

/// Offers the results as comma-separated values.
pub fn csv(store: Store) {
    let table = to_table(&reports(store), ',');
    download::text("mien-results.csv", "text/csv", &table);
}

/// Copies the results as a table that spreadsheets take in. Whether the browser let it.
pub async fn copy(store: Store) -> bool {
    let table = to_table(&reports(store), '\t');
    // Without a secure origin there is no clipboard at all.
    if !window().is_secure_context() {
        return false;
    }
    let written = window().navigator().clipboard().write_text(&table);
    JsFuture::from(written).await.is_ok()
}

fn reports(store: Store) -> Vec<PhotoReport> {
    let photos = store.photos.get_untracked();
    photos.iter().filter_map(report).collect()
}

/// What is told of a photo; nothing while it is being read.
fn report(photo: &Photo) -> Option<PhotoReport> {
    let outcome = match photo.state.get_untracked() {
        PhotoState::Working => return None,
        PhotoState::Failed(failure) => Outcome::Failed {
            error: failure.to_string(),
        },
        PhotoState::Done(reading) => Outcome::Read {
            width: reading.width,
            height: reading.height,
            faces: reading.faces.iter().map(FaceReport::from).collect(),
        },
    };
    Some(PhotoReport {
        photo: photo.name.to_string(),
        outcome,
    })
}
