//! Evaluation on the visitor's own data: where they come in, and how far it is.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use mien_app::judging::Refusal;
use mien_engine::fer2013::HeaderError;
use web_sys::{DragEvent, HtmlInputElement};

use super::folder;
use super::result::ResultPart;
use super::settings::Settings;
use super::state::{Data, Progress, Run, RunFault, labelled_cards};
use crate::i18n::t;
use crate::store::{Store, use_store};
use crate::words;

/// The visitor's own data, from choosing to result.
#[component]
pub fn OwnData() -> impl IntoView {
    let store = use_store();
    let state = store.judge;
    let is_over = RwSignal::new(false);
    let dropped = move |event: DragEvent| {
        event.prevent_default();
        is_over.set(false);
        if let Some(transfer) = event.data_transfer() {
            // Both have to be taken while the event lasts.
            let entries = folder::entries(&transfer);
            let files = transfer.files();
            spawn_local(async move {
                let data = if entries.is_empty() {
                    files.and_then(|files| folder::from_list(&files))
                } else {
                    folder::from_entries(entries).await
                };
                if data.is_some() {
                    state.choose(data);
                }
            });
        }
    };
    let has_data = Memo::new(move |_| state.data.with(Option::is_some));
    view! {
        <section
            class="panel judge-part"
            aria-labelledby="own-title"
            on:dragover=move |event: DragEvent| {
                event.prevent_default();
                is_over.set(true);
            }
            on:dragleave=move |_| is_over.set(false)
            on:drop=dropped
        >
            <h2 id="own-title">{t!("judge.own.title")}</h2>
            <div class="drop" class:over=is_over>
                <h3 class="drop-title">{t!("judge.own.drop")}</h3>
                <p class="soft">
                    {t!("judge.own.layout")}
                </p>
                <div class="drop-actions">
                    <FileButton store label=t!("judge.own.choose_folder") hook="judge-folder" is_folder=true />
                    <FileButton store label=t!("judge.own.choose_csv") hook="judge-csv" is_folder=false />
                    <LabelledButton />
                </div>
            </div>
            <Show when=move || has_data.get()>
                <Settings />
            </Show>
            {move || match state.run.get() {
                Run::Idle => ().into_any(),
                Run::Working(progress) => view! { <Working progress /> }.into_any(),
                Run::Done(outcome) => view! { <ResultPart outcome /> }.into_any(),
                Run::Failed(fault) => view! { <Failed fault /> }.into_any(),
            }}
        </section>
    }
}

/// A button that opens the browser's chooser of files or folders.
#[component]
fn FileButton(store: Store, label: String, hook: &'static str, is_folder: bool) -> impl IntoView {
    let input = NodeRef::<leptos::html::Input>::new();
    let pick = move |_| {
        if let Some(input) = input.get_untracked() {
            input.click();
        }
    };
    let picked = move |event| {
        let input: HtmlInputElement = event_target(&event);
        if let Some(data) = input.files().and_then(|files| folder::from_list(&files)) {
            store.judge.choose(Some(data));
        }
        // So that the same files can be picked again.
        input.set_value("");
    };
    view! {
        <button class="button" on:click=pick>
            {label}
        </button>
        // The button above stands for it; it stays in the page for whoever drives it.
        <input
            node_ref=input
            class="visually-hidden"
            type="file"
            prop:webkitdirectory=is_folder
            multiple=is_folder
            tabindex="-1"
            aria-hidden="true"
            data-testid=hook
            on:change=picked
        />
    }
}

/// A button that takes the faces labelled by hand, where there are any.
#[component]
fn LabelledButton() -> impl IntoView {
    let store = use_store();
    let count = Memo::new(move |_| labelled_cards(store).len());
    let choose = move |_| {
        let cards = untrack(|| labelled_cards(store));
        store.judge.choose(Some(Data::Cards(Arc::new(cards))));
    };
    move || {
        (count.get() > 0).then(|| {
            view! {
                <button class="button" data-testid="judge-labelled" on:click=choose>
                    {t!("judge.own.use_labelled", count = count.get())}
                </button>
            }
        })
    }
}

/// How far the evaluation has come.
#[component]
fn Working(progress: Progress) -> impl IntoView {
    let share = progress.right as f64 / progress.judged.max(1) as f64;
    let facts = t!(
        "judge.own.progress",
        faces = words::faces(progress.judged),
        share = words::percent_exactly(share),
        problems = progress.problems
    );
    view! {
        <div class="status" data-testid="judge-progress" data-judged=progress.judged.to_string()>
            <progress max="1" value=progress.share.to_string() aria-label=t!("judge.own.evaluation")></progress>
            <p class="small soft number">{facts}</p>
        </div>
    }
}

/// Why the evaluation did not begin, and what to do.
#[component]
fn Failed(fault: RunFault) -> impl IntoView {
    let (words, advice) = match fault {
        RunFault::Data(why) => (
            t!("judge.own.bad_data", why = refusal(&why)),
            t!("judge.own.bad_data_advice"),
        ),
        RunFault::Model {
            why: Refusal::Network(reason),
            ..
        } => (words::stop_reason(&reason), t!("judge.own.again")),
        RunFault::Model { name, why } => (
            t!("judge.own.bad_model", name = name, why = refusal(&why)),
            t!("judge.own.bad_model_advice"),
        ),
        RunFault::Engine(failure) => (
            t!("judge.own.not_begun", why = words::failure(&failure)),
            t!("judge.own.again"),
        ),
    };
    view! {
        <div class="message error" role="alert" data-testid="judge-error">
            <p>
                <strong>{words}</strong>
            </p>
            <p>{advice}</p>
        </div>
    }
}

/// Why something cannot be judged.
pub fn refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Csv(HeaderError::Empty) => t!("judge.refusal.empty"),
        Refusal::Csv(HeaderError::Gzip) => t!("judge.refusal.gzip"),
        Refusal::Csv(HeaderError::Columns { found }) => t!("judge.refusal.columns", found = found),
        Refusal::Gone => t!("judge.refusal.gone"),
        Refusal::NotAPicture => t!("judge.refusal.not_a_picture"),
        Refusal::NoFace => t!("judge.refusal.no_face"),
        Refusal::NotAModel(detail) => t!("judge.refusal.not_a_model", detail = detail),
        Refusal::Network(reason) => words::stop_reason(reason),
        Refusal::NoModel => t!("judge.refusal.no_model"),
    }
}
