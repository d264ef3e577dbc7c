use leptos::prelude::*;
use mien_app::protocol::EngineReport;
use mien_engine::backend::{Backend, Reason};

use crate::store::{EngineState, use_store};

/// The page's name, what it promises, and what it runs on.
#[component]
pub fn Masthead() -> impl IntoView {
    let store = use_store();
    let mark = store
        .assets
        .with_value(|assets| assets.url("icons/mien.svg"));
    let backend = move || match store.engine.get() {
        EngineState::Ready(report) => Some(view! { <BackendFact report /> }),
        EngineState::Loading { .. } | EngineState::Stopped(_) => None,
    };
    view! {
        <header class="masthead">
            <div class="masthead-name">
                <img src=mark alt="" width="44" height="44" />
                <div>
                    <h1>"Mien"</h1>
                    <p class="soft">"What an expression resembles, and why"</p>
                </div>
            </div>
            <div class="facts">
                <span class="fact good">"Images never leave this device"</span>
                {backend}
            </div>
        </header>
    }
}

#[component]
fn BackendFact(report: EngineReport) -> impl IntoView {
    let place = match (report.choice.backend, &report.adapter) {
        (Backend::Cpu, _) => "On the CPU".to_owned(),
        (Backend::WebGpu, None) => "On WebGPU".to_owned(),
        (Backend::WebGpu, Some(adapter)) => format!("On WebGPU ({adapter})"),
    };
    let reason = match &report.choice.reason {
        Reason::Forced => "as the address asks",
        Reason::Faster => "the faster one here",
        Reason::SoftwareAdapter => "no graphics card for WebGPU",
        Reason::NoGpu(why) => why,
    };
    view! {
        <span class="fact" data-testid="backend" data-backend=report.choice.backend.name()>
            {format!("{place}: {reason}")}
        </span>
    }
}
