use std::fmt::Write as _;
use std::sync::Arc;

use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::html::Canvas;
use leptos::prelude::*;
use leptos::task::spawn_local;
use mien_engine::classify::Probabilities;
use mien_engine::crop::SIDE;
use mien_engine::explain::{Meaning, Saliency, Scale};
use mien_engine::expression::Expression;
use mien_engine::pipeline::FaceReading;
use wasm_bindgen::JsCast;
use web_sys::HtmlCanvasElement;

use super::colour_scale::ColourScale;
use super::overlay::{Overlay, Overlays};
use crate::download;
use crate::i18n::{expression, language, t};
use crate::paint;
use crate::words;

/// Side of the drawn maps in canvas pixels.
const CANVAS_SIDE: &str = "288";

/// A map beside its face, laid over it, and over the face in the photo; with legend, class,
/// opacity, and the value under the pointer or the keyboard's cursor.
#[component]
pub fn Map(
    face: FaceReading,
    saliency: Memo<Option<Arc<Saliency>>>,
    /// The class to explain.
    class: RwSignal<Expression>,
    /// Position among the photo's faces.
    index: usize,
    /// The maps laid over the photo.
    overlays: Overlays,
) -> impl IntoView {
    let opacity = RwSignal::new(0.6_f64);
    let is_on_photo = RwSignal::new(true);
    // Row and column of the pixel whose value is shown.
    let place = RwSignal::new(None::<[usize; 2]>);
    // The map is there as long as this component is.
    let of_map = move |read: fn(&Saliency) -> String| {
        saliency.with(|map| map.as_deref().map(read).unwrap_or_default())
    };
    let scale = Memo::new(move |_| {
        saliency.with(|map| map.as_deref().map_or(Scale::new(1.0), Saliency::scale))
    });
    let colours = Memo::new(move |_| -> Arc<[u8]> {
        saliency.with(|map| {
            let values = map.as_deref().map(|map| map.values.as_slice());
            scale.get().paint(values.unwrap_or_default()).into()
        })
    });

    let gray: Arc<[u8]> = paint::gray_to_rgba(&face.crop.pixels).into();
    let original = NodeRef::<Canvas>::new();
    let laid_over = NodeRef::<Canvas>::new();
    {
        let gray = gray.clone();
        Effect::new(move |_| {
            if let Some(canvas) = original.get() {
                paint::fill(&canvas, &gray, 1.0);
            }
        });
    }
    Effect::new(move |_| {
        if let Some(canvas) = laid_over.get() {
            paint::fill(&canvas, &gray, 1.0);
            paint::fill(&canvas, &colours.get(), opacity.get());
        }
    });
    let to_photo = face.crop.transform;
    keep_over_photo(index, overlays, move || {
        is_on_photo.get().then(|| Overlay {
            colours: colours.get(),
            opacity: opacity.get(),
            to_photo,
        })
    });

    let readout = move || {
        let read = |map: &Saliency| place.get().map(|place| value_at(map, place));
        let words = saliency.with(|map| map.as_deref().and_then(read));
        words.unwrap_or_else(|| t!("explain.point"))
    };
    let shown = Memo::new(move |_| {
        saliency.with(|map| map.as_ref().map_or(class.get(), |map| map.target.class))
    });
    view! {
        <div class="pair">
            <figure>
                <canvas
                    node_ref=original
                    width=CANVAS_SIDE
                    height=CANVAS_SIDE
                    role="img"
                    aria-label=t!("photos.seen")
                ></canvas>
                <figcaption>{t!("explain.input")}</figcaption>
            </figure>
            <figure>
                <div class="map">
                    <canvas
                        node_ref=laid_over
                        width=CANVAS_SIDE
                        height=CANVAS_SIDE
                        tabindex="0"
                        role="img"
                        aria-label=move || t!("explain.map", class = expression(shown.get()))
                        data-testid="saliency"
                        data-method=move || of_map(|map| map.method.kind().name().to_owned())
                        data-class=move || shown.get().name()
                        on:pointermove=move |event| place.set(place_under(&event))
                        on:pointerleave=move |_| place.set(None)
                        on:keydown=move |event| move_place(&event, place)
                        on:blur=move |_| place.set(None)
                    ></canvas>
                    <Cursor place />
                </div>
                <figcaption>{t!("explain.support")}</figcaption>
            </figure>
        </div>
        <output class="small" data-testid="saliency-value">
            {readout}
        </output>
        <ColourScale scale class=shown />
        <Controls probabilities=face.probabilities class opacity is_on_photo />
        <Downloads canvas=laid_over saliency />
    }
}

