//! The camera.

mod camera;
pub use camera::CameraState;

use std::sync::Arc;

use leptos::html::Video;
use leptos::prelude::*;
use leptos::task::spawn_local;
use mien_app::protocol::PhotoReading;
use mien_engine::classify::Probabilities;

use camera::{Session, read_frames, start, stop};

use crate::components::bars::Bars;
use crate::components::picture::LiveBoxes;
use crate::store::use_store;
use crate::words;

/// The running camera with its faces, or why there is none.
#[component]
pub fn Live() -> impl IntoView {
    let store = use_store();
    on_cleanup(move || stop(store));
    let is_live = move || store.camera.with(CameraState::is_live);
    let part = move || {
        match store.camera.get() {
        CameraState::Off => None,
        CameraState::Asking => {
            Some(view! { <p class="message">"The browser asks whether this page may use the camera."</p> }.into_any())
        }
        CameraState::Live(session) => Some(view! { <Running session /> }.into_any()),
        CameraState::Refused(fault) => Some(
            view! {
                <p class="message error" role="alert" data-testid="camera-error">
                    {fault.words()}
                </p>
            }
            .into_any(),
        ),
    }
    };
    view! {
        <div class="camera">
            <Show when=move || !is_live()>
                <section class="intake" aria-labelledby="camera-start-title">
                    <div class="drop">
                        <h2 id="camera-start-title" class="drop-title">
                            "Read expressions from the camera"
                        </h2>
                        <button
                            class="button primary"
                            data-testid="camera-start"
                            on:click=move |_| start(store)
                        >
                            "Use the camera"
                        </button>
                    </div>
                </section>
            </Show>
            {part}
        </div>
    }
}

/// The live picture with a box and a card for each face.
#[component]
fn Running(session: Session) -> impl IntoView {
    let store = use_store();
    let video = NodeRef::<Video>::new();
    let reading = RwSignal::from(session.reading.clone());
    Effect::new(move |_| {
        if let Some(video) = video.get() {
            video.set_src_object(Some(session.stream()));
            spawn_local(read_frames(store, session.clone(), video));
        }
    });
    let count = Memo::new(move |_| reading.with(|r| r.as_ref().map_or(0, |r| r.faces.len())));
    let facts = move || {
        reading.with(|reading| {
            reading.as_ref().map_or_else(
                || "waiting for the first frame".to_owned(),
                |r| {
                    format!(
                        "{} · {:.0} ms a frame",
                        words::faces(r.faces.len()),
                        r.milliseconds
                    )
                },
            )
        })
    };
    view! {
        <section class="panel" aria-labelledby="camera-title">
            <div class="photo-head">
                <div>
                    <h2 id="camera-title" class="panel-title">
                        "Camera"
                    </h2>
                    <p class="small soft number">{facts}</p>
                </div>
                <button class="button stop" data-testid="camera-stop" on:click=move |_| stop(store)>
                    "Stop the camera"
                </button>
            </div>
            <div class="photo-body">
                <div class="picture pinned" data-testid="camera-view">
                    // Mirrored, as one knows oneself; the pixels that are read are not.
                    <video node_ref=video class="mirrored" autoplay muted playsinline></video>
                    <LiveBoxes reading />
                </div>
                <div class="cards">
                    <For each=move || 0..count.get() key=|index| *index let:index>
                        <LiveCard index reading />
                    </For>
                </div>
            </div>
        </section>
    }
}

/// What the expression of one face resembles at this moment.
#[component]
fn LiveCard(index: usize, reading: RwSignal<Option<Arc<PhotoReading>>>) -> impl IntoView {
    let face = move || reading.with(|reading| reading.as_ref()?.faces.get(index).cloned());
    let probabilities = Memo::new(move |last: Option<&Probabilities>| {
        // A face that has just gone keeps its last reading until its card goes too.
        face().map_or_else(
            || last.copied().unwrap_or_default(),
            |face| face.probabilities,
        )
    });
    let label = Memo::new(move |_| face().map_or("", |face| face.label().name()));
    let words = Memo::new(move |last: Option<&String>| {
        face().map_or_else(
            || last.cloned().unwrap_or_default(),
            |face| words::resembles(face.label(), face.confidence(), face.is_uncertain()),
        )
    });
    let number = index + 1;
    view! {
        <section
            class="card"
            data-testid="camera-face"
            data-label=label
            aria-label=format!("Face {number}")
        >
            <p class="reading">
                <span class="badge" aria-hidden="true">
                    {number}
                </span>
                " "
                {words}
            </p>
            <Bars probabilities />
        </section>
    }
}
