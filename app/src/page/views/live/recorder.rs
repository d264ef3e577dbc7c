//! Recording: what was seen, with time stamps, to be taken away as a file.

use leptos::prelude::*;
use mien_app::live::{MOST_ROWS, Recording};

use super::state::Phase;
use crate::download;
use crate::i18n::{t, tn};
use crate::store::use_store;

/// Starts and stops a recording, and offers it.
#[component]
pub fn Recorder() -> impl IntoView {
    let live = use_store().live;
    let is_running = move || live.phase.with(|phase| matches!(phase, Phase::Running(_)));
    let has_frames = move || live.recorded.get() > 0;
    let is_idle = move || has_frames() && !live.is_recording.get();
    let toggle = move |_| {
        if live.is_recording.get_untracked() {
            live.is_recording.set(false);
        } else {
            live.start_recording();
        }
    };
    let count = move || match live.recorded.get() {
        0 => t!("live.recorded_none"),
        count => tn!("live.recorded", count),
    };
    let action = move || match (live.is_recording.get(), has_frames()) {
        (true, _) => t!("live.record_stop"),
        (false, true) => t!("live.record_anew"),
        (false, false) => t!("live.record"),
    };
    let is_full = move || {
        live.recorded.track();
        live.with_recording(Recording::is_full) == Some(true)
    };
    view! {
        <Show when=move || is_running() || has_frames()>
            <section class="recorder" aria-labelledby="recorder-title">
                <h2 id="recorder-title" class="panel-title">
                    {t!("live.recording")}
                </h2>
                <p class="small soft">
                    {t!("live.recording_words")}
                </p>
                <p class="number" data-testid="record-count">
                    <span class="dot" class:on=live.is_recording aria-hidden="true"></span>
                    {count}
                </p>
                <Show when=is_full>
                    <p class="message">
                        {t!("live.recording_full", rows = MOST_ROWS)}
                    </p>
                </Show>
                <div class="section-actions">
                    <Show when=is_running>
                        <button
                            class="button"
                            data-testid="record"
                            aria-pressed=move || live.is_recording.get().to_string()
                            on:click=toggle
                        >
                            {action}
                        </button>
                    </Show>
                    <Show when=is_idle>
                        <button
                            class="button"
                            data-testid="record-csv"
                            on:click=move |_| {
                                live.with_recording(|recording| {
                                    download::text("mien-live.csv", "text/csv", &recording.to_csv());
                                });
                            }
                        >
                            {t!("live.download_csv")}
                        </button>
                        <button
                            class="button"
                            data-testid="record-json"
                            on:click=move |_| {
                                // Plain data: there is nothing that JSON could not say.
                                if let Some(Ok(json)) = live.with_recording(Recording::to_json) {
                                    download::text("mien-live.json", "application/json", &json);
                                }
                            }
                        >
                            {t!("live.download_json")}
                        </button>
                        <button class="button quiet" on:click=move |_| live.discard_recording()>
                            {t!("live.discard")}
                        </button>
                    </Show>
                </div>
            </section>
        </Show>
    }
}
