//! Drawing on canvases.

use js_sys::Promise;
use leptos::prelude::document;
use mien_engine::crop;
use mien_engine::geometry::Similarity;
use wasm_bindgen::{Clamped, JsCast};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

/// Side of a picture of a face, in pixels.
const SIDE: u32 = crop::SIDE as u32;

/// A canvas that is not in the page.
pub fn canvas(width: u32, height: u32) -> Option<HtmlCanvasElement> {
    let canvas: HtmlCanvasElement = document().create_element("canvas").ok()?.dyn_into().ok()?;
    canvas.set_width(width);
    canvas.set_height(height);
    Some(canvas)
}

/// The canvas's picture as a file of a media type, with a quality of 0 to 1 where that knows one.
pub async fn to_blob(canvas: &HtmlCanvasElement, kind: &str, quality: f64) -> Option<Blob> {
    let promise = Promise::new(&mut |resolve, _| {
        // Refused only for canvases that hold pictures of other origins.
        let _ = canvas.to_blob_with_type_and_encoder_options(&resolve, kind, &quality.into());
    });
    JsFuture::from(promise).await.ok()?.dyn_into().ok()
}

/// The canvas's 2D context. A browser refuses it only when it is out of memory; then nothing is
/// drawn.
pub fn context(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok()??.dyn_into().ok()
}

/// Gray values, 0 to 255, as opaque RGBA.
pub fn gray_to_rgba(pixels: &[f32]) -> Vec<u8> {
    pixels
        .iter()
        .flat_map(|&value| {
            let gray = value.round() as u8;
            [gray, gray, gray, 255]
        })
        .collect()
}

/// A canvas with a picture the size of a face crop, `[48, 48, 4]` RGBA, to be drawn elsewhere at
/// any size.
pub fn tile(rgba: &[u8]) -> Option<HtmlCanvasElement> {
    let canvas = canvas(SIDE, SIDE)?;
    let data = ImageData::new_with_u8_clamped_array(Clamped(rgba), SIDE).ok()?;
    context(&canvas)?.put_image_data(&data, 0.0, 0.0).ok()?;
    Some(canvas)
}

/// Puts a picture the size of a face crop onto a canvas of that size, pixel by pixel.
pub fn exactly(canvas: &HtmlCanvasElement, rgba: &[u8]) {
    let data = ImageData::new_with_u8_clamped_array(Clamped(rgba), SIDE).ok();
    if let (Some(context), Some(data)) = (context(canvas), data) {
        // Fails for a context that is lost only.
        let _ = context.put_image_data(&data, 0.0, 0.0);
    }
}

/// Draws a tile over the whole canvas.
pub fn fill(canvas: &HtmlCanvasElement, rgba: &[u8], opacity: f64) {
    let [width, height] = [canvas.width(), canvas.height()].map(f64::from);
    if let (Some(context), Some(tile)) = (context(canvas), tile(rgba)) {
        context.set_global_alpha(opacity);
        // Fails only for a tile without pixels.
        let _ = context
            .draw_image_with_html_canvas_element_and_dw_and_dh(&tile, 0.0, 0.0, width, height);
        context.set_global_alpha(1.0);
    }
}

/// Draws a tile where `place` takes it, scaled by `scale`.
pub fn lay(canvas: &HtmlCanvasElement, rgba: &[u8], opacity: f64, place: &Similarity, scale: f64) {
    if let (Some(context), Some(tile)) = (context(canvas), tile(rgba)) {
        let [a, b, x, y] =
            [place.a, place.b, place.shift.x, place.shift.y].map(|value| f64::from(value) * scale);
        context.set_global_alpha(opacity);
        // Fails only for a tile without pixels, and for a context that is lost.
        let _ = context.set_transform(a, b, -b, a, x, y);
        let _ = context.draw_image_with_html_canvas_element(&tile, 0.0, 0.0);
        let _ = context.reset_transform();
        context.set_global_alpha(1.0);
    }
}

/// Makes a canvas blank.
pub fn clear(canvas: &HtmlCanvasElement) {
    if let Some(context) = context(canvas) {
        context.clear_rect(0.0, 0.0, canvas.width().into(), canvas.height().into());
    }
}
