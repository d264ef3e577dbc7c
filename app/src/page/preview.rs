//! Small pictures of photos.

use gloo::file::{Blob, ObjectUrl};
use leptos::prelude::window;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    HtmlCanvasElement, ImageBitmap, ImageBitmapOptions, ImageOrientation, ResizeQuality,
};

use crate::paint;

/// Longest side of the picture that is shown alone, in pixels.
const PICTURE_SIDE: f64 = 1600.0;
/// Longest side of the picture that is shown among many.
const THUMBNAIL_SIDE: f64 = 320.0;
const QUALITY: f64 = 0.85;

/// A photo at the sizes in which it is shown. The URLs are given back when it is dropped.
pub struct Preview {
    /// To be shown alone.
    pub picture: ObjectUrl,
    /// To be shown among many.
    pub thumbnail: ObjectUrl,
}

impl Preview {
    /// Makes the pictures of an image file whose upright picture has the shape `[width, height]`.
    /// `None` where there is no memory for it.
    pub async fn new(file: &web_sys::Blob, shape: [usize; 2]) -> Option<Self> {
        let [width, height] = within(shape, PICTURE_SIDE);
        let options = ImageBitmapOptions::new();
        options.set_image_orientation(ImageOrientation::FromImage);
        options.set_resize_width(width);
        options.set_resize_height(height);
        options.set_resize_quality(ResizeQuality::High);
        let bitmap = window()
            .create_image_bitmap_with_blob_and_image_bitmap_options(file, &options)
            .ok()?;
        let bitmap: ImageBitmap = JsFuture::from(bitmap).await.ok()?.unchecked_into();
        let picture = encode(&bitmap, [width, height]).await;
        let thumbnail = encode(&bitmap, within(shape, THUMBNAIL_SIDE)).await;
        bitmap.close();
        Some(Self {
            picture: picture?,
            thumbnail: thumbnail?,
        })
    }
}

async fn encode(bitmap: &ImageBitmap, [width, height]: [u32; 2]) -> Option<ObjectUrl> {
    let canvas: HtmlCanvasElement = paint::canvas(width, height)?;
    let context = paint::context(&canvas)?;
    let [columns, rows] = [width, height].map(f64::from);
    // What is transparent is read as white, and shown so.
    context.set_fill_style_str("#fff");
    context.fill_rect(0.0, 0.0, columns, rows);
    context
        .draw_image_with_image_bitmap_and_dw_and_dh(bitmap, 0.0, 0.0, columns, rows)
        .ok()?;
    let blob = paint::to_blob(&canvas, "image/jpeg", QUALITY).await?;
    Some(ObjectUrl::from(Blob::from(blob)))
}

/// Width and height of the same shape whose longer side is at most `longest`.
fn within(shape: [usize; 2], longest: f64) -> [u32; 2] {
    let [width, height] = shape.map(|side| side as f64);
    let scale = (longest / width.max(height)).min(1.0);
    [width, height].map(|side| (side * scale).round().max(1.0) as u32)
}
