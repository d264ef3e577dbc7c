//! A photo with its boxes and readings drawn into it.

use mien_app::protocol::PhotoReading;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlImageElement};

use crate::components::overlay::Overlay;
use crate::download;
use crate::i18n::expression;
use crate::paint;
use crate::words;

/// The colours of boxes and tags, as in `app/styles/tokens.css`.
const MARK: &str = "#ffe945";
const MARK_INK: &str = "#00204d";

/// Offers the photo as it is shown, with saliency maps, boxes and readings, as PNG.
pub async fn save(
    image: HtmlImageElement,
    name: &str,
    reading: &PhotoReading,
    overlays: Vec<Overlay>,
) {
    if let Some(canvas) = draw(&image, reading, &overlays)
        && let Some(blob) = paint::to_blob(&canvas, "image/png", 1.0).await
    {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        download::blob_as(&format!("{stem}-mien.png"), &blob);
    }
}

fn draw(
    image: &HtmlImageElement,
    reading: &PhotoReading,
    overlays: &[Overlay],
) -> Option<HtmlCanvasElement> {
    let canvas = paint::canvas(image.natural_width(), image.natural_height())?;
    let context = paint::context(&canvas)?;
    context
        .draw_image_with_html_image_element(image, 0.0, 0.0)
        .ok()?;
    let scale = f64::from(canvas.width()) / reading.width as f64;
    for overlay in overlays {
        overlay.lay(&canvas, scale);
    }
    let text = (f64::from(canvas.width().max(canvas.height())) / 60.0).max(12.0);
    for face in &reading.faces {
        let bounds = face.face.bounds;
        let place = [bounds.x, bounds.y, bounds.width, bounds.height];
        let tag = format!(
            "{} {}",
            expression(face.label()),
            words::percent(face.confidence())
        );
        draw_face(
            &context,
            place.map(|side| f64::from(side) * scale),
            &tag,
            text,
        );
    }
    Some(canvas)
}

fn draw_face(context: &CanvasRenderingContext2d, place: [f64; 4], tag: &str, text: f64) {
    let [x, y, width, height] = place;
    let line = (text / 6.0).max(2.0);
    for (colour, stroke) in [(MARK_INK, 2.0 * line), (MARK, line)] {
        context.set_stroke_style_str(colour);
        context.set_line_width(stroke);
        context.stroke_rect(x, y, width, height);
    }
    context.set_font(&format!("600 {text}px system-ui, sans-serif"));
    let tag_width = context
        .measure_text(tag)
        .map_or(width, |measured| measured.width())
        + text;
    let tag_height = text * 1.6;
    // Above the box, or inside where there is no room above it.
    let top = if y >= tag_height { y - tag_height } else { y };
    context.set_fill_style_str(MARK);
    context.fill_rect(x, top, tag_width, tag_height);
    context.set_fill_style_str(MARK_INK);
    // Fails for a context that is lost only.
    let _ = context.fill_text(tag, x + text / 2.0, top + text * 1.15);
}
