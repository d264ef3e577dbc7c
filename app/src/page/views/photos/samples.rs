use leptos::prelude::*;

use super::files::add_sample;
use crate::i18n::t;
use crate::store::use_store;

/// A picture that comes with the page.
struct Sample {
    /// Plain name of the file.
    asset: &'static str,
    /// Plain name of a small picture of it, 320 x 240.
    small: &'static str,
    title: fn() -> String,
    /// Who made it, and under which terms it is here.
    credit: fn() -> String,
}

const SAMPLES: [Sample; 3] = [
    Sample {
        asset: "samples/astronaut.jpg",
        small: "samples/astronaut-small.webp",
        title: || t!("samples.astronaut"),
        credit: || t!("samples.public_domain"),
    },
    Sample {
        asset: "samples/camera.jpg",
        small: "samples/camera-small.webp",
        title: || t!("samples.photographer"),
        credit: || "Lav Varshney, CC0".to_owned(),
    },
    Sample {
        asset: "samples/chelsea.jpg",
        small: "samples/chelsea-small.webp",
        title: || t!("samples.cat"),
        credit: || "S. van der Walt, CC0".to_owned(),
    },
];

/// Pictures to try the page with.
#[component]
pub fn Samples() -> impl IntoView {
    let store = use_store();
    let samples = SAMPLES
        .iter()
        .filter(|sample| store.assets.with_value(|assets| assets.has(sample.asset)))
        .map(|sample| {
            let url = store.assets.with_value(|assets| assets.url(sample.asset));
            let small = store.assets.with_value(|assets| assets.url(sample.small));
            let add = move |_| add_sample(store, (sample.title)(), url.clone());
            view! {
                <li>
                    <button class="sample" on:click=add>
                        <img src=small alt="" width="320" height="240" />
                        <span>
                            <strong>{(sample.title)()}</strong>
                            <br />
                            <span class="soft">{(sample.credit)()}</span>
                        </span>
                    </button>
                </li>
            }
        })
        .collect_view();
    view! {
        <section class="panel samples" aria-labelledby="samples-title">
            <h2 id="samples-title" class="panel-title">
                {t!("samples.title")}
            </h2>
            <ul class="sample-list">{samples}</ul>
        </section>
    }
}
