//! What the page's address asks for.

use leptos::prelude::window;
use mien_engine::backend::Backend;
use web_sys::UrlSearchParams;

/// The backend that `?backend=cpu` or `?backend=webgpu` forces.
pub fn asked_backend() -> Option<Backend> {
    let query = window().location().search().ok()?;
    let name = UrlSearchParams::new_with_str(&query).ok()?.get("backend")?;
    Backend::from_name(&name)
}
