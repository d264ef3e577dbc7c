//! The engine as the npm package `mien` runs it. `app/npm/mien.js` is what callers see: it starts this
//! program, keeps calls in order and turns errors into its own.

mod answers;
mod arguments;
mod face;
mod fault;
mod session;

use std::panic;

use js_sys::Function;
use mien_app::host::pixels;
use send_wrapper::SendWrapper;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::ImageBitmap;

use fault::Fault;

/// Only what is exported is called.
fn main() {}

/// `callback` is told in words of a panic, after which nothing here can be used any more: whoever
/// waits for an answer has to be told.
#[wasm_bindgen(js_name = onCrash)]
pub fn on_crash(callback: Function) {
    let callback = SendWrapper::new(callback);
    panic::set_hook(Box::new(move |panic| {
        let words = JsValue::from(panic.to_string());
        // It comes from our own module and does not throw.
        let _ = callback.call1(&JsValue::UNDEFINED, &words);
    }));
}

/// The picture that a source shows now. The source is left as it is.
#[wasm_bindgen]
pub async fn capture(source: JsValue) -> Result<ImageBitmap, JsValue> {
    let bitmap = pixels::bitmap(&source).await;
    Ok(bitmap.map_err(Fault::from)?)
}
