//! From pictures in the browser to upright pixels. The browser decodes: it knows more formats than
//! we ever could, and turns photos as their EXIF orientation says.

use js_sys::TypeError;
use mien_engine::photo::{Photo, PhotoError};
use thiserror::Error;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    DomException, ImageBitmap, ImageBitmapOptions, ImageOrientation, OffscreenCanvas,
    OffscreenCanvasRenderingContext2d, PremultiplyAlpha, ResizeQuality,
};

use super::browser::create_image_bitmap;
use crate::protocol::Failure;

/// Larger pictures are scaled down to this many pixels. The engine would take more, but memory
/// once taken is never given back by wasm, and faces are looked for at a small scale anyway.
const MAX_PIXELS: f64 = 16e6;

/// Why a picture has no pixels for us.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PictureError {
    /// The browser takes no pictures from such a thing: pass another.
    #[error("pictures cannot be taken from this kind of value")]
    NotAPicture,
    /// There is no picture, or not yet: choose another, or wait until it has loaded.
    #[error("there is no picture that the browser can read, or it has not loaded yet")]
    Unreadable,
    /// The picture comes from a host that does not share it: ask for it with CORS.
    #[error("the picture comes from another origin, which does not let its pixels be read")]
    CrossOrigin,
    /// There was no memory for the picture: choose a smaller one.
    #[error("there is not enough memory for this picture")]
    TooLarge,
    /// The browser gave other pixels than it was asked for.
    #[error(transparent)]
    Pixels(#[from] PhotoError),
}

impl From<PictureError> for Failure {
    fn from(error: PictureError) -> Self {
        match error {
            PictureError::TooLarge => Self::TooLarge,
            PictureError::Pixels(error) => Self::Engine(error.to_string()),
            PictureError::NotAPicture | PictureError::Unreadable | PictureError::CrossOrigin => {
                Self::Unreadable
            }
        }
    }
}

/// The picture of whatever the browser takes pictures from: a `Blob` with an image file, a canvas,
/// an image, a video's present frame, another bitmap, which is left as it is. It is the picture of
/// now, whenever the future is waited for.
pub fn bitmap(source: &JsValue) -> impl Future<Output = Result<ImageBitmap, PictureError>> + use<> {
    let options = ImageBitmapOptions::new();
    options.set_image_orientation(ImageOrientation::FromImage);
    options.set_premultiply_alpha(PremultiplyAlpha::None);
    let refused = |error: JsValue| {
        if error.is_instance_of::<TypeError>() {
            PictureError::NotAPicture
        } else {
            PictureError::Unreadable
        }
    };
    let promise = create_image_bitmap(source, &options);
    async move {
        let promise = promise.map_err(refused)?;
        let bitmap = JsFuture::from(promise).await.map_err(refused)?;
        Ok(bitmap.unchecked_into())
    }
}

/// The pixels of a bitmap, of a large one as many as can be handled. It is closed.
pub async fn photo(bitmap: ImageBitmap) -> Result<Photo, PictureError> {
    let bitmap = within_limit(bitmap).await?;
    let photo = pixels(&bitmap);
    bitmap.close();
    photo
}

async fn within_limit(bitmap: ImageBitmap) -> Result<ImageBitmap, PictureError> {
    let size = [bitmap.width(), bitmap.height()];
    let wanted = size_within(size, MAX_PIXELS);
    if wanted == size {
        return Ok(bitmap);
    }
    let options = ImageBitmapOptions::new();
    options.set_resize_width(wanted[0]);
    options.set_resize_height(wanted[1]);
    options.set_resize_quality(ResizeQuality::High);
    let no_memory = |_| PictureError::TooLarge;
    let promise = create_image_bitmap(&bitmap, &options).map_err(no_memory)?;
    let smaller = JsFuture::from(promise).await.map_err(no_memory)?;
    bitmap.close();
    Ok(smaller.unchecked_into())
}

fn pixels(bitmap: &ImageBitmap) -> Result<Photo, PictureError> {
    let [width, height] = [bitmap.width(), bitmap.height()];
    let no_memory = |_| PictureError::TooLarge;
    let context: OffscreenCanvasRenderingContext2d = OffscreenCanvas::new(width, height)
        .and_then(|canvas| canvas.get_context("2d"))
        .map_err(no_memory)?
        .ok_or(PictureError::TooLarge)?
        .unchecked_into();
    context
        .draw_image_with_image_bitmap(bitmap, 0.0, 0.0)
        .map_err(no_memory)?;
    let [columns, rows] = [width, height].map(f64::from);
    let data = context.get_image_data(0.0, 0.0, columns, rows);
    let data = data.map_err(|error| {
        let exception = error.dyn_ref::<DomException>();
        if exception.is_some_and(|exception| exception.name() == "SecurityError") {
            PictureError::CrossOrigin
        } else {
            PictureError::TooLarge
        }
    })?;
    Ok(Photo::new(width as usize, height as usize, data.data().0)?)
}

/// Width and height with the same shape and at most `most` pixels.
fn size_within(size: [u32; 2], most: f64) -> [u32; 2] {
    let [width, height] = size.map(f64::from);
    let scale = (most / (width * height)).sqrt().min(1.0);
    [width, height].map(|side| ((side * scale) as u32).max(1))
}
