use std::ops::Range;
use std::sync::Arc;

use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::html::Canvas;
use leptos::prelude::*;
use mien_engine::classify::Probabilities;
use mien_engine::crop::SIDE;
use mien_engine::explain::{OcclusionMap, Scale};
use mien_engine::expression::Expression;
use mien_engine::pipeline::FaceReading;
use wasm_bindgen::JsCast;
use web_sys::HtmlCanvasElement;

use super::colour_scale::ColourScale;
use super::overlay::{Overlay, Overlays};
use crate::i18n::{expression, t};
use crate::paint;
use crate::words;

/// Side of the drawn maps in canvas pixels.
const CANVAS_SIDE: &str = "288";

/// An occlusion map beside its face, laid over it, and over the face in the photo; with legend,
/// class, opacity, and the value under the pointer or the keyboard's cursor.
#[component]
pub fn Saliency(
    face: FaceReading,
    map: Arc<OcclusionMap>,
    /// Position among the photo's faces.
    index: usize,
    /// The maps laid over the photo.
    overlays: Overlays,
) -> impl IntoView {
    let class = RwSignal::new(face.label());
    let opacity = RwSignal::new(0.6_f64);
    let is_on_photo = RwSignal::new(true);
    // Row and column of the place whose value is shown.
    let place = RwSignal::new(None::<[usize; 2]>);
    let map = StoredValue::new(map);
    let values = Memo::new(move |_| map.with_value(|map| map.to_pixels(class.get())));
    let scale = Memo::new(move |_| values.with(|values| Scale::of(values)));
    let colours =
        Memo::new(move |_| -> Arc<[u8]> { values.with(|values| scale.get().paint(values).into()) });

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
    Effect::new(move |_| {
        let overlay = is_on_photo.get().then(|| Overlay {
            colours: colours.get(),
            opacity: opacity.get(),
            to_photo,
        });
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

    let readout = move || {
        let class = class.get();
        place.get().map_or_else(
            || t!("explain.point"),
            |[row, column]| {
                let place = row * map.with_value(|map| map.columns) + column;
                let drop = map.with_value(|map| map.drops[place][class.index()]);
                drop_at(class, [row, column], drop)
            },
        )
    };
    let options = map.with_value(|map| map.options);
    view! {
        <p class="small">
            {move || {
                t!(
                    "explain.occlusion",
                    patch = options.patch,
                    stride = options.stride,
                    class = expression(class.get()),
                )
            }}
        </p>
        <div class="pair">
            <figure>
                <canvas node_ref=original width=CANVAS_SIDE height=CANVAS_SIDE role="img" aria-label=t!("photos.seen")></canvas>
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
                        aria-label=move || t!("explain.map", class = expression(class.get()))
                        data-testid="saliency"
                        data-method="occlusion"
                        data-class=move || class.get().name()
                        on:pointermove=move |event| place.set(map.with_value(|map| place_under(&event, map)))
                        on:pointerleave=move |_| place.set(None)
                        on:keydown=move |event| map.with_value(|map| move_place(&event, place, map))
                        on:blur=move |_| place.set(None)
                    ></canvas>
                    <Cursor place map />
                </div>
                <figcaption>{t!("explain.support")}</figcaption>
            </figure>
        </div>
        <output class="small" data-testid="saliency-value">{readout}</output>
        <ColourScale scale class />
        <Controls probabilities=face.probabilities class opacity is_on_photo />
    }
}

/// What is shown of the map, and how strongly.
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

/// What covering one place of the map does; row and column count from 0.
fn drop_at(class: Expression, [row, column]: [usize; 2], drop: f32) -> String {
    let [row, column] = [row + 1, column + 1];
    let class = expression(class);
    let points = words::points(drop);
    if drop.abs() < 0.005 {
        t!(
            "explain.changes_little",
            row = row,
            column = column,
            class = class
        )
    } else if drop > 0.0 {
        t!(
            "explain.lowers",
            row = row,
            column = column,
            class = class,
            points = points
        )
    } else {
        t!(
            "explain.raises",
            row = row,
            column = column,
            class = class,
            points = points
        )
    }
}

/// Marks the square that was covered at the place whose value is shown.
#[component]
fn Cursor(
    place: RwSignal<Option<[usize; 2]>>,
    map: StoredValue<Arc<OcclusionMap>>,
) -> impl IntoView {
    let share = |pixels: usize| format!("{}%", 100.0 * pixels as f64 / SIDE as f64);
    move || {
        place.get().map(|[row, column]| {
            let [rows, columns] = map.with_value(|map| map.place(row, column));
            view! {
                <span
                    class="cursor"
                    style:top=share(rows.start)
                    style:left=share(columns.start)
                    style:height=share(rows.len())
                    style:width=share(columns.len())
                ></span>
            }
        })
    }
}

/// The place of the map whose middle is nearest to the pointer.
fn place_under(event: &PointerEvent, map: &OcclusionMap) -> Option<[usize; 2]> {
    let canvas: HtmlCanvasElement = event.target()?.dyn_into().ok()?;
    let bounds = canvas.get_bounding_client_rect();
    let y = f64::from(event.offset_y()) / bounds.height() * SIDE as f64;
    let x = f64::from(event.offset_x()) / bounds.width() * SIDE as f64;
    let distance = |covered: &Range<usize>, position: f64| {
        ((covered.start + covered.end) as f64 / 2.0 - position).abs()
    };
    let row = (0..map.rows).min_by(|&one, &other| {
        let distance = |row| distance(&map.place(row, 0)[0], y);
        distance(one).total_cmp(&distance(other))
    })?;
    let column = (0..map.columns).min_by(|&one, &other| {
        let distance = |column| distance(&map.place(0, column)[1], x);
        distance(one).total_cmp(&distance(other))
    })?;
    Some([row, column])
}

/// The arrow keys move the cursor; the first of them puts it in the middle.
fn move_place(event: &KeyboardEvent, place: RwSignal<Option<[usize; 2]>>, map: &OcclusionMap) {
    let [down, right] = match event.key().as_str() {
        "ArrowUp" => [-1, 0],
        "ArrowDown" => [1, 0],
        "ArrowLeft" => [0, -1],
        "ArrowRight" => [0, 1],
        _ => return,
    };
    event.prevent_default();
    let moved = |position: usize, step: isize, count: usize| {
        position
            .saturating_add_signed(step)
            .min(count.saturating_sub(1))
    };
    place.update(|place| {
        *place = Some(match *place {
            None => [map.rows / 2, map.columns / 2],
            Some([row, column]) => [
                moved(row, down, map.rows),
                moved(column, right, map.columns),
            ],
        });
    });
}
