use leptos::prelude::*;

/// The whole page.
#[component]
pub fn App() -> impl IntoView {
    view! {
        <div class="page">
            <h1>"Mien"</h1>
        </div>
    }
}
