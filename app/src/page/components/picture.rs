use std::sync::Arc;

use leptos::prelude::*;
use mien_app::protocol::PhotoReading;
use mien_engine::geometry::Rect;

use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::face_card::card_id;
use crate::words;

/// The share of the picture's height above a box that its tag needs.
const TAG_ROOM: f32 = 0.06;

/// Numbered boxes over a photo. Each leads to its card.
#[component]
pub fn Boxes(
    photo: u32,
    reading: Arc<PhotoReading>,
    /// The face that the pointer or the focus is on.
    lit: RwSignal<Option<usize>>,
) -> impl IntoView {
    let boxes = reading.faces.iter().enumerate().map(|(index, face)| {
        let place = Place::of(&face.face.bounds, &reading);
        let number = index + 1;
        let resembles = words::resembles(face.label(), face.confidence(), face.is_uncertain());
        let name = format!("{}: {resembles}", words::face(number));
        let go = move |_| {
            let card = document().get_element_by_id(&card_id(photo, index));
            if let Some(card) = card.and_then(|card| card.dyn_into::<HtmlElement>().ok()) {
                // Refused for elements out of the page only.
                let _ = card.focus();
            }
        };
        view! {
            <button
                class="box"
                class:lit=move || lit.get() == Some(index)
                style:left=percent(place.left)
                style:top=percent(place.top)
                style:width=percent(place.width)
                style:height=percent(place.height)
                aria-label=name
                on:click=go
                on:pointerenter=move |_| lit.set(Some(index))
                on:pointerleave=move |_| lit.set(None)
                on:focus=move |_| lit.set(Some(index))
                on:blur=move |_| lit.set(None)
            >
                <span class="tag" class:inside={place.top < TAG_ROOM}>
                    {number}
                </span>
            </button>
        }
    });
    boxes.collect_view()
}

/// Boxes over the mirrored picture of the camera, with what each face resembles.
#[component]
pub fn LiveBoxes(reading: RwSignal<Option<Arc<PhotoReading>>>) -> impl IntoView {
    let boxes = move || {
        let reading = reading.get()?;
        let boxes = reading.faces.iter().enumerate().map(|(index, face)| {
            let place = Place::of(&face.face.bounds, &reading).mirrored();
            let share = words::percent(face.confidence());
            view! {
                <div
                    class="box"
                    data-testid="camera-box"
                    style:left=percent(place.left)
                    style:top=percent(place.top)
                    style:width=percent(place.width)
                    style:height=percent(place.height)
                >
                    <span class="tag" class:inside={place.top < TAG_ROOM}>
                        {format!("{} {} {share}", index + 1, face.label().name())}
                    </span>
                </div>
            }
        });
        Some(boxes.collect_view())
    };
    // The cards say the same, and not at every frame.
    view! { <div aria-hidden="true">{boxes}</div> }
}

/// A box as shares of the picture, 0 to 1.
#[derive(Clone, Copy)]
struct Place {
    left: f32,
    top: f32,
    width: f32,
    height: f32,
}

impl Place {
    fn of(bounds: &Rect, reading: &PhotoReading) -> Self {
        let [width, height] = [reading.width as f32, reading.height as f32];
        Self {
            left: bounds.x / width,
            top: bounds.y / height,
            width: bounds.width / width,
            height: bounds.height / height,
        }
    }

    fn mirrored(self) -> Self {
        Self {
            left: 1.0 - self.left - self.width,
            ..self
        }
    }
}

fn percent(share: f32) -> String {
    format!("{}%", share * 100.0)
}
