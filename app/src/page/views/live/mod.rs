//! The live view: faces from the camera or a video file, followed over time.

mod camera;
mod controls;
mod face;
mod fault;
mod figures;
mod film;
mod recorder;
mod running;
mod stage;
mod start;
mod state;
mod timeline;
mod watch;

pub use state::LiveState;

use gloo::events::EventListener;
use leptos::html::Div;
use leptos::prelude::*;
use send_wrapper::SendWrapper;

use crate::i18n::t;
use crate::store::use_store;
use fault::Fault;
use recorder::Recorder;
use running::Running;
use start::Start;
use state::Phase;

/// What runs, or how to start it, and what has been recorded.
#[component]
pub fn Live() -> impl IntoView {
    let live = use_store().live;
    camera::follow_devices(live);
    stop_when_hidden(live);
    // Who goes to another view does not look at this one.
    on_cleanup(move || live.stop());
    let part = move || match live.phase.get() {
        Phase::Off => view! { <Start fault=None /> }.into_any(),
        Phase::Fault(fault) => view! { <Start fault=Some(fault) /> }.into_any(),
        Phase::Asking(_) => view! {
            <p class="message" role="status">
                {t!("live.asking")}
            </p>
        }
        .into_any(),
        Phase::Running(source) => view! { <Running source /> }.into_any(),
    };
    // The running part has it beside the picture.
    let is_over = move || !live.phase.with(|phase| matches!(phase, Phase::Running(_)));
    let place = NodeRef::<Div>::new();
    Effect::new(move |before: Option<()>| {
        live.phase.track();
        // What was pressed is gone: the keyboard goes on here.
        if let (Some(()), Some(place)) = (before, place.get_untracked()) {
            // Refused for elements out of the page only.
            let _ = place.focus();
        }
    });
    view! {
        <div class="live" node_ref=place tabindex="-1">
            {part}
            <Show when=is_over>
                <Recorder />
            </Show>
        </div>
    }
}

/// A camera that nobody looks at is stopped.
fn stop_when_hidden(live: LiveState) {
    let listener = EventListener::new(&document(), "visibilitychange", move |_| {
        if document().hidden() && live.has_camera() {
            live.fail(Fault::Hidden);
        }
    });
    let listener = SendWrapper::new(listener);
    on_cleanup(move || drop(listener));
}
