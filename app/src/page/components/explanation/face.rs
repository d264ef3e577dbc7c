//! A layer beside its face, laid over it, and over the face in the photo.

use std::sync::Arc;

use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::html::Canvas;
use leptos::prelude::*;
use mien_engine::crop::SIDE;
use mien_engine::explain::Scale;
use mien_engine::expression::Expression;
use mien_engine::pipeline::FaceReading;
use wasm_bindgen::JsCast;
use web_sys::HtmlCanvasElement;

use super::counter_example::OPTIONS;
use super::layer::{Layer, LayerKind, subject};
use crate::components::colour_scale::ColourScale;
use crate::components::overlay::{Overlay, Overlays};
use crate::i18n::t;
use crate::paint;

/// Side of the drawn pictures in canvas pixels.
const CANVAS_SIDE: &str = "288";

/// How a layer is shown.
#[derive(Clone, Copy)]
pub struct Look {
    /// 0 to 1.
    pub opacity: RwSignal<f64>,
    /// Whether it also lies over the photo.
    pub is_on_photo: RwSignal<bool>,
    /// The face with the layer over it.
    pub canvas: NodeRef<Canvas>,
}

/// What the network sees, the layer over it, the value under the pointer or the keyboard's cursor,
/// and what the colours mean.
#[component]
pub fn LaidOver(
    face: FaceReading,
    /// There is one as long as this component is there.
    layer: Memo<Option<Layer>>,
    look: Look,
    /// Position among the photo's faces.
    index: usize,
    /// The maps laid over the photo.
    overlays: Overlays,
) -> impl IntoView {
    // Row and column of the pixel whose value is shown.
    let place = RwSignal::new(None::<[usize; 2]>);
    let target = Memo::new(move |_| layer.with(|layer| layer.as_ref()?.target()));
    let scale = Memo::new(move |_| layer.with(|layer| layer.as_ref()?.scale()));
    let colours = Memo::new(move |_| -> Arc<[u8]> {
        layer.with(|layer| layer.as_ref().map_or_else(Arc::default, Layer::paint))
    });
    let to_photo = face.crop.transform;
    keep_over_photo(index, overlays, move || {
        look.is_on_photo.get().then(|| Overlay {
            colours: colours.get(),
            opacity: look.opacity.get(),
            to_photo,
        })
    });
    let pixels: Arc<[f32]> = face.crop.pixels.into();
    let subject_words = move || target.get().map(subject).unwrap_or_default();
    let readout = move || {
        let read = |layer: &Layer| place.get().map(|place| layer.value_at(place));
        let words = layer.with(|layer| layer.as_ref().and_then(read));
        words.unwrap_or_else(|| t!("explain.point"))
    };
    view! {
        <div class="pair">
            <Seen pixels=pixels.clone() layer />
            <Over pixels layer colours look place subject=Signal::derive(subject_words) />
        </div>
        <output class="small" data-testid="saliency-value">
            {readout}
        </output>
        <Show when=move || scale.get().is_some()>
            <ColourScale
                scale=Signal::derive(move || scale.get().unwrap_or(Scale::new(1.0)))
                subject=Signal::derive(subject_words)
            />
        </Show>
    }
}

/// What the network sees; of a counter-example, what it sees once the area is covered.
#[component]
fn Seen(pixels: Arc<[f32]>, layer: Memo<Option<Layer>>) -> impl IntoView {
    let canvas = NodeRef::<Canvas>::new();
    let words = move || match layer.with(|layer| kind_of(layer.as_ref())) {
        Some(LayerKind::CounterExample) => t!("explain.input_covered"),
        _ => t!("explain.input"),
    };
    Effect::new(move |_| {
        let Some(canvas) = canvas.get() else { return };
        let gray = layer.with(|layer| match layer {
            Some(Layer::Area(area)) => paint::gray_to_rgba(&area.picture(&pixels, OPTIONS.fill)),
            _ => paint::gray_to_rgba(&pixels),
        });
        paint::fill(&canvas, &gray, 1.0);
    });
    view! {
        <figure>
            <canvas
                node_ref=canvas
                width=CANVAS_SIDE
                height=CANVAS_SIDE
                role="img"
                aria-label=words
            ></canvas>
            <figcaption>{words}</figcaption>
        </figure>
    }
}

