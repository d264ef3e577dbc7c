//! The chosen networks beside each other.

use std::sync::Arc;

use leptos::prelude::*;
use mien_engine::backend::Backend;

use super::column::Column;
use super::face::{Face, chosen};
use super::report::ReportState;
use super::state::Progress;
use crate::i18n::t;
use crate::store::use_store;

/// What each chosen network says of the face, and on request why.
#[component]
pub fn Columns(report: RwSignal<ReportState>) -> impl IntoView {
    let store = use_store();
    let compare = store.compare;
    let face = Memo::new(move |_| chosen(store));
    let names = Memo::new(move |_| -> Vec<Arc<str>> {
        let chosen = compare.chosen.get();
        // In the report's order, which is that of the studies; what it does not know comes first.
        let mut names: Vec<_> = chosen.into_iter().collect();
        report.with(|report| {
            let place = |name: &str| match report {
                ReportState::Loaded(report) => report.rows.iter().position(|row| row.name == name),
                ReportState::Loading | ReportState::Missing => None,
            };
            names.sort_by_key(|name| place(name));
        });
        names
    });
    let columns = move || {
        let face = face.get()?;
        Some(view! { <Side face names report /> })
    };
    view! {
        <WorkerState />
        {columns}
    }
}

#[component]
fn Side(face: Face, names: Memo<Vec<Arc<str>>>, report: RwSignal<ReportState>) -> impl IntoView {
    let store = use_store();
    let shows_maps = store.compare.shows_maps;
    let pixels = face.pixels;
    let words = move || {
        if shows_maps.get() {
            t!("compare.hide_maps")
        } else {
            t!("compare.why")
        }
    };
    view! {
        <Show
            when=move || names.with(|names| !names.is_empty())
            fallback=|| view! { <p>{t!("compare.networks.choose")}</p> }
        >
            <div>
                <button
                    class="button"
                    data-testid="compare-why"
                    aria-pressed=move || shows_maps.get().to_string()
                    on:click=move |_| shows_maps.update(|shows| *shows = !*shows)
                >
                    {words}
                </button>
            </div>
        </Show>
        <div class="compare-columns" data-testid="compare-columns">
            <For each=move || names.get() key=Arc::clone let:name>
                <Column name pixels=pixels.clone() report />
            </For>
        </div>
    }
}

/// Where the networks run.
#[component]
fn WorkerState() -> impl IntoView {
    let compare = use_store().compare;
    let words = move || match compare.worker.with(|worker| worker.progress) {
        Progress::Absent => None,
        Progress::Loading => Some((None, t!("compare.worker.loading"))),
        Progress::Ready(Backend::Cpu) => Some((Some("cpu"), t!("compare.worker.cpu"))),
        Progress::Ready(Backend::WebGpu) => Some((Some("webgpu"), t!("compare.worker.webgpu"))),
    };
    let left = move || {
        let why = compare.worker.with(|worker| worker.left_gpu.clone())?;
        Some(
            view! { <p class="message" data-testid="compare-left-gpu">{t!("compare.worker.left_gpu", why = why)}</p> },
        )
    };
    view! {
        <div role="status">
            {move || {
                words().map(|(backend, words)| {
                    view! { <p class="small soft" data-testid="compare-backend" data-backend=backend>{words}</p> }
                })
            }}
            {left}
        </div>
    }
}
