//! The frame around the views.

use leptos::prelude::*;

use crate::components::loading::Loading;
use crate::components::masthead::Masthead;
use crate::components::notices::Notices;
use crate::navigation::{VIEW_ID, follow_address};
use crate::store::Store;
use crate::views::View;

/// The whole page.
#[component]
pub fn App() -> impl IntoView {
    provide_context(Store::new());
    let view = follow_address();
    view! {
        <div class="page">
            <Masthead />
            <Navigation view />
            <main id=VIEW_ID class="parts" tabindex="-1" aria-label=move || view.get().title()>
                <Notices />
                <Loading />
                {move || view.get().show()}
            </main>
        </div>
    }
}

/// The way to each view.
#[component]
fn Navigation(view: RwSignal<View>) -> impl IntoView {
    let links = View::ALL.map(|target| {
        view! {
            <li>
                <a
                    href=format!("#{}", target.name())
                    aria-current=move || (view.get() == target).then_some("page")
                    data-testid="view-link"
                    data-view=target.name()
                >
                    {target.title()}
                </a>
            </li>
        }
    });
    view! {
        <nav class="views" aria-label="Views">
            <ul>{links.collect_view()}</ul>
        </nav>
    }
}
