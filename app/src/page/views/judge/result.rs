//! What came of an evaluation.

use std::sync::Arc;

use leptos::prelude::*;
use mien_app::judging::Cropping;
use mien_app::problems::{ProblemKind, Problems};

use super::comparison::Comparison;
use super::examples::Examples;
use super::figures::{Figures, FiguresPart};
use super::own_data::refusal;
use super::state::{End, Fault, Outcome};
use crate::download;
use crate::i18n::{language, t, tn};
use crate::words;

/// The figures of an evaluation with everything that belongs to them.
#[component]
pub fn ResultPart(outcome: Arc<Outcome>) -> impl IntoView {
    let count = outcome.tally.samples().len();
    let sentence = t!(
        "judge.result.judged",
        faces = words::faces(count),
        data = outcome.data,
        seconds = language().decimal(outcome.seconds, 0)
    );
    let end = match &outcome.end {
        End::Complete => None,
        End::Cancelled => Some(t!("judge.result.cancelled")),
        End::Broken(fault) => {
            let why = match fault {
                Fault::Refused(why) => refusal(why),
                Fault::Failed(failure) => words::failure(failure),
            };
            Some(t!("judge.result.broken", why = why))
        }
    };
    let end = end.map(|words| view! { <p class="message">{words}</p> });
    let training = outcome.has_training.then(|| {
        view! {
            <p class="message">
                {t!("judge.result.training")}
            </p>
        }
    });
    let passed_over =
        (outcome.passed_over > 0).then(|| tn!("judge.result.passed_over", outcome.passed_over));
    let problems = Arc::new(outcome.problems.clone());
    let figures = (count > 0).then(|| view! { <Models outcome=outcome.clone() /> });
    view! {
        <section class="judge-part" data-testid="judge-result" data-samples=count.to_string()>
            <div role="status">
                <h3>{sentence}</h3>
            </div>
            {end}
            {training}
            <ul class="small soft">
                {outcome.tally.croppings().into_iter().map(|way| view! { <li>{way_in_words(way)}</li> }).collect_view()}
                {passed_over.map(|words| view! { <li>{words}</li> })}
            </ul>
            <ProblemList problems />
            {figures}
        </section>
    }
}

/// How faces became what the network saw.
fn way_in_words((way, count): (Cropping, usize)) -> String {
    let faces = words::faces(count);
    match way {
        Cropping::Given => t!("judge.result.way_given", faces = faces),
        Cropping::Found => t!("judge.result.way_found", faces = faces),
        Cropping::Largest => t!("judge.result.way_largest", faces = faces),
        Cropping::Small => t!("judge.result.way_small", faces = faces),
    }
}

/// The figures of one model at a time, the comparison, and the files.
#[component]
fn Models(outcome: Arc<Outcome>) -> impl IntoView {
    let model = RwSignal::new(0);
    let names = outcome.tally.models().to_vec();
    let chooser = (names.len() > 1).then(|| {
        let choices = names.into_iter().enumerate().map(|(index, name)| {
            view! {
                <label class="choice">
                    <input
                        type="radio"
                        name="judge-shown"
                        value=index.to_string()
                        prop:checked=move || model.get() == index
                        on:change=move |_| model.set(index)
                    />
                    <span>{name}</span>
                </label>
            }
        });
        view! {
            <fieldset class="choices" data-testid="judge-shown">
                <legend>{t!("judge.result.figures_of")}</legend>
                {choices.collect_view()}
            </fieldset>
        }
    });
    let figures = {
        let outcome = outcome.clone();
        move || {
            let model = model.get();
            let figures = outcome.tally.evaluation(model).ok().map(Figures::from);
            let outcome = outcome.clone();
            let cell = Callback::new(move |[truth, predicted]: [usize; 2]| {
                let examples = outcome.tally.examples(model, truth, predicted).to_vec();
                view! { <Examples examples /> }.into_any()
            });
            figures.map(|figures| view! { <FiguresPart figures=Arc::new(figures) cell /> })
        }
    };
    let json = {
        let outcome = outcome.clone();
        move |_| {
            let lines = outcome.problems.lines();
            let text = outcome.tally.to_json(&outcome.data, &lines);
            download::text("mien-evaluation.json", "application/json", &text);
        }
    };
    let csv = {
        let outcome = outcome.clone();
        move |_| download::text("mien-evaluation.csv", "text/csv", &outcome.tally.to_csv())
    };
    view! {
        <div class="section-actions">
            <button class="button" data-testid="judge-json" on:click=json>
                {t!("judge.result.json")}
            </button>
            <button class="button" data-testid="judge-csv-out" on:click=csv>
                {t!("judge.result.csv")}
            </button>
        </div>
        {outcome.tally.mcnemar().map(|test| {
            view! { <Comparison test models=outcome.tally.models().to_vec() /> }
        })}
        {chooser}
        {figures}
    }
}

/// What was left out, sorted by what is wrong with it.
#[component]
pub fn ProblemList(problems: Arc<Problems>) -> impl IntoView {
    (!problems.is_empty()).then(|| {
        let groups = problems.groups().map(|(kind, group)| {
            let more = group.count.saturating_sub(group.named.len());
            let is_cut = group.named.len() == mien_app::problems::NAMED && more > 0;
            let more = is_cut.then(|| view! { <li>{t!("judge.problems.more", count = more)}</li> });
            let named = group.named.iter().cloned();
            view! {
                <li>
                    <details>
                        <summary>{in_words(kind, group.count)}</summary>
                        <ul class="small">
                            {named.map(|words| view! { <li>{words}</li> }).collect_view()} {more}
                        </ul>
                    </details>
                </li>
            }
        });
        view! {
            <div class="message" data-testid="judge-problems" data-count=problems.count().to_string()>
                <p>
                    <strong>{t!("judge.problems.left_out", count = problems.count())}</strong>
                </p>
                <ul class="problems">{groups.collect_view()}</ul>
            </div>
        }
    })
}

fn in_words(kind: ProblemKind, count: usize) -> String {
    match kind {
        ProblemKind::Columns => t!("judge.problems.columns", count = count),
        ProblemKind::Label => t!("judge.problems.label", count = count),
        ProblemKind::PixelCount => t!("judge.problems.pixel_count", count = count),
        ProblemKind::Pixel => t!("judge.problems.pixel", count = count),
        ProblemKind::Usage => t!("judge.problems.usage", count = count),
        ProblemKind::NotText => t!("judge.problems.not_text", count = count),
        ProblemKind::UnknownFolder => t!("judge.problems.unknown_folder", count = count),
        ProblemKind::NotAPicture => t!("judge.problems.not_a_picture", count = count),
        ProblemKind::NoFace => t!("judge.problems.no_face", count = count),
        ProblemKind::NotRead => t!("judge.problems.not_read", count = count),
    }
}
