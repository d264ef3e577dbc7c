//! Play, pause and seek.

use gloo::events::EventListener;
use leptos::html::Video;
use leptos::prelude::*;
use leptos::task::spawn_local;
use send_wrapper::SendWrapper;
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlVideoElement;

use crate::i18n::t;

/// Beyond the end of any film. Films that were recorded in a browser do not know how long they
/// are until one has looked for their end.
const FAR_S: f64 = 1e7;

/// The controls of a video file.
#[component]
pub fn FilmControls(video: NodeRef<Video>) -> impl IntoView {
    let is_playing = RwSignal::new(false);
    let place_s = RwSignal::new(0.0);
    let length_s = RwSignal::new(0.0);
    Effect::new(move |_| {
        let Some(video) = video.get() else { return };
        let update = {
            let video = video.clone();
            move || {
                is_playing.set(!video.paused() && !video.ended());
                place_s.set(video.current_time());
            }
        };
        let learn_length = {
            let video = video.clone();
            move || {
                let duration = video.duration();
                if duration.is_finite() {
                    length_s.set(duration);
                    if video.current_time() >= duration {
                        video.set_current_time(0.0);
                        play(&video);
                    }
                } else if duration.is_infinite() {
                    video.set_current_time(FAR_S);
                }
            }
        };
        let listeners: Vec<_> = ["play", "pause", "ended", "seeked", "timeupdate"]
            .into_iter()
            .map(|name| {
                let update = update.clone();
                EventListener::new(&video, name, move |_| update())
            })
            .chain(
                ["loadedmetadata", "durationchange"]
                    .into_iter()
                    .map(|name| {
                        let learn_length = learn_length.clone();
                        EventListener::new(&video, name, move |_| learn_length())
                    }),
            )
            .collect();
        let listeners = SendWrapper::new(listeners);
        on_cleanup(move || drop(listeners));
    });
    let toggle = move |_| {
        if let Some(video) = video.get_untracked() {
            if video.paused() || video.ended() {
                play(&video);
            } else {
                // Does not fail.
                let _ = video.pause();
            }
        }
    };
    let seek = move |event| {
        if let (Some(video), Ok(seconds)) =
            (video.get_untracked(), event_target_value(&event).parse())
        {
            video.set_current_time(seconds);
            place_s.set(seconds);
        }
    };
    let clock = move || format!("{} / {}", minutes(place_s.get()), minutes(length_s.get()));
    view! {
        <div class="film">
            <button class="button" data-testid="film-play" on:click=toggle>
                {move || if is_playing.get() { t!("live.pause") } else { t!("live.play") }}
            </button>
            <input
                type="range"
                min="0"
                max=move || length_s.get().to_string()
                step="0.04"
                prop:value=move || place_s.get().to_string()
                aria-label=t!("live.place")
                aria-valuetext=clock
                data-testid="film-seek"
                on:input=seek
            />
            <span class="small number">{clock}</span>
        </div>
    }
}

/// Has the element play. Where the browser cannot, the element's error says so; where a pause came
/// first, there is nothing to tell.
fn play(video: &HtmlVideoElement) {
    if let Ok(promise) = video.play() {
        spawn_local(async move {
            let _ = JsFuture::from(promise).await;
        });
    }
}

/// "1:07".
fn minutes(seconds: f64) -> String {
    let seconds = seconds.max(0.0) as u64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}
