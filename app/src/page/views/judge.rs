//! What the networks are worth.

use leptos::prelude::*;

use crate::components::model_table::ModelTable;
use crate::i18n::t;
use crate::model_card::{self, CardState};

/// The figures of the expression network.
#[component]
pub fn Judge() -> impl IntoView {
    let card = model_card::load();
    view! {
        <section class="panel" aria-labelledby="judge-title">
            <h2 id="judge-title">{t!("card.title")}</h2>
            {move || match card.get() {
                CardState::There(card) => Some(view! { <ModelTable card /> }),
                CardState::Loading | CardState::Absent => None,
            }}
        </section>
    }
}
