use leptos::prelude::*;
use mien_app::protocol::{EngineReport, StopReason};
use mien_engine::backend::{Backend, Reason};

use crate::settings;
use crate::store::{EngineState, use_store};

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
    view! { <div class="notices">{notice}</div> }
}

/// Words about a GPU that the visitor had reason to expect.
fn gpu_notice(report: &EngineReport) -> Option<String> {
    let Reason::NoGpu(why) = &report.choice.reason else {
        return None;
    };
    if report.left_gpu {
        return Some(format!(
            "The graphics card stopped working for this page ({why}). Everything goes on on the \
             CPU; reload the page to try the card again."
        ));
    }
    let was_asked = settings::asked_backend() == Some(Backend::WebGpu);
    was_asked.then(|| {
        format!(
            "The address asks for WebGPU, but {why}. Everything runs on the CPU instead. WebGPU \
             needs a current browser, a graphics card, and a page opened through https or \
             localhost."
        )
    })
}

/// The engine has stopped: why, and how to go on.
#[component]
fn Stopped(reason: StopReason) -> impl IntoView {
    let store = use_store();
    let advice = match &reason {
        StopReason::Fetch { .. } | StopReason::Script => {
            "Check the connection, then start it again."
        }
        StopReason::Version | StopReason::Model { .. } | StopReason::Engine(_) => {
            "Reload the page; if that does not help, empty the browser's cache."
        }
        StopReason::Crash(_) => "Start it again; the photos stay.",
    };
    let needs_reload = matches!(
        reason,
        StopReason::Version | StopReason::Model { .. } | StopReason::Engine(_)
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
            <p>{format!("{}. {advice}", capitalised(&reason.to_string()))}</p>
            <button class="button" on:click=mend>
                {if needs_reload { "Reload" } else { "Start again" }}
            </button>
        </div>
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + letters.as_str()
    })
}
