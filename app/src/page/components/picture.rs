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
        let place = Place::of(&face.face.bounds, [reading.width, reading.height]);
        let [left, top, width, height] = place.lengths();
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
                style:left=left
                style:top=top
                style:width=width
                style:height=height
                aria-label=name
                on:click=go
                on:pointerenter=move |_| lit.set(Some(index))
                on:pointerleave=move |_| lit.set(None)
                on:focus=move |_| lit.set(Some(index))
                on:blur=move |_| lit.set(None)
            >
                <span class="tag" class:inside=place.has_no_room_above()>
                    {number}
                </span>
            </button>
        }
    });
    boxes.collect_view()
}

/// A box as shares of the picture, 0 to 1.
#[derive(Clone, Copy)]
pub struct Place {
    left: f32,
    top: f32,
    width: f32,
    height: f32,
}

impl Place {
    /// Where a box lies in a picture of `[width, height]` pixels.
    pub fn of(bounds: &Rect, size: [usize; 2]) -> Self {
        let [width, height] = size.map(|side| side as f32);
        Self {
            left: bounds.x / width,
            top: bounds.y / height,
            width: bounds.width / width,
            height: bounds.height / height,
        }
    }

    /// The same in a mirror.
    pub fn mirrored(self) -> Self {
        Self {
            left: 1.0 - self.left - self.width,
            ..self
        }
    }

    /// Left, top, width and height as CSS lengths.
    pub fn lengths(&self) -> [String; 4] {
        [self.left, self.top, self.width, self.height].map(|share| format!("{}%", share * 100.0))
    }

    /// Whether a tag should begin at the box's right edge, so that it stays in the picture.
    pub fn is_on_the_right(&self) -> bool {
        self.left + self.width / 2.0 > 0.5
    }

    /// Whether a tag above the box would lie outside the picture.
    pub fn has_no_room_above(&self) -> bool {
        self.top < TAG_ROOM
    }
}
