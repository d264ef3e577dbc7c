//! What the browser offers to pages and workers under the same names.

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::ImageBitmapOptions;

#[wasm_bindgen]
extern "C" {
    /// A promise of a response.
    #[wasm_bindgen(js_name = fetch)]
    pub(super) fn fetch(url: &str) -> Promise;

    /// A promise of a bitmap; `source` is whatever the browser takes pictures from.
    #[wasm_bindgen(js_name = createImageBitmap, catch)]
    pub(super) fn create_image_bitmap(
        source: &JsValue,
        options: &ImageBitmapOptions,
    ) -> Result<Promise, JsValue>;

    /// A promise of a hash; fails where the browser does not offer it.
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], catch)]
    pub(super) fn digest(algorithm: &str, bytes: &[u8]) -> Result<Promise, JsValue>;

    /// Calls `held` when this page or worker has the lock of that name, which it keeps until the
    /// promise that `held` gives is fulfilled, or until it ends, however it ends. Fails where the
    /// browser has no locks.
    #[wasm_bindgen(js_namespace = ["navigator", "locks"], js_name = request, catch)]
    pub fn request_lock(name: &str, held: &Function) -> Result<Promise, JsValue>;

    /// Milliseconds on a clock that never goes back.
    #[must_use]
    #[wasm_bindgen(js_namespace = performance)]
    pub fn now() -> f64;
}

/// What an error says in words.
pub(super) fn describe(error: &JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map_or_else(
        || format!("{error:?}"),
        |error| String::from(error.message()),
    )
}
