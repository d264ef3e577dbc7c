//! The networks of the studies, side by side: what they say of one face, and what they are worth.

mod client;
mod column;
mod columns;
mod face;
mod networks;
mod plot;
mod report;
mod state;
mod table;

use leptos::prelude::*;

use super::photos::{Intake, Status};
use crate::i18n::t;
use columns::Columns;
use face::FaceChooser;
use networks::NetworkChooser;
use report::{ReportState, Studies};

pub use state::CompareState;

/// The view.
#[component]
pub fn Compare() -> impl IntoView {
    let report = report::load();
    view! {
        <Intake />
        <Status />
        <section class="panel compare-part" aria-labelledby="compare-title">
            <h2 id="compare-title">{t!("compare.title")}</h2>
            <p class="soft">{t!("compare.intro")}</p>
            <FaceChooser />
            <NetworkChooser report />
            <Columns report />
        </section>
        <section class="panel compare-part" aria-labelledby="studies-title">
            <h2 id="studies-title">{t!("compare.table.title")}</h2>
            {move || match report.get() {
                ReportState::Loading => {
                    view! { <progress aria-label=t!("compare.table.loading")></progress> }.into_any()
                }
                ReportState::Loaded(report) => view! { <Studies report /> }.into_any(),
                ReportState::Missing => {
                    view! { <p data-testid="studies-missing">{t!("compare.table.missing")}</p> }
                        .into_any()
                }
            }}
        </section>
    }
}
