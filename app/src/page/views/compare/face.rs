//! Which face the networks read: one of those in the photos on the page.

use std::sync::Arc;

use leptos::html::Canvas;
use leptos::prelude::*;

use super::state::FaceId;
use crate::i18n::t;
use crate::paint;
use crate::photo::PhotoState;
use crate::store::{Store, use_store};
use crate::words;

/// A face that can be chosen.
#[derive(Clone)]
pub struct Face {
    /// Which one.
    pub id: FaceId,
    /// The photo's name.
    photo: Arc<str>,
    /// As networks see it: `[SIDE, SIDE]`, luma of 0 to 255.
    pub pixels: Arc<[f32]>,
}

impl PartialEq for Face {
    /// A photo that was read again has the same faces.
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.pixels == other.pixels
    }
}

/// All faces of the page's photos.
fn faces(store: Store) -> Vec<Face> {
    let mut faces = Vec::new();
    for photo in store.photos.get() {
        if let PhotoState::Done(reading) = photo.state.get() {
            for (index, face) in reading.faces.iter().enumerate() {
                faces.push(Face {
                    id: (photo.id, index),
                    photo: photo.name.clone(),
                    pixels: face.crop.pixels.as_slice().into(),
                });
            }
        }
    }
    faces
}

/// The face that is chosen and still there, else the first one.
pub fn chosen(store: Store) -> Option<Face> {
    let faces = faces(store);
    let asked = store.compare.face.get();
    let found = faces.iter().find(|face| Some(face.id) == asked);
    found.or(faces.first()).cloned()
}

/// The faces as a choice of one.
#[component]
pub fn FaceChooser() -> impl IntoView {
    let store = use_store();
    let faces = Memo::new(move |_| faces(store));
    let current = Memo::new(move |_| chosen(store).map(|face| face.id));
    move || {
        let faces = faces.get();
        if faces.is_empty() {
            return view! { <p data-testid="compare-no-face">{t!("compare.no_face")}</p> }
                .into_any();
        }
        let choices = faces
            .into_iter()
            .map(|face| view! { <FaceChoice face current /> });
        view! {
            <fieldset class="choices compare-faces">
                <legend>{t!("compare.face")}</legend>
                {choices.collect_view()}
            </fieldset>
        }
        .into_any()
    }
}

#[component]
fn FaceChoice(face: Face, current: Memo<Option<FaceId>>) -> impl IntoView {
    let store = use_store();
    let id = face.id;
    let canvas = NodeRef::<Canvas>::new();
    Effect::new(move |_| {
        if let Some(canvas) = canvas.get() {
            paint::exactly(&canvas, &paint::gray_to_rgba(&face.pixels));
        }
    });
    view! {
        <label class="choice">
            <input
                type="radio"
                name="compare-face"
                data-testid="compare-face"
                prop:checked=move || current.get() == Some(id)
                on:change=move |_| store.compare.face.set(Some(id))
            />
            <canvas node_ref=canvas width="48" height="48" aria-hidden="true"></canvas>
            <span>{format!("{}, {}", face.photo, words::face(id.1 + 1))}</span>
        </label>
    }
}