/// Keeps a map over its face in the photo, where there is one to keep, until the card closes.
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

/// The map as a picture and as values.
#[component]
fn Downloads(canvas: NodeRef<Canvas>, saliency: Memo<Option<Arc<Saliency>>>) -> impl IntoView {
    let save_picture = move |_| {
        if let Some(canvas) = canvas.get_untracked() {
            spawn_local(async move {
                if let Some(blob) = paint::to_blob(&canvas, "image/png", 1.0).await {
                    download::blob_as("mien-map.png", &blob);
                }
            });
        }
    };
    let save_values = move |_| {
        saliency.with_untracked(|map| {
            if let Some(map) = map {
                download::text("mien-map.csv", "text/csv", &grid(map));
            }
        });
    };
    view! {
        <div class="section-actions">
            <button class="button" data-testid="download-map" on:click=save_picture>
                {t!("explain.save_picture")}
            </button>
            <button class="button" data-testid="download-grid" on:click=save_values>
                {t!("explain.save_values")}
            </button>
        </div>
    }
}

/// Which class is explained, and how strongly the map is shown.
#[component]
fn Controls(
    probabilities: Probabilities,
    class: RwSignal<Expression>,
    opacity: RwSignal<f64>,
    is_on_photo: RwSignal<bool>,
) -> impl IntoView {
    view! {
        <div class="controls">
            <label class="field">
                <span>{t!("explain.class")}</span>
                <select
                    data-testid="saliency-class"
                    on:change=move |event| {
                        if let Some(chosen) = Expression::from_name(&event_target_value(&event)) {
                            class.set(chosen);
                        }
                    }
                >
                    {probabilities
                        .by_class()
                        .map(|(option, probability)| {
                            view! {
                                <option value=option.name() selected=option == class.get_untracked()>
                                    {format!("{} ({})", expression(option), words::percent(probability))}
                                </option>
                            }
                        })
                        .collect_view()}
                </select>
            </label>
            <label class="field">
                <span>{t!("explain.opacity")}</span>
                <input
                    type="range"
                    min="0"
                    max="1"
                    step="0.05"
                    prop:value=move || opacity.get().to_string()
                    data-testid="saliency-opacity"
                    on:input=move |event| {
                        if let Ok(value) = event_target_value(&event).parse() {
                            opacity.set(value);
                        }
                    }
                />
            </label>
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=is_on_photo
                    on:change=move |event| is_on_photo.set(event_target_checked(&event))
                />
                {t!("explain.on_photo")}
            </label>
        </div>
    }
}

/// What the map says of one pixel; rows and columns count from 0.
fn value_at(map: &Saliency, [row, column]: [usize; 2]) -> String {
    let value = map.values[row * SIDE + column];
    let [row, column] = [row + 1, column + 1];
    let class = expression(map.target.class);
    // One pixel's part of an effect is small.
    let decimals = if map.scale().limit() < 0.1 { 4 } else { 2 };
    let points = language().decimal(f64::from(value.abs()), decimals);
    let is_small = value.abs() < 0.005 && decimals == 2;
    match map.method.kind().meaning() {
        Meaning::Drop if is_small => {
            t!(
                "explain.changes_little",
                row = row,
                column = column,
                class = class
            )
        }
        Meaning::Drop if value > 0.0 => {
            t!(
                "explain.lowers",
                row = row,
                column = column,
                class = class,
                points = points
            )
        }
        Meaning::Drop => {
            t!(
                "explain.raises",
                row = row,
                column = column,
                class = class,
                points = points
            )
        }
        _ if value < 0.0 => {
            t!(
                "explain.against",
                row = row,
                column = column,
                class = class,
                points = points
            )
        }
        _ => t!(
            "explain.for",
            row = row,
            column = column,
            class = class,
            points = points
        ),
    }
}

/// The values as comma-separated numbers, one line a row of pixels.
fn grid(map: &Saliency) -> String {
    let mut text = String::new();
    for row in map.values.chunks(SIDE) {
        for (column, value) in row.iter().enumerate() {
            let separator = if column == 0 { "" } else { "," };
            // Writing to a string does not fail.
            let _ = write!(text, "{separator}{value}");
        }
        text.push_str("\r\n");
    }
    text
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
