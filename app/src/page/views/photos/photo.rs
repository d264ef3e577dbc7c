use std::sync::Arc;

use leptos::prelude::*;
use mien_app::protocol::{Failure, PhotoReading};
use mien_app::words;

use crate::components::face_card::FaceCard;
use crate::components::overlay::{OnPhoto, Overlays};
use crate::components::picture::Boxes;
use crate::download;
use crate::store::{Photo, PhotoState, use_store};

/// All photos, each with its faces.
#[component]
pub fn PhotoList() -> impl IntoView {
    let store = use_store();
    let has_photos = Memo::new(move |_| store.photos.with(|photos| !photos.is_empty()));
    view! {
        <Show when=move || has_photos.get()>
            <section aria-labelledby="photos-title">
                <div class="section-head">
                    <h2 id="photos-title">"Photos"</h2>
                    <div class="section-actions">
                        <button
                            class="button"
                            data-testid="download-json"
                            on:click=move |_| download::json(store)
                        >
                            "Download results (JSON)"
                        </button>
                        <button
                            class="button quiet"
                            on:click=move |_| store.remove_photos()
                        >
                            "Remove all"
                        </button>
                    </div>
                </div>
                <div class="photos">
                    <For each=move || store.photos.get() key=|photo| photo.id let:photo>
                        <PhotoPart photo />
                    </For>
                </div>
            </section>
        </Show>
    }
}

/// One photo: the picture with its boxes, and a card for each face.
#[component]
fn PhotoPart(photo: Photo) -> impl IntoView {
    let store = use_store();
    let id = photo.id;
    let state = RwSignal::from(photo.state.clone());
    let reading = Memo::new(move |_| match state.get() {
        PhotoState::Done(reading) => Some(SameReading(reading)),
        PhotoState::Working | PhotoState::Failed(_) => None,
    });
    let has_many = move || {
        reading.with(|reading| {
            reading
                .as_ref()
                .is_some_and(|SameReading(r)| r.faces.len() > 2)
        })
    };
    // The face that the pointer or the focus is on, in the picture or among the cards.
    let lit = RwSignal::new(None::<usize>);
    let overlays = Overlays::default();
    let failure = move || match state.get() {
        PhotoState::Failed(failure) => Some(failure),
        PhotoState::Working | PhotoState::Done(_) => None,
    };
    let facts = move || match state.get() {
        PhotoState::Working => "reading".to_owned(),
        PhotoState::Failed(_) => "not read".to_owned(),
        PhotoState::Done(reading) => format!(
            "{} × {} · {} · {:.0} ms",
            reading.width,
            reading.height,
            words::faces(reading.faces.len()),
            reading.milliseconds
        ),
    };
    let url = photo.url();
    let name = photo.name.to_string();
    let remove = format!("Remove {name}");
    view! {
        <article class="panel photo" data-testid="photo" aria-label=name.clone()>
            <div class="photo-head">
                <div>
                    <h3>{name.clone()}</h3>
                    <p class="small soft number">{facts}</p>
                </div>
                <button
                    class="button quiet"
                    aria-label=remove
                    on:click=move |_| store.remove_photo(id)
                >
                    "Remove"
                </button>
            </div>
            {move || {
                failure().map(|failure| view! { <NotRead failure photo=photo.clone() /> })
            }}
            <div
                class="photo-body"
                class:many=has_many
                hidden=move || failure().is_some()
            >
                <div class="picture pinned">
                    <img src=url alt=name.clone() />
                    {move || {
                        reading
                            .get()
                            .map(|SameReading(reading)| {
                                view! {
                                    <OnPhoto reading=reading.clone() overlays />
                                    <Boxes photo=id reading lit />
                                }
                            })
                    }}
                </div>
                {move || {
                    reading
                        .get()
                        .map(|SameReading(reading)| view! { <Cards photo=id reading lit overlays /> })
                }}
            </div>
        </article>
    }
}

/// A reading, the same only as itself: comparing all its numbers would tell nothing more.
#[derive(Clone)]
struct SameReading(Arc<PhotoReading>);

impl PartialEq for SameReading {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// The cards of a photo's faces, or words where there are none.
#[component]
fn Cards(
    photo: u32,
    reading: Arc<PhotoReading>,
    lit: RwSignal<Option<usize>>,
    overlays: Overlays,
) -> impl IntoView {
    if reading.faces.is_empty() {
        return view! {
            <div class="message">
                <p>
                    <strong>"No face found."</strong>
                </p>
                <p class="soft">
                    "Faces should look towards the camera and be at least a fortieth of the photo's
                    longer side high. A sharper or a closer photo may help."
                </p>
            </div>
        }
        .into_any();
    }
    let cards = reading
        .faces
        .iter()
        .enumerate()
        .map(|(index, face)| {
            view! { <FaceCard photo index face=face.clone() lit overlays /> }
        })
        .collect_view();
    view! { <div class="cards">{cards}</div> }.into_any()
}

/// A photo that could not be read: why, and what to do.
#[component]
fn NotRead(failure: Failure, photo: Photo) -> impl IntoView {
    let store = use_store();
    let advice = match &failure {
        Failure::Unreadable => {
            "Choose a photo as JPEG, PNG, WebP, GIF or AVIF. If it is one, the file may be damaged."
        }
        Failure::TooLarge => "Choose a smaller one, or close other pages.",
        Failure::Cancelled | Failure::Engine(_) | Failure::Stopped => "Try it again.",
    };
    let again = (failure != Failure::Unreadable).then(|| {
        view! {
            <button class="button" on:click=move |_| store.read(photo.clone())>
                "Try again"
            </button>
        }
    });
    view! {
        <div class="message error" data-testid="photo-error">
            <p>
                <strong>"This photo was not read: "</strong>
                {format!("{failure}. {advice}")}
            </p>
            {again}
        </div>
    }
}
