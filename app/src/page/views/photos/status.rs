use leptos::prelude::*;
use mien_app::words;

use crate::store::{EngineState, PhotoState, Store, use_store};

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
        EngineState::Loading { .. } => "Loading the networks".to_owned(),
        EngineState::Stopped(_) => "The engine has stopped".to_owned(),
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
            words::progress(photos.len(), working, faces, unread)
        }
    }
}
