//! What runs: the picture, its controls, and a card for each face.

use leptos::html::Video;
use leptos::prelude::*;
use leptos::reactive::spawn_local_scoped_with_cancellation;

use super::controls::Controls;
use super::face::FaceCard;
use super::fault::Fault;
use super::figures::Figures;
use super::film::FilmControls;
use super::recorder::Recorder;
use super::stage::Stage;
use super::state::Source;
use super::watch::Watch;
use crate::i18n::t;
use crate::store::use_store;
use crate::words;

/// The live picture with its faces.
#[component]
pub fn Running(source: Source) -> impl IntoView {
    let store = use_store();
    let live = store.live;
    let watch = Watch::new();
    let video = NodeRef::<Video>::new();
    {
        let source = source.clone();
        Effect::new(move |_| {
            let Some(video) = video.get() else { return };
            match &source {
                Source::Camera(camera) => video.set_src_object(Some(camera.stream())),
                Source::Film(film) => video.set_src(&film.url()),
            }
            let source = source.clone();
            let client = store.client();
            spawn_local_scoped_with_cancellation(async move {
                watch.read_frames(&client, live, &source, &video).await;
            });
        });
    }
    Effect::new(move |_| {
        if live.shows_saliency.get() {
            let client = store.client();
            spawn_local_scoped_with_cancellation(async move {
                watch.explain(&client, live).await;
            });
        } else {
            watch.map.set(None);
        }
    });
    let count = Memo::new(move |_| watch.in_sight());
    let has_cards = Memo::new(move |_| watch.faces.with(|faces| !faces.is_empty()));
    let sentence = move || match (watch.frame.with(Option::is_some), count.get()) {
        (false, _) => t!("live.waiting"),
        (true, count) => words::faces(count),
    };
    let is_mirrored = source.is_mirrored();
    let is_film = source.as_film().is_some();
    let name = source.name().to_owned();
    let (title, stop) = if is_film {
        (t!("live.video"), t!("live.close_video"))
    } else {
        (t!("live.camera"), t!("live.stop_camera"))
    };
    view! {
        <section class="panel" aria-labelledby="camera-title">
            <div class="photo-head">
                <div>
                    <h2 id="camera-title" class="panel-title">
                        {title}
                    </h2>
                    <p class="small soft">{name}</p>
                </div>
                <button
                    class="button stop"
                    data-testid="camera-stop"
                    on:click=move |_| live.stop()
                >
                    {stop}
                </button>
            </div>
            <div class="photo-body">
                <div class="live-left">
                    <Stage watch source=source.clone()>
                        <video
                            node_ref=video
                            class:mirrored=is_mirrored
                            autoplay
                            muted
                            playsinline
                            on:error=move |_| live.fail(Fault::Unplayable)
                        ></video>
                    </Stage>
                    {is_film.then(|| view! { <FilmControls video /> })}
                    <p role="status" class="small" data-testid="live-status">
                        {sentence}
                    </p>
                    <Figures watch />
                    <Controls watch source />
                    <Recorder />
                </div>
                <div class="cards">
                    <For each=move || watch.faces.get() key=|face| face.track let:face>
                        <FaceCard face watch />
                    </For>
                    <Show when=move || !has_cards.get()>
                        <p class="message soft">
                            {t!("live.no_face")}
                        </p>
                    </Show>
                </div>
            </div>
        </section>
    }
}
