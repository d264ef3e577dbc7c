//! Saliency maps laid over the faces in a photo.

use std::collections::BTreeMap;
use std::sync::Arc;

use leptos::html::Canvas;
use leptos::prelude::*;
use mien_app::protocol::PhotoReading;
use mien_engine::geometry::Similarity;
use web_sys::HtmlCanvasElement;

use crate::paint;

/// A map as it lies over one face.
#[derive(Clone, PartialEq)]
pub struct Overlay {
    /// `[48, 48, 4]` RGBA.
    pub colours: Arc<[u8]>,
    /// 0 to 1.
    pub opacity: f64,
    /// From crop pixels to photo pixels.
    pub to_photo: Similarity,
}

impl Overlay {
    /// Draws it onto a picture of the photo that is `scale` times as large.
    pub fn lay(&self, canvas: &HtmlCanvasElement, scale: f64) {
        paint::lay(canvas, &self.colours, self.opacity, &self.to_photo, scale);
    }
}

/// The maps over one photo, by the number of the face.
pub type Overlays = RwSignal<BTreeMap<usize, Overlay>>;

/// More pixels than a screen shows would only take memory.
const LONGEST_SIDE: f64 = 1600.0;

/// The maps over a photo.
#[component]
pub fn OnPhoto(reading: Arc<PhotoReading>, overlays: Overlays) -> impl IntoView {
    let size = [reading.width, reading.height].map(|side| side as f64);
    let scale = (LONGEST_SIDE / size[0].max(size[1])).min(1.0);
    let [width, height] = size.map(|side| (side * scale).round().max(1.0) as u32);
    let canvas = NodeRef::<Canvas>::new();
    Effect::new(move |_| {
        if let Some(canvas) = canvas.get() {
            paint::clear(&canvas);
            for overlay in overlays.get().values() {
                overlay.lay(&canvas, scale);
            }
        }
    });
    view! {
        <canvas
            node_ref=canvas
            class="laid-over"
            width=width.to_string()
            height=height.to_string()
            aria-hidden="true"
            data-testid="saliency-on-photo"
        ></canvas>
    }
}
