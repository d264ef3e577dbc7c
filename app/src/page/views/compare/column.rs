//! What one network says of the face.

use std::sync::Arc;

use leptos::html::Canvas;
use leptos::prelude::*;
use leptos::reactive::spawn_local_scoped_with_cancellation;
use mien_app::comparing::{Answer, Question, Reading};
use mien_app::protocol::Failure;
use mien_engine::explain::Scale;
use mien_engine::expression::Expression;

use super::report::ReportState;
use super::state::path;
use crate::components::colour_scale::ColourScale;
use crate::i18n::{expression, language, t};
use crate::paint;
use crate::store::use_store;
use crate::words;

/// Side of the drawn face in canvas pixels.
const CANVAS_SIDE: &str = "144";
/// How strongly a map covers the face.
const OPACITY: f64 = 0.6;

/// One network: its answer, and on request the map of its most probable class.
#[component]
pub fn Column(name: Arc<str>, pixels: Arc<[f32]>, report: RwSignal<ReportState>) -> impl IntoView {
    let asked = RwSignal::new(Asked::default());
    let next = ask(asked, &name, pixels.clone());
    let heading = {
        let name = name.clone();
        move || report.with(|report| report.title(&name))
    };
    let is_working = move || next.get().is_some();
    let failure = move || asked.with(|asked| asked.failure.as_ref().map(words::failure));
    let label = heading.clone();
    view! {
        <section
            class="card"
            aria-label=label
            aria-busy=move || is_working().to_string()
            data-testid="compare-column"
            data-network=name.to_string()
        >
            <h3 class="part-title">{heading}</h3>
            <Picture pixels asked />
            {move || asked.with(|asked| asked.reading.as_ref().map(said))}
            <Show when=is_working>
                <progress aria-label=t!("compare.working")></progress>
            </Show>
            {move || failure().map(|words| view! { <p class="message error">{words}</p> })}
        </section>
    }
}

/// What has been asked of the network.
#[derive(Default)]
struct Asked {
    reading: Option<(Arc<Reading>, f64)>,
    /// Of the most probable class.
    map: Option<Arc<[f32]>>,
    failure: Option<Failure>,
}

impl Asked {
    /// What is to be asked next.
    fn next(&self, shows_maps: bool) -> Option<Question> {
        match &self.reading {
            _ if self.failure.is_some() => None,
            None => Some(Question::Reading),
            Some((reading, _)) if shows_maps && self.map.is_none() => {
                reading.top().map(Question::Map)
            }
            Some(_) => None,
        }
    }
}

/// Asks for the reading, and for the map once it is wanted. What is not answered when the column
/// goes is given up.
fn ask(asked: RwSignal<Asked>, name: &str, pixels: Arc<[f32]>) -> Memo<Option<Question>> {
    let store = use_store();
    let network = store.assets.with_value(|assets| assets.source(&path(name)));
    let next = Memo::new(move |_| {
        let shows_maps = store.compare.shows_maps.get();
        asked.with(|asked| asked.next(shows_maps))
    });
    Effect::new(move |_| {
        let Some(question) = next.get() else { return };
        let (network, pixels) = (network.clone(), pixels.to_vec());
        spawn_local_scoped_with_cancellation(async move {
            let client = store.compare.client();
            let answer = client.ask(store, network, pixels, question).await;
            asked.update(|asked| match answer {
                Ok((Answer::Reading(reading), milliseconds)) => {
                    asked.reading = Some((Arc::new(reading), milliseconds));
                }
                Ok((Answer::Map(map), _)) => asked.map = Some(map.into()),
                Err(failure) => asked.failure = Some(failure),
            });
        });
    });
    next
}

/// The most probable class in words, and all probabilities.
fn said((reading, milliseconds): &(Arc<Reading>, f64)) -> impl IntoView + use<> {
    let top = reading.top();
    let sentence = top.map(|class| {
        let label = label(&reading.labels[class]);
        let share = words::percent(reading.probabilities[class]);
        view! {
            <p>
                {words::verb(false)}
                <strong>{format!(" {label} ({share})")}</strong>
            </p>
        }
    });
    let bars = reading
        .labels
        .iter()
        .zip(&reading.probabilities)
        .enumerate();
    let bars = bars.map(|(class, (name, &probability))| {
        view! {
            <li
                class="bar"
                class:first=top == Some(class)
                data-testid="probability"
                data-class=name.clone()
                data-value=probability.to_string()
            >
                <span>{label(name)}</span>
                <span class="bar-track" aria-hidden="true">
                    <span class="bar-fill" style:width=format!("{:.1}%", probability * 100.0)></span>
                </span>
                <span class="bar-value">{words::percent(probability)}</span>
            </li>
        }
    });
    let time = language().decimal(*milliseconds, 0);
    view! {
        {sentence}
        <ol class="bars">{bars.collect_view()}</ol>
        <p class="small soft number">{format!("{time} ms")}</p>
    }
}

/// A class in the visitor's language; as the file has it, where the page does not know it.
fn label(name: &str) -> String {
    Expression::from_name(name).map_or_else(|| name.to_owned(), expression)
}

/// The face as the network sees it, with the map over it.
#[component]
fn Picture(pixels: Arc<[f32]>, asked: RwSignal<Asked>) -> impl IntoView {
    let store = use_store();
    let map = move || {
        let shows_maps = store.compare.shows_maps.get();
        asked.with(|asked| asked.map.clone().filter(|_| shows_maps))
    };
    let top = move || {
        asked.with(|asked| {
            let (reading, _) = asked.reading.as_ref()?;
            Some(reading.labels[reading.top()?].clone())
        })
    };
    let canvas = NodeRef::<Canvas>::new();
    let gray = paint::gray_to_rgba(&pixels);
    Effect::new(move |_| {
        let Some(canvas) = canvas.get() else { return };
        paint::fill(&canvas, &gray, 1.0);
        if let Some(map) = map() {
            paint::fill(&canvas, &Scale::of(&map).paint(&map), OPACITY);
        }
    });
    let subject = move || top().as_deref().map(label).unwrap_or_default();
    let words = move || match map() {
        Some(_) => t!("explain.map", class = subject()),
        None => t!("photos.seen"),
    };
    let scale = move || {
        map().map(|map| {
            let scale = Scale::of(&map);
            view! { <ColourScale scale subject=Signal::derive(subject) /> }
        })
    };
    view! {
        <figure class="compare-picture">
            <canvas
                node_ref=canvas
                width=CANVAS_SIDE
                height=CANVAS_SIDE
                role="img"
                aria-label=words
                data-testid=move || map().map_or("compare-seen", |_| "compare-saliency")
                data-class=top
            ></canvas>
        </figure>
        {scale}
    }
}
