//! What the shipped networks are worth, from the reports that the trainer wrote.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Deserialize;

use super::chart::{Axis, Chart, Mark, Numbers, Series};
use super::figures::{Figures, FiguresPart};
use super::mean_maps::{self, CellMap, Outcomes};
use crate::assets::fetch_json;
use crate::components::model_table::{ModelTable, split_name};
use crate::i18n::{language, t};
use crate::model;
use crate::model_card::{self, CardState};
use crate::store::use_store;
use crate::words;

/// The part of a report that the page shows.
#[derive(Deserialize)]
struct Report {
    model: String,
    evaluations: Vec<Figures>,
    #[serde(default)]
    history: Vec<Epoch>,
}

/// An epoch of the training. Training figures are of augmented faces while the weights moved.
#[derive(Deserialize)]
struct Epoch {
    #[serde(rename = "epoch")]
    number: usize,
    train_loss: f64,
    train_accuracy: f64,
    valid_loss: f64,
    valid_accuracy: f64,
}

/// How far a report is.
#[derive(Clone)]
enum State {
    Loading,
    Loaded(Arc<Report>),
    Missing,
}

/// The reports, one at a time, first that of the network in use.
#[component]
pub fn Shipped() -> impl IntoView {
    let store = use_store();
    let names: Vec<String> = store
        .assets
        .with_value(|assets| assets.names("reports/").map(str::to_owned).collect());
    let used = model::report(&store.model.get_untracked());
    let first = if names.contains(&used) {
        used
    } else {
        names.first().cloned().unwrap_or_default()
    };
    let name = RwSignal::new(first.clone());
    let state = RwSignal::new(State::Loading);
    let load = move || {
        state.set(State::Loading);
        let asked = name.get_untracked();
        let url = store.assets.with_value(|assets| assets.url(&asked));
        spawn_local(async move {
            let report = fetch_json(&url).await;
            // A later choice wins.
            if name.try_get_untracked() == Some(asked) {
                state.set(report.map_or(State::Missing, |report| State::Loaded(Arc::new(report))));
            }
        });
    };
    load();
    let choose = move |event| {
        name.set(event_target_value(&event));
        load();
    };
    let chooser = (names.len() > 1).then(|| {
        let options = names.into_iter().map(|path| {
            let title = path
                .trim_start_matches("reports/")
                .trim_end_matches(".json")
                .to_owned();
            let is_first = path == first;
            view! { <option value=path selected=is_first>{title}</option> }
        });
        view! {
            <label class="field">
                <span>{t!("judge.network")}</span>
                <select data-testid="report-model" on:change=choose>
                    {options.collect_view()}
                </select>
            </label>
        }
    });
    let card = model_card::load();
    view! {
        <section class="panel judge-part" aria-labelledby="report-title">
            <div class="section-head">
                <h2 id="report-title">{t!("judge.title")}</h2>
                {chooser}
            </div>
            {move || match state.get() {
                State::Loading => {
                    view! {
                        <div class="report-loading">
                            <progress aria-label=t!("judge.report_loading")></progress>
                        </div>
                    }
                        .into_any()
                }
                State::Loaded(report) => view! { <ReportPart report /> }.into_any(),
                State::Missing => {
                    view! {
                        <div class="message error">
                            <p>{t!("judge.report_missing")}</p>
                            <button class="button" on:click=move |_| load()>
                                {t!("words.try_again")}
                            </button>
                        </div>
                    }
                        .into_any()
                }
            }}
            {move || match (state.get(), card.get()) {
                (State::Loaded(_) | State::Missing, CardState::There(card)) => {
                    Some(view! { <ModelTable card /> })
                }
                _ => None,
            }}
        </section>
    }
}

