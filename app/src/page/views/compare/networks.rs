//! Which networks read the face.

use std::collections::BTreeMap;
use std::sync::Arc;

use leptos::prelude::*;

use super::report::ReportState;
use super::state::{networks, path};
use crate::i18n::t;
use crate::store::use_store;
use crate::words;

/// The networks of the site, study by study, each with its size.
#[component]
pub fn NetworkChooser(report: RwSignal<ReportState>) -> impl IntoView {
    let store = use_store();
    let compare = store.compare;
    let networks = store.assets.with_value(|assets| networks(assets));
    if networks.is_empty() {
        return view! { <p data-testid="networks-missing">{t!("compare.networks.missing")}</p> }
            .into_any();
    }
    let all = networks.clone();
    let choose_all = move |_| compare.choose(|chosen| chosen.extend(all.iter().cloned()));
    let choose_none = move |_| compare.choose(std::collections::BTreeSet::clear);
    let groups = move || {
        let mut groups = BTreeMap::<String, Vec<Arc<str>>>::new();
        report.with(|report| {
            for name in &networks {
                let study = report.row(name).map(|row| row.study.clone());
                groups
                    .entry(study.unwrap_or_default())
                    .or_default()
                    .push(name.clone());
            }
        });
        let groups = groups
            .into_iter()
            .map(|(study, names)| view! { <Group study names report /> });
        groups.collect_view()
    };
    view! {
        <div class="compare-networks">
            <div class="section-head">
                <h3 class="part-title">{t!("compare.networks.title")}</h3>
                <div class="section-actions">
                    <button class="button" data-testid="networks-all" on:click=choose_all>
                        {t!("compare.networks.all")}
                    </button>
                    <button class="button quiet" data-testid="networks-none" on:click=choose_none>
                        {t!("compare.networks.none")}
                    </button>
                </div>
            </div>
            {groups}
        </div>
    }
    .into_any()
}

/// The networks of one study.
#[component]
fn Group(study: String, names: Vec<Arc<str>>, report: RwSignal<ReportState>) -> impl IntoView {
    let store = use_store();
    let compare = store.compare;
    let boxes = names.into_iter().map(|name| {
        let bytes = store.assets.with_value(|assets| assets.source(&path(&name)).bytes);
        let title = report.with_untracked(|report| report.title(&name));
        let is_chosen = {
            let name = name.clone();
            move || compare.chosen.with(|chosen| chosen.contains(&name))
        };
        let value = name.to_string();
        let change = move |event| {
            let name = name.clone();
            let is_chosen = event_target_checked(&event);
            compare.choose(move |chosen| {
                if is_chosen {
                    chosen.insert(name);
                } else {
                    chosen.remove(&name);
                }
            });
        };
        view! {
            <label class="choice">
                <input
                    type="checkbox"
                    name="compare-network"
                    value=value
                    data-testid="network"
                    prop:checked=is_chosen
                    on:change=change
                />
                <span>{title} " " <span class="small soft number">{words::kilobytes(bytes)}</span></span>
            </label>
        }
    });
    let legend = if study.is_empty() {
        t!("compare.networks.unreported")
    } else {
        t!("compare.networks.study", study = study)
    };
    view! {
        <fieldset class="choices">
            <legend>{legend}</legend>
            {boxes.collect_view()}
        </fieldset>
    }
}
