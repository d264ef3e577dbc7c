//! What the page is.

use leptos::prelude::*;

use crate::components::model_table::ModelTable;
use crate::model_card::{self, CardFacts};

/// What the page is, what its answers are worth, and what it must not be used for.
#[component]
pub fn About() -> impl IntoView {
    let card = model_card::load();

    let list = move |lines: fn(&CardFacts) -> &Vec<String>| {
        let lines = card.with(|card| card.as_ref().map(lines).cloned());
        let items = lines.unwrap_or_default();
        let items = items.into_iter().map(|line| view! { <li>{line}</li> });
        view! { <ul>{items.collect_view()}</ul> }
    };
    view! {
        <section class="about" aria-labelledby="about-title">
            <h2 id="about-title">"About"</h2>
            <div class="about-columns">
                <section class="prose">
                    <h3>"What it says, and what it does not"</h3>
                    <p>
                        "Mien compares a face with pictures that people sorted into seven
                        expressions, and says which of them it resembles. It does not know what
                        anybody feels: faces show little of that."
                    </p>
                    {move || list(|card| &card.limits)}
                    <h3>"What it must not be used for"</h3>
                    <p>
                        "Any decision about a person, and anything without their consent. In the
                        European Union, inferring emotions at work and in education is prohibited
                        (AI Act, Article 5(1)(f))."
                    </p>
                    {move || list(|card| &card.prohibited_uses)}
                </section>
                <section class="prose">
                    <h3>"Where pictures go"</h3>
                    <p>
                        "Nowhere. The networks come to your browser, and your browser does the work.
                        The page's security policy forbids it to talk to any other place, and it
                        stores nothing."
                    </p>
                    <h3>"How it works"</h3>
                    <p>
                        "CenterFace finds the faces. Each is turned upright, scaled to 48 by 48 gray
                        pixels as in FER2013, and read by a small network trained for this page. To
                        explain a reading, a square covers one part of the face after the other:
                        where a class loses probability, that part supported it."
                    </p>
                    <h3>"The expression network"</h3>
                    {move || card.get().map(|card| view! { <ModelTable card /> })}
                </section>
            </div>
        </section>
    }
}
