//! What the address asks for, and what the browser keeps of the visitor's choices.

use leptos::prelude::window;
use mien_engine::backend::Backend;
use wasm_bindgen::JsValue;
use web_sys::{Storage, Url};

/// Before the names of all that is kept: other pages may share the origin.
const PREFIX: &str = "mien.";

/// The value that the address gives to a setting, as `?name=value`.
pub fn asked(name: &str) -> Option<String> {
    address()?.search_params().get(name)
}

/// The backend that `?backend=cpu` or `?backend=webgpu` forces.
pub fn asked_backend() -> Option<Backend> {
    Backend::from_name(&asked("backend")?)
}

/// A setting as the address gives it, or as it was chosen last.
pub fn setting(name: &str) -> Option<String> {
    asked(name).or_else(|| remembered(name))
}

/// Has the browser keep a choice, and puts it into the address, so that it can be shared.
pub fn choose(name: &str, value: &str) {
    remember(name, value);
    if let Some(address) = address() {
        address.search_params().set(name, value);
        if let Ok(history) = window().history() {
            // Refused only for another origin, and for pages that change it all the time.
            let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address.href()));
        }
    }
}

/// What the browser has kept of an earlier choice.
pub fn remembered(name: &str) -> Option<String> {
    storage()?.get_item(&format!("{PREFIX}{name}")).ok()?
}

/// Has the browser keep a choice. Where it keeps nothing, the choice holds until the page closes.
pub fn remember(name: &str, value: &str) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(&format!("{PREFIX}{name}"), value);
    }
}

/// All choices that the browser keeps: each one's name and value, in alphabetical order.
pub fn kept() -> Vec<(String, String)> {
    let Some(storage) = storage() else {
        return Vec::new();
    };
    let count = storage.length().unwrap_or(0);
    let mut kept: Vec<_> = (0..count)
        .filter_map(|index| storage.key(index).ok()?)
        .filter_map(|key| {
            let value = storage.get_item(&key).ok()??;
            Some((key.strip_prefix(PREFIX)?.to_owned(), value))
        })
        .collect();
    kept.sort();
    kept
}

/// Has the browser forget all choices.
pub fn forget() {
    let Some(storage) = storage() else { return };
    for (name, _) in kept() {
        // Where it cannot be removed, it could not be kept either.
        let _ = storage.remove_item(&format!("{PREFIX}{name}"));
    }
}

fn address() -> Option<Url> {
    Url::new(&window().location().href().ok()?).ok()
}

fn storage() -> Option<Storage> {
    window().local_storage().ok()?
}
