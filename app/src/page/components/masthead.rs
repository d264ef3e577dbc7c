use leptos::prelude::*;
use mien_app::language::Language;
use mien_app::protocol::EngineReport;
use mien_engine::backend::{Backend, Reason};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::i18n::{LanguageChoice, t};
use crate::model;
use crate::store::{EngineState, use_store};
use crate::theme::Theme;

/// The id of the language chooser, which is built anew with the page when it is used.
const LANGUAGE_ID: &str = "language";

/// The page's name, what it promises, what it runs on, and how it looks.
#[component]
pub fn Masthead() -> impl IntoView {
    let store = use_store();
    let mark = store
        .assets
        .with_value(|assets| assets.url("icons/mien.svg"));
    let backend = move || match store.engine.get() {
        EngineState::Ready(report) => view! { <BackendFact report /> }.into_any(),
        // Keeps its place, so that nothing moves when the engine is ready.
        EngineState::Loading { .. } => {
            view! { <span class="fact wide">{t!("photos.status.loading")}</span> }.into_any()
        }
        EngineState::Stopped(_) => {
            view! { <span class="fact wide">{t!("photos.status.stopped")}</span> }.into_any()
        }
    };
    view! {
        <header class="masthead">
            <div class="masthead-name">
                <img src=mark alt="" width="44" height="44" />
                <div>
                    <h1>"Mien"</h1>
                    <p class="soft">{t!("page.tagline")}</p>
                </div>
            </div>
            <div class="facts">
                <span class="fact good">{t!("page.private")}</span>
                {backend}
                <ModelChooser />
                <LanguageChooser />
                <ThemeChooser />
            </div>
        </header>
    }
}

/// The expression networks, where there are several.
#[component]
fn ModelChooser() -> impl IntoView {
    let store = use_store();
    let names = store.assets.with_value(|assets| model::names(assets));
    (names.len() > 1).then(|| {
        let options = names.into_iter().map(|name| {
            let value = name.clone();
            let is_used = move || store.model.get() == name;
            view! {
                <option value=value.to_string() prop:selected=is_used>
                    {value.to_string()}
                </option>
            }
        });
        view! {
            <select
                class="chooser"
                aria-label=t!("page.model")
                data-testid="model"
                on:change=move |event| store.choose_model(event_target_value(&event).into())
            >
                {options.collect_view()}
            </select>
        }
    })
}

#[component]
fn LanguageChooser() -> impl IntoView {
    let choice = expect_context::<LanguageChoice>();
    let current = choice.0.get_untracked();
    let options = Language::ALL.map(|language| {
        view! {
            <option value=language.tag() lang=language.tag() selected=language == current>
                {language.own_name()}
            </option>
        }
    });
    let choose = move |event| {
        if let Some(language) = Language::from_tag(&event_target_value(&event)) {
            choice.choose(language);
            request_animation_frame(|| {
                let chooser = document().get_element_by_id(LANGUAGE_ID);
                if let Some(chooser) = chooser.and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
                    // Refused for elements out of the page only.
                    let _ = chooser.focus();
                }
            });
        }
    };
    view! {
        <select
            id=LANGUAGE_ID
            class="chooser"
            aria-label=t!("page.language")
            data-testid="language"
            on:change=choose
        >
            {options.collect_view()}
        </select>
    }
}

#[component]
fn ThemeChooser() -> impl IntoView {
    let current = Theme::at_start();
    let options = Theme::ALL.map(|theme| {
        let name = match theme {
            Theme::System => t!("page.theme_system"),
            Theme::Light => t!("page.theme_light"),
            Theme::Dark => t!("page.theme_dark"),
        };
        view! {
            <option value=theme.name() selected=theme == current>
                {name}
            </option>
        }
    });
    let choose = move |event| {
        if let Some(theme) = Theme::from_name(&event_target_value(&event)) {
            theme.choose();
        }
    };
    view! {
        <select
            class="chooser"
            aria-label=t!("page.theme")
            data-testid="theme"
            on:change=choose
        >
            {options.collect_view()}
        </select>
    }
}

#[component]
fn BackendFact(report: EngineReport) -> impl IntoView {
    let place = match (report.choice.backend, &report.adapter) {
        (Backend::Cpu, _) => t!("engine.on_cpu"),
        (Backend::WebGpu, None) => t!("engine.on_webgpu"),
        (Backend::WebGpu, Some(adapter)) => t!("engine.on_adapter", adapter = adapter),
    };
    let reason = match &report.choice.reason {
        Reason::Forced => t!("engine.forced"),
        Reason::Faster => t!("engine.faster"),
        Reason::SoftwareAdapter => t!("engine.software"),
        Reason::NoGpu(why) => why.clone(),
    };
    view! {
        <span class="fact wide" data-testid="backend" data-backend=report.choice.backend.name()>
            {format!("{place}: {reason}")}
        </span>
    }
}
