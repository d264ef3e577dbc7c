//! Talking to the page, and to the browser around the worker.

use js_sys::global;
use mien_app::protocol::Reply;
use mien_app::wire;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::DedicatedWorkerGlobalScope;

/// The worker's global object.
pub fn scope() -> DedicatedWorkerGlobalScope {
    global().unchecked_into()
}

/// Sends a reply to the page.
pub fn post(reply: &Reply) {
    if let Ok(parcel) = wire::pack(reply, &JsValue::UNDEFINED) {
        // Only a message that cannot be cloned is refused, and these are plain bytes.
        let _ = scope().post_message_with_transfer(&parcel.message, &parcel.transfer);
    }
}

/// Milliseconds on a clock that never goes back.
pub fn now() -> f64 {
    scope().performance().map_or(0.0, |clock| clock.now())
}

/// What an error says in words.
pub fn describe(error: &JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map_or_else(
        || format!("{error:?}"),
        |error| String::from(error.message()),
    )
}
