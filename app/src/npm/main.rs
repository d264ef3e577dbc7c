//! The engine as the npm package `mien` runs it. `app/npm/mien.js` is what callers see: it starts this
//! program, keeps calls in order and turns errors into its own.

mod answers;
mod arguments;
mod face;
mod fault;
mod session;

use std::panic;

use js_sys::{Function, Promise};
use mien_app::host::pixels;
use send_wrapper::SendWrapper;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::future_to_promise;

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

/// A promise of the picture, an `ImageBitmap`, that a source shows now: an `async` function would look
/// later. The source is left as it is.
#[wasm_bindgen]
pub fn capture(source: &JsValue) -> Promise {
    let bitmap = pixels::bitmap(source);
    future_to_promise(async { Ok(bitmap.await.map_err(Fault::from)?.into()) })
}
