//! What the address asks for, and what the browser keeps of the visitor's choices.

use leptos::prelude::window;
use mien_engine::backend::Backend;
use web_sys::{Storage, UrlSearchParams};

/// Before the names of all that is kept: other pages may share the origin.
const PREFIX: &str = "mien.";

/// The value that the address gives to a setting, as `?name=value`.
pub fn asked(name: &str) -> Option<String> {
    let query = window().location().search().ok()?;
    UrlSearchParams::new_with_str(&query).ok()?.get(name)
}

/// The backend that `?backend=cpu` or `?backend=webgpu` forces.
pub fn asked_backend() -> Option<Backend> {
    Backend::from_name(&asked("backend")?)
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

fn storage() -> Option<Storage> {
    window().local_storage().ok()?
}
