//! What the networks are worth: their reports, and evaluation on the visitor's own data.

mod chart;
mod chooser;
mod comparison;
mod evaluate;
mod examples;
mod figures;
mod folder;
mod matrix;
mod mean_maps;
mod own_data;
mod result;
mod settings;
mod shipped;
mod state;

use leptos::prelude::*;

use own_data::OwnData;
use shipped::Shipped;

pub use state::JudgeState;

/// The view.
#[component]
pub fn Judge() -> impl IntoView {
    view! {
        <Shipped />
        <OwnData />
    }
}
