//! How to begin, and why nothing runs.

use leptos::html::{Input, Section};
use leptos::prelude::*;
use web_sys::HtmlInputElement;

use super::camera;
use super::fault::Fault;
use crate::i18n::t;
use crate::settings;
use crate::store::use_store;

/// Under this name the browser keeps that the first-use notice was read.
const NOTICE: &str = "camera-notice";

/// Camera or video file.
#[component]
pub fn Start(fault: Option<Fault>) -> impl IntoView {
    let live = use_store().live;
    let is_noticing = RwSignal::new(false);
    let notice = NodeRef::<Section>::new();
    let start = move |_| {
        if settings::remembered(NOTICE).is_some() {
            camera::start(live, None);
        } else {
            is_noticing.set(true);
            // What was pressed is gone: the keyboard goes on at the notice.
            request_animation_frame(move || {
                if let Some(notice) = notice.get_untracked() {
                    // Refused for elements out of the page only.
                    let _ = notice.focus();
                }
            });
        }
    };
    let accept = move |_| {
        settings::remember(NOTICE, "read");
        camera::start(live, None);
    };
    let file = NodeRef::<Input>::new();
    let pick = move |_| {
        if let Some(file) = file.get_untracked() {
            file.click();
        }
    };
    let picked = move |event| {
        let input: HtmlInputElement = event_target(&event);
        let file = input.files().and_then(|files| files.get(0));
        if let Some(file) = file {
            live.play(file.into());
        }
    };
    view! {
        {fault.map(|fault| view! { <WhyNot fault /> })}
        <Show
            when=move || is_noticing.get()
            fallback=move || {
                view! {
                    <section class="drop" aria-labelledby="live-start-title">
                        <h2 id="live-start-title" class="drop-title">
                            {t!("live.start_title")}
                        </h2>
                        <p class="soft prose">
                            {t!("live.start_words")}
                        </p>
                        <div class="drop-actions">
                            <button
                                class="button primary"
                                data-testid="camera-start"
                                on:click=start
                            >
                                {t!("live.use_camera")}
                            </button>
                            <button class="button" on:click=pick>
                                {t!("live.choose_video")}
                            </button>
                        </div>
                        // The button above stands for it; it stays in the page for whoever drives it.
                        <input
                            node_ref=file
                            class="visually-hidden"
                            type="file"
                            accept="video/*"
                            tabindex="-1"
                            aria-hidden="true"
                            data-testid="video-input"
                            on:change=picked
                        />
                    </section>
                }
            }
        >
            <section
                node_ref=notice
                tabindex="-1"
                class="panel prose"
                aria-labelledby="first-use-title"
                data-testid="first-use"
            >
                <h2 id="first-use-title" class="panel-title">
                    {t!("live.notice_title")}
                </h2>
                <p>
                    {t!("live.notice_resembles")}
                </p>
                <p>
                    {t!("live.notice_private")}
                </p>
                <p>
                    {t!("live.notice_consent")}
                </p>
                <div class="section-actions">
                    <button
                        class="button primary"
                        data-testid="first-use-accept"
                        on:click=accept
                    >
                        {t!("live.notice_accept")}
                    </button>
                    <button class="button" on:click=move |_| is_noticing.set(false)>
                        {t!("live.notice_later")}
                    </button>
                </div>
            </section>
        </Show>
    }
}

/// What happened, and what to do.
#[component]
fn WhyNot(fault: Fault) -> impl IntoView {
    let words = match fault {
        Fault::InsecureOrigin => t!("live.fault_insecure"),
        Fault::NotAllowed => t!("live.fault_refused"),
        Fault::Absent => t!("live.fault_absent"),
        Fault::Busy => t!("live.fault_busy"),
        Fault::Ended => t!("live.fault_ended"),
        Fault::Hidden => t!("live.fault_hidden"),
        Fault::Unplayable => t!("live.fault_unplayable"),
        Fault::Other => t!("live.fault_other"),
    };
    view! {
        <p
            class="message error"
            role="alert"
            data-testid="camera-error"
            data-fault=fault.name()
        >
            {words}
        </p>
    }
}
