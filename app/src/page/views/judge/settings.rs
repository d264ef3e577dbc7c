//! What is judged, with which models, and the button that begins.

use std::sync::Arc;

use gloo::file::Blob;
use leptos::prelude::*;
use mien_app::judging::ModelId;
use mien_engine::expression::Expression;
use mien_engine::fer2013::Usage;
use web_sys::HtmlInputElement;

use super::evaluate;
use super::result::ProblemList;
use super::state::{Data, Folder, JudgeState, Run};
use crate::i18n::{expression, t, tn};
use crate::store::{EngineState, use_store};
use crate::words;

/// The data that were chosen, with everything that can be set about them.
#[component]
pub fn Settings() -> impl IntoView {
    let store = use_store();
    let state = store.judge;
    let is_working = Memo::new(move |_| state.run.with(|run| matches!(run, Run::Working(_))));
    let is_empty = move || {
        state.data.with(|data| match data {
            Some(Data::Folder(folder)) => folder.pictures.is_empty(),
            _ => false,
        })
    };
    let is_ready = move || matches!(store.engine.get(), EngineState::Ready(_)) && !is_empty();
    let data = move || {
        state.data.get().map(|data| match data {
            Data::Csv { name, file } => view! { <Csv state name bytes=file.size() /> }.into_any(),
            Data::Folder(folder) => view! { <FolderPart state folder /> }.into_any(),
            Data::Cards(cards) => {
                let words = t!(
                    "judge.own.labelled_count",
                    faces = words::faces(cards.len())
                );
                view! { <p>{words}</p> }.into_any()
            }
        })
    };
    view! {
        <div class="judge-settings" data-testid="judge-settings">
            <fieldset disabled=is_working>
                <legend class="visually-hidden">{t!("judge.own.settings")}</legend>
                {data}
                <Models state />
            </fieldset>
            <div class="drop-actions">
                {move || {
                    if is_working.get() {
                        view! {
                            <button
                                class="button stop"
                                data-testid="judge-cancel"
                                on:click=move |_| state.cancel()
                            >
                                {t!("judge.own.cancel")}
                            </button>
                        }
                            .into_any()
                    } else {
                        view! {
                            <button
                                class="button primary"
                                data-testid="judge-start"
                                disabled=move || !is_ready()
                                on:click=move |_| evaluate::start(store)
                            >
                                {t!("judge.own.evaluate")}
                            </button>
                            <button class="button quiet" on:click=move |_| state.choose(None)>
                                {t!("judge.own.remove")}
                            </button>
                        }
                            .into_any()
                    }
                }}
            </div>
        </div>
    }
}

/// A CSV, and which of its rows count.
#[component]
fn Csv(state: JudgeState, name: Arc<str>, bytes: u64) -> impl IntoView {
    let usage = move |event| {
        state
            .usage
            .set(Usage::from_name(&event_target_value(&event)));
    };
    let options = Usage::ALL.map(|usage| {
        view! {
            <option value=usage.name() selected=move || state.usage.get() == Some(usage)>
                {usage.name()}
            </option>
        }
    });
    view! {
        <p>
            <strong>{name.to_string()}</strong>
            ", "
            <span class="number">{words::megabytes(bytes as usize)}</span>
        </p>
        <label class="field">
            <span>{t!("judge.own.rows")}</span>
            <select data-testid="judge-usage" on:change=usage>
                <option value="">{t!("judge.own.rows_all")}</option>
                {options.into_iter().collect_view()}
            </select>
        </label>
        <p class="small soft">{t!("judge.own.rows_note")}</p>
    }
}

/// A folder: how many pictures of each class, and what was not understood.
#[component]
fn FolderPart(state: JudgeState, folder: Folder) -> impl IntoView {
    let classes = Expression::FER2013.map(|class| {
        let count = folder
            .pictures
            .iter()
            .filter(|picture| picture.label == class)
            .count();
        view! {
            <li>
                {expression(class)}
                " "
                <strong class="number">{count}</strong>
            </li>
        }
    });
    let problems = folder.problems.clone();
    let empty = folder.pictures.is_empty().then(|| {
        view! {
            <p class="message error" role="alert" data-testid="judge-empty">
                {t!("judge.own.no_classes")}
            </p>
        }
    });
    view! {
        <p>
            <strong>{folder.name.to_string()}</strong>
            ", "
            <span class="number">{tn!("judge.own.pictures", folder.pictures.len())}</span>
        </p>
        <ul class="class-counts">{classes.into_iter().collect_view()}</ul>
        {empty}
        <ProblemList problems />
        <label class="check">
            <input
                type="checkbox"
                data-testid="judge-cropped"
                prop:checked=state.is_cropped
                on:change=move |event| state.is_cropped.set(event_target_checked(&event))
            />
            {t!("judge.own.cropped")}
        </label>
        <p class="small soft">
            {t!("judge.own.cropped_note")}
        </p>
    }
}

/// The model that is judged, and the one that it is compared with.
#[component]
fn Models(state: JudgeState) -> impl IntoView {
    let input = NodeRef::<leptos::html::Input>::new();
    let picked = move |event| {
        let input: HtmlInputElement = event_target(&event);
        if let Some(file) = input.files().and_then(|files| files.get(0)) {
            let blob = Blob::from(AsRef::<web_sys::Blob>::as_ref(&file).clone());
            state.add_model(&file.name(), blob);
        }
        input.set_value("");
    };
    let id = |event| event_target_value(&event).parse().ok().map(ModelId);
    let options = move |chosen: Signal<Option<ModelId>>| {
        let models = state.models.get().into_iter().map(move |model| {
            view! {
                <option value=model.id.0.to_string() selected=move || chosen.get() == Some(model.id)>
                    {model.name.to_string()}
                </option>
            }
        });
        models.collect_view()
    };
    let first = Signal::derive(move || Some(state.first.get()));
    let second = Signal::derive(move || state.second.get());
    view! {
        <label class="field">
            <span>{t!("judge.own.model")}</span>
            <select
                data-testid="judge-first"
                on:change=move |event| state.first.set(id(event).unwrap_or(ModelId(0)))
            >
                {move || options(first)}
            </select>
        </label>
        <label class="field">
            <span>{t!("judge.own.compare_with")}</span>
            <select data-testid="judge-second" on:change=move |event| state.second.set(id(event))>
                <option value="" selected=move || second.get().is_none()>
                    {t!("judge.own.no_other")}
                </option>
                {move || options(second)}
            </select>
        </label>
        <button
            class="button"
            on:click=move |_| {
                if let Some(input) = input.get_untracked() {
                    input.click();
                }
            }
        >
            {t!("judge.own.add_model")}
        </button>
        <input
            node_ref=input
            class="visually-hidden"
            type="file"
            accept=".mien"
            tabindex="-1"
            aria-hidden="true"
            data-testid="judge-model"
            on:change=picked
        />
    }
}
