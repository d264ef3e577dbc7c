//! What the networks are worth.

use leptos::prelude::*;

use crate::components::model_table::ModelTable;
use crate::model_card;

/// The figures of the expression network.
#[component]
pub fn Judge() -> impl IntoView {
    let card = model_card::load();
    view! {
        <section class="panel" aria-labelledby="judge-title">
            <h2 id="judge-title">"The expression network"</h2>
            {move || card.get().map(|card| view! { <ModelTable card /> })}
        </section>
    }
}