/// The face with the layer over it, in which pointer and arrow keys choose a pixel.
#[component]
fn Over(
    pixels: Arc<[f32]>,
    layer: Memo<Option<Layer>>,
    /// The layer's `[48, 48, 4]` RGBA.
    colours: Memo<Arc<[u8]>>,
    look: Look,
    /// Row and column of the chosen pixel.
    place: RwSignal<Option<[usize; 2]>>,
    /// What the layer explains.
    subject: Signal<String>,
) -> impl IntoView {
    let gray = paint::gray_to_rgba(&pixels);
    Effect::new(move |_| {
        if let Some(canvas) = look.canvas.get() {
            paint::fill(&canvas, &gray, 1.0);
            paint::fill(&canvas, &colours.get(), look.opacity.get());
        }
    });
    let kind = Memo::new(move |_| layer.with(|layer| kind_of(layer.as_ref())));
    let target = Memo::new(move |_| layer.with(|layer| layer.as_ref()?.target()));
    let class = move || target.get().map(|target| target.class.name());
    let against = move || target.get()?.against.map(Expression::name);
    let caption = move || match kind.get() {
        Some(LayerKind::CounterExample) => t!("explain.covered"),
        Some(LayerKind::Parts) => t!("explain.parts_do"),
        _ => t!("explain.support"),
    };
    let label = move || match kind.get() {
        Some(LayerKind::CounterExample) => t!("explain.covered"),
        _ => t!("explain.map", class = subject.get()),
    };
    view! {
        <figure>
            <div class="map">
                <canvas
                    node_ref=look.canvas
                    width=CANVAS_SIDE
                    height=CANVAS_SIDE
                    tabindex="0"
                    role="img"
                    aria-label=label
                    data-testid="saliency"
                    data-layer=move || kind.get().map(LayerKind::name)
                    data-method=move || layer.with(|layer| method(layer.as_ref()))
                    data-class=class
                    data-against=against
                    on:pointermove=move |event| place.set(place_under(&event))
                    on:pointerleave=move |_| place.set(None)
                    on:keydown=move |event| move_place(&event, place)
                    on:blur=move |_| place.set(None)
                ></canvas>
                <Cursor place />
            </div>
            <figcaption>{caption}</figcaption>
        </figure>
    }
}

fn kind_of(layer: Option<&Layer>) -> Option<LayerKind> {
    layer.map(Layer::kind)
}

/// The method of a map.
fn method(layer: Option<&Layer>) -> Option<&'static str> {
    match layer {
        Some(Layer::Map(map)) => Some(map.method.kind().name()),
        Some(Layer::Parts(_) | Layer::Area(_)) | None => None,
    }
}

/// Keeps a layer over its face in the photo, where there is one to keep, until the card closes.
fn keep_over_photo(
    index: usize,
    overlays: Overlays,
    overlay: impl Fn() -> Option<Overlay> + 'static,
) {
    Effect::new(move |_| {
        let overlay = overlay();
        overlays.update(|overlays| {
            match overlay {
                Some(overlay) => overlays.insert(index, overlay),
                None => overlays.remove(&index),
            };
        });
    });
    on_cleanup(move || {
        // With the whole photo, the signal may have gone first.
        overlays.try_update(|overlays| overlays.remove(&index));
    });
}

/// Marks the pixel whose value is shown.
#[component]
fn Cursor(place: RwSignal<Option<[usize; 2]>>) -> impl IntoView {
    let share = |pixels: usize| format!("{}%", 100.0 * pixels as f64 / SIDE as f64);
    move || {
        place.get().map(|[row, column]| {
            view! {
                <span
                    class="cursor"
                    style:top=share(row)
                    style:left=share(column)
                    style:height=share(1)
                    style:width=share(1)
                ></span>
            }
        })
    }
}

/// The pixel under the pointer.
fn place_under(event: &PointerEvent) -> Option<[usize; 2]> {
    let canvas: HtmlCanvasElement = event.target()?.dyn_into().ok()?;
    let bounds = canvas.get_bounding_client_rect();
    let pixel = |offset: i32, length: f64| {
        let pixel = f64::from(offset.max(0)) / length * SIDE as f64;
        (pixel as usize).min(SIDE - 1)
    };
    let row = pixel(event.offset_y(), bounds.height());
    Some([row, pixel(event.offset_x(), bounds.width())])
}

/// The arrow keys move the cursor; the first of them puts it in the middle.
fn move_place(event: &KeyboardEvent, place: RwSignal<Option<[usize; 2]>>) {
    let [down, right] = match event.key().as_str() {
        "ArrowUp" => [-1, 0],
        "ArrowDown" => [1, 0],
        "ArrowLeft" => [0, -1],
        "ArrowRight" => [0, 1],
        _ => return,
    };
    event.prevent_default();
    let moved = |position: usize, step| position.saturating_add_signed(step).min(SIDE - 1);
    place.update(|place| {
        *place = Some(match *place {
            None => [SIDE / 2; 2],
            Some([row, column]) => [moved(row, down), moved(column, right)],
        });
    });
}
