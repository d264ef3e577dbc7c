use leptos::prelude::*;
use mien_app::words;

use crate::store::{EngineState, PhotoState, Store, use_store};

/// What is going on, in a sentence, and how far the models have come.
#[component]
pub fn Status() -> impl IntoView {
    let store = use_store();
    let sentence = Memo::new(move |_| sentence(store));
    let loading = move || match store.engine.get() {
        EngineState::Loading { loaded, total } => Some((loaded, total)),
        EngineState::Ready(_) | EngineState::Stopped(_) => None,
    };
    view! {
        <div class="status">
            // The sentence changes with the state, not with each byte, so that the live region
            // stays quiet.
            <p role="status" data-testid="status">
                {sentence}
            </p>
            {move || {
                loading()
                    .map(|(loaded, total)| {
                        view! {
                            <progress
                                max=total.max(1).to_string()
                                value=loaded.to_string()
                                aria-label="Networks loaded"
                            ></progress>
                            <p class="small soft number">
                                {format!(
                                    "{} of {}",
                                    words::megabytes(loaded),
                                    words::megabytes(total),
                                )}
                            </p>
                        }
                    })
            }}
        </div>
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
