use leptos::prelude::*;
use mien_app::protocol::{EngineReport, StopReason};
use mien_engine::backend::{Backend, Reason};
use send_wrapper::SendWrapper;
use web_sys::ServiceWorker;

use crate::i18n::t;
use crate::offline::{self, Offline};
use crate::settings;
use crate::store::{EngineState, use_store};
use crate::words;

/// What the visitor should know about the engine, each with its next step.
#[component]
pub fn Notices() -> impl IntoView {
    let store = use_store();
    let notice = move || match store.engine.get() {
        EngineState::Loading { .. } => None,
        EngineState::Stopped(reason) => Some(view! { <Stopped reason /> }.into_any()),
        EngineState::Ready(report) => {
            gpu_notice(&report).map(|words| view! { <p class="notice">{words}</p> }.into_any())
        }
    };
    let update = move || match store.offline.get() {
        Offline::Update(worker) => Some(view! { <Update worker /> }),
        Offline::No | Offline::Ready => None,
    };
    view! { <div class="notices">{notice} {update}</div> }
}

/// Words about a GPU that the visitor had reason to expect.
fn gpu_notice(report: &EngineReport) -> Option<String> {
    let Reason::NoGpu(why) = &report.choice.reason else {
        return None;
    };
    if report.left_gpu {
        return Some(t!("engine.left_gpu", why = why));
    }
    let was_asked = settings::asked_backend() == Some(Backend::WebGpu);
    was_asked.then(|| t!("engine.no_gpu", why = why))
}

/// A new version is on the device.
#[component]
fn Update(worker: SendWrapper<ServiceWorker>) -> impl IntoView {
    view! {
        <div class="notice" role="status" data-testid="update">
            <p>{t!("offline.update")}</p>
            <button class="button" on:click=move |_| offline::take_over(&worker)>
                {t!("offline.take_over")}
            </button>
        </div>
    }
}

/// The engine has stopped: why, and how to go on.
#[component]
fn Stopped(reason: StopReason) -> impl IntoView {
    let store = use_store();
    let advice = match &reason {
        StopReason::Fetch { .. } | StopReason::Script => {
            t!("stopped.check_connection")
        }
        StopReason::Version | StopReason::Model { .. } | StopReason::Engine(_) => {
            t!("stopped.reload")
        }
        StopReason::Changed { .. } => t!("stopped.distrust"),
        StopReason::Crash(_) => t!("stopped.photos_stay"),
    };
    let needs_reload = matches!(
        reason,
        StopReason::Version
            | StopReason::Model { .. }
            | StopReason::Changed { .. }
            | StopReason::Engine(_)
    );
    let mend = move |_| {
        if needs_reload {
            // Refused only while the page is being left anyway.
            let _ = window().location().reload();
        } else {
            store.restart();
        }
    };
    view! {
        <div class="notice error" role="alert">
            <p>{format!("{} {advice}", words::stop_reason(&reason))}</p>
            <button class="button" on:click=mend>
                {if needs_reload { t!("engine.reload") } else { t!("engine.start_again") }}
            </button>
        </div>
    }
}
