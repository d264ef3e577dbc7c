use leptos::prelude::*;
use mien_engine::expression::Expression;

use crate::components::model_table::{ModelTable, split_name};
use crate::i18n::{expression, language, t};
use crate::model_card::{self, AgreementFacts, CardFacts, CardState, SplitFacts};
use crate::words;

/// The model card of the expression network, in the form of Mitchell et al. (2019).
#[component]
pub fn Card() -> impl IntoView {
    let card = model_card::load();
    let part = move || match card.get() {
        CardState::Loading => None,
        CardState::Absent => Some(view! { <p>{t!("card.absent")}</p> }.into_any()),
        CardState::There(card) => Some(view! { <Sections card /> }.into_any()),
    };
    view! {
        <section class="panel" aria-labelledby="card-title" data-testid="about-card">
            <h3 id="card-title">{t!("card.heading")}</h3>
            <p class="small soft">{t!("card.form")}</p>
            {part}
        </section>
    }
}

#[component]
fn Sections(card: CardFacts) -> impl IntoView {
    let last = card.evaluations.last().cloned();
    view! {
        <div class="card-sections">
            <section>
                <h4>{t!("card.details")}</h4>
                <ModelTable card=card.clone() />
            </section>
            <section class="prose">
                <h4>{t!("card.intended")}</h4>
                <Quoted lines=card.intended_uses />
                <h4>{t!("card.out_of_scope")}</h4>
                <Quoted lines=card.prohibited_uses />
            </section>
            <section class="prose">
                <h4>{t!("card.factors")}</h4>
                <p>{t!("card.factors_text")}</p>
                <h4>{t!("card.metrics")}</h4>
                <p>{t!("card.metrics_text")}</p>
            </section>
            <section class="prose">
                <h4>{t!("card.data")}</h4>
                <p lang="en">{card.training.data}</p>
                <p>{t!("card.labels")}</p>
                {card.agreement.map(agreement)}
            </section>
            <section>
                <h4>{t!("card.analyses")}</h4>
                {last.map(|split| view! { <Analyses split /> })}
            </section>
            <section class="prose">
                <h4>{t!("card.caveats")}</h4>
                <Quoted lines=card.limits />
            </section>
        </div>
    }
}

/// What voters on the same faces say to the network's answers.
fn agreement(facts: AgreementFacts) -> impl IntoView {
    let share = |share: f64| words::percent_exactly(share);
    let faces = language().count(facts.faces);
    let (votes, strange) = (share(facts.share_of_votes), share(facts.strange));
    view! {
        <p data-testid="agreement">
            {t!("card.agreement", faces = faces, votes = votes, strange = strange)}
        </p>
    }
}

/// Lines of the card itself, which is written in English.
#[component]
fn Quoted(lines: Vec<String>) -> impl IntoView {
    let items = lines.into_iter().map(|line| view! { <li>{line}</li> });
    view! { <ul lang="en">{items.collect_view()}</ul> }
}

/// What was measured on one split.
#[component]
fn Analyses(split: SplitFacts) -> impl IntoView {
    let share = |share: f64| words::percent_exactly(share);
    // Where nothing is known of a class, nothing is said.
    let error = |right: Option<f64>| right.map_or("–".to_owned(), |right| share(1.0 - right));
    let rows = split.classes.iter().map(|class| {
        let name = Expression::from_name(&class.label).map_or(class.label.clone(), expression);
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td>{language().count(class.samples)}</td>
                <td>{error(class.recall)}</td>
                <td>{error(class.precision)}</td>
            </tr>
        }
    });
    view! {
        <dl class="card-table">
            <dt>{t!("card.balanced")}</dt>
            <dd>{share(split.balanced_accuracy)}</dd>
            <dt>{t!("card.calibration")}</dt>
            <dd>{share(split.expected_calibration_error)}</dd>
        </dl>
        <div class="scrolls" tabindex="0" role="region" aria-label=t!("card.analyses")>
            <table class="figures" data-testid="class-errors">
                <caption>{t!("card.by_class", split = split_name(&split.split))}</caption>
                <thead>
                    <tr>
                        <th scope="col">{t!("card.class")}</th>
                        <th scope="col">{t!("card.faces")}</th>
                        <th scope="col">{t!("card.missed")}</th>
                        <th scope="col">{t!("card.wrongly")}</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
}
