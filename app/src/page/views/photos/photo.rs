use std::sync::Arc;

use leptos::html::Img;
use leptos::prelude::*;
use leptos::task::spawn_local;
use mien_app::protocol::{Failure, PhotoReading};

use super::annotate;
use crate::components::face_card::FaceCard;
use crate::components::overlay::{OnPhoto, Overlays};
use crate::components::picture::Boxes;
use crate::i18n::t;
use crate::photo::{Photo, PhotoState};
use crate::store::use_store;
use crate::words;

/// The photo that is chosen, with its faces.
#[component]
pub fn Selected() -> impl IntoView {
    let store = use_store();
    move || {
        let id = store.selected.get()?;
        let photos = store.photos.get_untracked();
        let photo = photos.into_iter().find(|photo| photo.id == id)?;
        Some(view! { <PhotoPart photo /> })
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
        PhotoState::Working => t!("photos.waiting"),
        PhotoState::Failed(_) => t!("photos.not_read"),
        PhotoState::Done(reading) => format!(
            "{} × {} · {} · {:.0} ms",
            reading.width,
            reading.height,
            words::faces(reading.faces.len()),
            reading.timing.engine()
        ),
    };
    let name = photo.name.to_string();
    let remove = t!("photos.remove_one", name = name);
    // The engine's answer comes with the picture; until then there is only its place.
    let image = NodeRef::<Img>::new();
    let picture = {
        let photo = photo.clone();
        let name = name.clone();
        move || {
            state.track();
            let url = photo.picture();
            url.map(|url| view! { <img node_ref=image src=url alt=name.clone() /> })
        }
    };
    let save = {
        let name = name.clone();
        move |_| {
            let maps = overlays.get_untracked().into_values().collect();
            if let (Some(image), Some(SameReading(reading))) = (image.get(), reading.get()) {
                let name = name.clone();
                spawn_local(async move { annotate::save(image, &name, &reading, maps).await });
            }
        }
    };
    view! {
        <article class="panel photo" data-testid="photo" aria-label=name.clone()>
            <div class="photo-head">
                <div>
                    <h2 class="panel-title">{name.clone()}</h2>
                    <p class="small soft number">{facts}</p>
                </div>
                <div class="section-actions">
                <button
                    class="button"
                    data-testid="download-png"
                    disabled=move || reading.with(Option::is_none)
                    on:click=save
                >
                    {t!("photos.png")}
                </button>
                <button
                    class="button quiet"
                    aria-label=remove
                    on:click=move |_| store.remove_photo(id)
                >
                    {t!("photos.remove")}
                </button>
                </div>
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
                    {picture}
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
                    <strong>{t!("photos.no_face")}</strong>
                </p>
                <p class="soft">
                    {t!("photos.no_face_advice")}
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
            t!("photos.choose_another")
        }
        Failure::TooLarge => t!("photos.choose_smaller"),
        Failure::Cancelled | Failure::Engine(_) | Failure::Network(_) | Failure::Stopped => {
            String::new()
        }
    };
    let again = (failure != Failure::Unreadable).then(|| {
        view! {
            <button class="button" on:click=move |_| store.read(photo.clone())>
                {t!("words.try_again")}
            </button>
        }
    });
    view! {
        <div class="message error" data-testid="photo-error">
            <p>
                <strong>{t!("photos.not_read_because")}</strong>" "
                {format!("{} {advice}", words::failure(&failure))}
            </p>
            {again}
        </div>
    }
}
