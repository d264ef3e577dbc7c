//! What the page is, what its answers are worth, and what it must not be used for.

mod card;
mod stored;

use leptos::prelude::*;

use crate::i18n::t;
use crate::store::use_store;
use crate::words;
use card::Card;
use stored::Stored;

/// The page about the page.
#[component]
pub fn About() -> impl IntoView {
    let store = use_store();
    let asset = |name| store.assets.with_value(|assets| assets.url(name));
    view! {
        <section class="about" aria-labelledby="about-title">
            <h2 id="about-title">{t!("about.title")}</h2>
            <div class="about-columns">
                <div class="prose">
                    <h3>{t!("about.says_title")}</h3>
                    <p>{t!("about.says")}</p>
                    <p>
                        {move || {
                            t!("about.uncertain", share = words::percent(store.uncertain_below.get()))
                        }}
                    </p>
                    <h3>{t!("about.prohibited_title")}</h3>
                    <p>{t!("about.prohibited")}</p>
                </div>
                <div class="prose">
                    <Stored />
                    <h3>{t!("about.works_title")}</h3>
                    <p>{t!("about.works")}</p>
                </div>
            </div>
            <Card />
            <div class="prose">
                <h3>{t!("about.licences_title")}</h3>
                <p>{t!("about.licences")}</p>
                <ul>
                    <li>
                        <a href=asset("models/centerface.NOTICE")>{t!("about.detector_notice")}</a>
                    </li>
                    <li>
                        <a href=asset("licences.txt") data-testid="licences">
                            {t!("about.all_licences")}
                        </a>
                    </li>
                    <li>
                        <a href=asset("samples/CREDITS.md")>{t!("about.sample_credits")}</a>
                    </li>
                </ul>
            </div>
        </section>
    }
}
