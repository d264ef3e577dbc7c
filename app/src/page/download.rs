//! Results as a file.

use js_sys::Array;
use leptos::prelude::*;
use mien_engine::report::{FaceReport, Outcome, PhotoReport};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

use crate::store::{Photo, PhotoState, Store};

/// Name of the file.
const FILE: &str = "mien-results.json";

/// Offers what is known of all photos as a JSON file.
pub fn json(store: Store) {
    let photos = store.photos.get_untracked();
    let reports: Vec<_> = photos.iter().filter_map(report).collect();
    // Numbers, names and words: nothing that JSON could not say, and a download that the browser
    // refuses is its own affair.
    if let Ok(text) = serde_json::to_string_pretty(&reports) {
        let _ = save(&text);
    }
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

fn save(text: &str) -> Result<(), JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type("application/json");
    let blob = Blob::new_with_str_sequence_and_options(&Array::of1(&text.into()), &options)?;
    let url = Url::create_object_url_with_blob(&blob)?;
    let link: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    link.set_href(&url);
    link.set_download(FILE);
    link.click();
    Url::revoke_object_url(&url)
}
