//! Talking to the page.

use js_sys::global;
use mien_app::comparing::Reply;
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