/// One report, one split at a time.
#[component]
fn ReportPart(report: Arc<Report>) -> impl IntoView {
    let splits: Vec<Arc<Figures>> = report.evaluations.iter().cloned().map(Arc::new).collect();
    let split = RwSignal::new(0);
    let choices = splits.iter().enumerate().map(|(index, figures)| {
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name="report-split"
                    value=figures.split.clone()
                    prop:checked=move || split.get() == index
                    on:change=move |_| split.set(index)
                />
                <span>{split_name(&figures.split)}</span>
            </label>
        }
    });
    let choices = choices.collect_view();
    let maps = mean_maps::load(&report.model);
    let figures = move || {
        let figures = splits.get(split.get()).cloned();
        figures.map(|figures| {
            let cell = Callback::new(move |place| {
                let map = move || maps.get().map(|maps| view! { <CellMap maps place /> });
                view! {
                    {map}
                    <p class="small soft">{t!("judge.no_examples")}</p>
                }
                .into_any()
            });
            view! { <FiguresPart figures cell /> }
        })
    };
    view! {
        <fieldset class="choices" data-testid="report-split">
            <legend>{t!("judge.on_split", model = report.model)}</legend>
            {choices}
        </fieldset>
        {figures}
        {move || maps.get().map(|maps| view! { <Outcomes maps /> })}
        {(!report.history.is_empty()).then(|| curves(&report.history))}
    }
}

/// Accuracy and loss against epochs.
fn curves(history: &[Epoch]) -> impl IntoView + use<> {
    let epochs = Axis {
        label: t!("judge.training.epoch"),
        range: [1.0, history.len().max(2) as f64],
        step: history.len().div_ceil(8).max(1) as f64,
        write: |epoch| format!("{epoch:.0}"),
    };
    let series = |training: fn(&Epoch) -> f64, validation: fn(&Epoch) -> f64| {
        let points = |value: fn(&Epoch) -> f64| {
            let points = history
                .iter()
                .map(|epoch| [epoch.number as f64, value(epoch)]);
            points.collect()
        };
        vec![
            Series {
                label: "PublicTest".to_owned(),
                colour: "first",
                mark: Mark::Line,
                points: points(validation),
            },
            Series {
                label: t!("judge.training.augmented"),
                colour: "second",
                mark: Mark::Dashes,
                points: points(training),
            },
        ]
    };
    let numbers =
        |write: fn(f64) -> String, training: fn(&Epoch) -> f64, validation: fn(&Epoch) -> f64| {
            let row = |epoch: &Epoch| {
                vec![
                    epoch.number.to_string(),
                    write(validation(epoch)),
                    write(training(epoch)),
                ]
            };
            Numbers {
                head: vec![
                    t!("judge.training.epoch"),
                    "PublicTest".to_owned(),
                    t!("judge.training.augmented"),
                ],
                rows: history.iter().map(row).collect(),
            }
        };
    let loss = |value: f64| language().decimal(value, 2);
    let both = |one: fn(&Epoch) -> f64, other: fn(&Epoch) -> f64| {
        history.iter().map(one).chain(history.iter().map(other))
    };
    let accuracy_axis = Axis::around(
        t!("judge.figures.accuracy"),
        both(|e| e.train_accuracy, |e| e.valid_accuracy),
        0.1,
        |share| words::percent(share as f32),
    );
    let loss_axis = Axis::around(
        t!("judge.training.loss"),
        both(|e| e.train_loss, |e| e.valid_loss),
        0.2,
        |value| language().decimal(value, 1),
    );
    view! {
        <div class="charts" data-testid="training-curves">
            <Chart
                title=t!("judge.training.accuracy")
                words=t!("judge.training.accuracy_words")
                x=epochs.clone()
                y=accuracy_axis
                series=series(|e| e.train_accuracy, |e| e.valid_accuracy)
                numbers=numbers(words::percent_exactly, |e| e.train_accuracy, |e| e.valid_accuracy)
            />
            <Chart
                title=t!("judge.training.loss")
                words=t!("judge.training.loss_words")
                x=epochs
                y=loss_axis
                series=series(|e| e.train_loss, |e| e.valid_loss)
                numbers=numbers(loss, |e| e.train_loss, |e| e.valid_loss)
            />
        </div>
    }
}
