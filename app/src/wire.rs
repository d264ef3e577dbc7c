//! How messages travel: `[version, bytes, attachment]`, the bytes in postcard's encoding. Buffers
//! and bitmaps are handed over, not copied.

use js_sys::{Array, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::ImageBitmap;

use crate::protocol::VERSION;

/// Why a message cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WireError {
    /// It is of another version: reload the page.
    #[error("the message is of another version than {VERSION}")]
    Version,
    /// It is no message at all.
    #[error("the message cannot be read")]
    Malformed,
}

/// A message ready for `postMessage`.
#[derive(Debug)]
pub struct Parcel {
    /// The message.
    pub message: JsValue,
    /// What is handed over with it.
    pub transfer: JsValue,
}

/// Packs a message with its attachment, which may be `undefined`.
pub fn pack<T: Serialize>(message: &T, attachment: &JsValue) -> Result<Parcel, WireError> {
    let bytes = postcard::to_allocvec(message).map_err(|_| WireError::Malformed)?;
    let bytes = Uint8Array::from(bytes.as_slice());
    let transfer = Array::of1(&bytes.buffer());
    if attachment.is_instance_of::<ImageBitmap>() {
        transfer.push(attachment);
    }
    let message = Array::of3(&VERSION.into(), &bytes, attachment);
    Ok(Parcel {
        message: message.into(),
        transfer: transfer.into(),
    })
}

/// Reads a message and its attachment.
pub fn unpack<T: DeserializeOwned>(data: &JsValue) -> Result<(T, JsValue), WireError> {
    let parts: &Array = data.dyn_ref().ok_or(WireError::Malformed)?;
    if parts.get(0).as_f64() != Some(f64::from(VERSION)) {
        return Err(WireError::Version);
    }
    let bytes: Uint8Array = parts.get(1).dyn_into().map_err(|_| WireError::Malformed)?;
    let message = postcard::from_bytes(&bytes.to_vec()).map_err(|_| WireError::Malformed)?;
    Ok((message, parts.get(2)))
}
