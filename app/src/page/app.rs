//! The frame around the views.

use leptos::prelude::*;

use crate::components::loading::Loading;
use crate::components::masthead::Masthead;
use crate::components::notices::Notices;
use crate::i18n::{LanguageChoice, t};
use crate::navigation::{VIEW_ID, follow_address};
use crate::offline;
use crate::store::Store;
use crate::views::View;

/// The whole page.
#[component]
pub fn App() -> impl IntoView {
    let store = Store::new();
    provide_context(store);
    offline::keep(store);
    let language = LanguageChoice::new();
    provide_context(language);
    let view = follow_address();
    // Another language is another page around the same store.
    move || {
        language.0.track();
        view! { <Frame view /> }
    }
}

#[component]
fn Frame(view: RwSignal<View>) -> impl IntoView {
    Effect::new(move |_| document().set_title(&format!("{} · Mien", view.get().title())));
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
        <nav class="views" aria-label=t!("views.label")>
            <ul>{links.collect_view()}</ul>
        </nav>
    }
}
