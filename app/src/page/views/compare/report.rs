//! What the systems are worth: the report that the trainer wrote.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use mien_engine::study_report::{StudyReport, StudyRow};

use super::plot::Plot;
use super::table::Table;
use crate::assets::fetch_json;
use crate::i18n::{language, t};
use crate::store::use_store;

/// Plain name of the report.
const REPORT: &str = "studies/report.json";

/// How far the report is.
#[derive(Clone)]
pub enum ReportState {
    /// It is arriving.
    Loading,
    /// It is there.
    Loaded(Arc<StudyReport>),
    /// The site has none, or it could not be read.
    Missing,
}

impl ReportState {
    /// What it says of a network.
    pub fn row(&self, name: &str) -> Option<&StudyRow> {
        match self {
            Self::Loaded(report) => report.rows.iter().find(|row| row.name == name),
            Self::Loading | Self::Missing => None,
        }
    }

    /// What a network is called.
    pub fn title(&self, name: &str) -> String {
        self.row(name).map_or_else(|| name.to_owned(), title)
    }
}

/// What a system is called; with the number of its classes where they are not FER2013's.
pub fn title(row: &StudyRow) -> String {
    if row.has_all_classes() {
        return row.title.clone();
    }
    t!(
        "compare.networks.classes",
        title = row.title,
        count = row.labels.len()
    )
}

/// Fetches the report.
pub fn load() -> RwSignal<ReportState> {
    let store = use_store();
    let state = RwSignal::new(ReportState::Missing);
    let url = store
        .assets
        .with_value(|assets| assets.has(REPORT).then(|| assets.url(REPORT)));
    if let Some(url) = url {
        state.set(ReportState::Loading);
        spawn_local(async move {
            let report = fetch_json(&url).await;
            let loaded = report.map_or(ReportState::Missing, |report| {
                ReportState::Loaded(Arc::new(report))
            });
            // The view may be gone.
            let _ = state.try_set(loaded);
        });
    }
    state
}

/// The protocol in a sentence, accuracy against size, and all figures.
#[component]
pub fn Studies(report: Arc<StudyReport>) -> impl IntoView {
    let minutes = language().decimal(report.budget_minutes, 0);
    view! {
        <p class="soft">{t!("compare.table.protocol", minutes = minutes)}</p>
        <Plot report=report.clone() />
        <Table report />
    }
}
