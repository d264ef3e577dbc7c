//! From what the page sends to upright pixels. The browser decodes: it knows more formats than
//! we ever could, and turns photos as their EXIF orientation says.

use mien_app::protocol::Failure;
use mien_engine::photo::Photo;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, ImageBitmap, ImageBitmapOptions, ImageOrientation, OffscreenCanvas,
    OffscreenCanvasRenderingContext2d, PremultiplyAlpha, ResizeQuality,
};

use crate::post::scope;

/// Larger pictures are scaled down to this many pixels. The engine would take more, but memory
/// once taken is never given back by wasm, and faces are looked for at a small scale anyway.
const MAX_PIXELS: f64 = 16e6;

/// Decodes a `Blob` with an image file, or reads an `ImageBitmap`, which is closed.
pub async fn read(picture: JsValue) -> Result<Photo, Failure> {
    let bitmap = match picture.dyn_into::<ImageBitmap>() {
        Ok(bitmap) => bitmap,
        Err(other) => {
            let file: Blob = other.dyn_into().map_err(|_| Failure::Unreadable)?;
            decode(&file).await?
        }
    };
    let bitmap = within_limit(bitmap).await?;
    let photo = pixels(&bitmap);
    bitmap.close();
    photo
}

async fn decode(file: &Blob) -> Result<ImageBitmap, Failure> {
    let options = ImageBitmapOptions::new();
    options.set_image_orientation(ImageOrientation::FromImage);
    options.set_premultiply_alpha(PremultiplyAlpha::None);
    let promise = scope()
        .create_image_bitmap_with_blob_and_image_bitmap_options(file, &options)
        .map_err(|_| Failure::Unreadable)?;
    let bitmap = JsFuture::from(promise)
        .await
        .map_err(|_| Failure::Unreadable)?;
    Ok(bitmap.unchecked_into())
}

async fn within_limit(bitmap: ImageBitmap) -> Result<ImageBitmap, Failure> {
    let size = [bitmap.width(), bitmap.height()];
    let wanted = size_within(size, MAX_PIXELS);
    if wanted == size {
        return Ok(bitmap);
    }
    let options = ImageBitmapOptions::new();
    options.set_resize_width(wanted[0]);
    options.set_resize_height(wanted[1]);
    options.set_resize_quality(ResizeQuality::High);
    let promise = scope()
        .create_image_bitmap_with_image_bitmap_and_image_bitmap_options(&bitmap, &options)
        .map_err(|_| Failure::TooLarge)?;
    let smaller = JsFuture::from(promise)
        .await
        .map_err(|_| Failure::TooLarge)?;
    bitmap.close();
    Ok(smaller.unchecked_into())
}

fn pixels(bitmap: &ImageBitmap) -> Result<Photo, Failure> {
    let [width, height] = [bitmap.width(), bitmap.height()];
    let no_memory = |_| Failure::TooLarge;
    let context: OffscreenCanvasRenderingContext2d = OffscreenCanvas::new(width, height)
        .and_then(|canvas| canvas.get_context("2d"))
        .map_err(no_memory)?
        .ok_or(Failure::TooLarge)?
        .unchecked_into();
    context
        .draw_image_with_image_bitmap(bitmap, 0.0, 0.0)
        .map_err(no_memory)?;
    let [columns, rows] = [width, height].map(f64::from);
    let data = context
        .get_image_data(0.0, 0.0, columns, rows)
        .map_err(no_memory)?;
    Photo::new(width as usize, height as usize, data.data().0)
        .map_err(|error| Failure::Engine(error.to_string()))
}

/// Width and height with the same shape and at most `most` pixels.
fn size_within(size: [u32; 2], most: f64) -> [u32; 2] {
    let [width, height] = size.map(f64::from);
    let scale = (most / (width * height)).sqrt().min(1.0);
    [width, height].map(|side| ((side * scale) as u32).max(1))
}
