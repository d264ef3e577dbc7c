use leptos::prelude::*;

use crate::i18n::t;
use crate::photo::PhotoState;
use crate::store::{EngineState, Store, use_store};
use crate::words;

/// What is going on, in a sentence.
#[component]
pub fn Status() -> impl IntoView {
    let store = use_store();
    let sentence = Memo::new(move |_| sentence(store));
    view! {
        <p class="status" role="status" data-testid="status">
            {sentence}
        </p>
    }
}

fn sentence(store: Store) -> String {
    match store.engine.get() {
        EngineState::Loading { .. } => t!("photos.status.loading"),
        EngineState::Stopped(_) => t!("photos.status.stopped"),
        EngineState::Ready(_) => {
            let photos = store.photos.get();
            let (mut working, mut faces, mut unread) = (0, 0, 0);
            for photo in &photos {
                match photo.state.get() {
                    PhotoState::Working => working += 1,
                    PhotoState::Done(reading) => faces += reading.faces.len(),
                    PhotoState::Failed(_) => unread += 1,
                }
            }
            progress(photos.len(), working, faces, unread)
        }
    }
}

/// How far the photos are: how many there are, how many are being read, the faces found so far,
/// and the photos that could not be read.
fn progress(photos: usize, working: usize, found: usize, unread: usize) -> String {
    if photos == 0 {
        return t!("photos.status.ready");
    }
    if working > 0 {
        return t!(
            "photos.status.reading",
            number = photos - working + 1,
            count = photos
        );
    }
    let faces = words::faces(found);
    let sentence = match photos {
        1 => t!("photos.status.found", faces = faces),
        _ => t!("photos.status.found_in", faces = faces, count = photos),
    };
    match unread {
        0 => sentence,
        _ => format!("{sentence}; {}", t!("photos.status.unread", count = unread)),
    }
}
