//! From what the page sends to pixels.

use mien_app::host::pixels::{bitmap, photo};
use mien_app::protocol::Failure;
use mien_engine::photo::Photo;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::ImageBitmap;

/// Decodes a `Blob` with an image file, or reads an `ImageBitmap`, which is closed.
pub async fn read(picture: JsValue) -> Result<Photo, Failure> {
    let bitmap = match picture.dyn_into::<ImageBitmap>() {
        Ok(bitmap) => bitmap,
        Err(file) => bitmap(&file).await?,
    };
    Ok(photo(bitmap).await?)
}
