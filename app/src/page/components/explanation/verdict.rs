//! Whether a method of explanation has passed its checks, as `mien explain-eval` measured them.

use leptos::prelude::*;
use leptos::task::spawn_local;
use mien_engine::explain::Method;
use mien_engine::explain::faithfulness::Verdict;
use serde::Deserialize;

use crate::assets::fetch_json;
use crate::i18n::t;
use crate::model;
use crate::store::use_store;

/// The part of a report that the page shows.
#[derive(Clone, Deserialize)]
struct Facts {
    rows: Vec<RowFacts>,
}

#[derive(Clone, Deserialize)]
struct RowFacts {
    method: Option<Method>,
    verdict: Option<Verdict>,
}

/// What a method fails, or that it fails nothing; nothing where it was not measured.
#[component]
pub fn MethodVerdict(method: RwSignal<Method>) -> impl IntoView {
    let facts = RwSignal::new(None::<Facts>);
    let store = use_store();
    Effect::new(move |_| {
        let path = model::faithfulness(&store.model.get());
        let known = store
            .assets
            .with_value(|assets| assets.has(&path).then(|| assets.url(&path)));
        facts.set(None);
        // Without the report there is nothing to say.
        if let Some(url) = known {
            spawn_local(async move {
                facts.try_set(fetch_json(&url).await);
            });
        }
    });
    move || {
        let usual = method.get().kind().method();
        let is_usual = method.get() == usual;
        let verdict = facts.with(|facts| {
            let row = facts
                .as_ref()?
                .rows
                .iter()
                .find(|row| row.method == Some(usual));
            row?.verdict
        });
        verdict.map(|verdict| {
            view! {
                <p
                    class="small"
                    data-testid="method-verdict"
                    data-passed=verdict.is_passed().to_string()
                >
                    {words(verdict)}
                    {(!is_usual).then(|| format!(" {}", t!("explain.verdict_usual")))}
                </p>
            }
        })
    }
}

fn words(verdict: Verdict) -> String {
    if verdict.is_passed() {
        return t!("explain.verdict_passed");
    }
    let mut sentences = Vec::new();
    if !verdict.deletes_better {
        sentences.push(t!("explain.verdict_deletion"));
    }
    if !verdict.inserts_better {
        sentences.push(t!("explain.verdict_insertion"));
    }
    if !verdict.needs_the_network {
        sentences.push(t!("explain.verdict_weights"));
    }
    sentences.join(" ")
}
