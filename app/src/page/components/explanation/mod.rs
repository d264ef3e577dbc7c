//! Why a face is read as it is.

mod asked;
mod controls;
mod counter_example;
mod face;
mod layer;
mod method;
mod parts;
mod verdict;

use leptos::html::Canvas;
use leptos::prelude::*;
use mien_engine::explain::{
    CounterExample, PartEffects, Question, Saliency, Score, ShapleyOptions, Target,
};
use mien_engine::pipeline::FaceReading;

use super::overlay::Overlays;
use crate::i18n::{language, t};
use crate::words;
use asked::{Asked, Progress, ask};
use controls::{Contrast, Downloads, LookChooser, Subject, SubjectChooser};
use counter_example::{CounterExampleWords, OPTIONS};
use face::{LaidOver, Look};
use layer::{Layer, LayerChooser, LayerKind};
use method::{MethodChooser, kept_method};
use parts::{PartTable, Summary};

/// Why the network thinks so: what the parts of the face do, a map by the method of choice, and how
/// little must be covered for another reading.
#[component]
pub fn Explanation(
    face: FaceReading,
    /// Position among the photo's faces.
    index: usize,
    /// The maps laid over the photo.
    overlays: Overlays,
) -> impl IntoView {
    let kind = RwSignal::new(LayerKind::kept());
    let method = RwSignal::new(kept_method());
    let subject = Subject::new(&face);
    let probabilities = face.probabilities;
    let face = StoredValue::new(face);
    // Counts up to ask once more what failed.
    let attempt = RwSignal::new(0_u32);
    let target = move |score| Target {
        class: subject.class.get(),
        against: subject.against(),
        score,
    };

    let map = RwSignal::new(Asked::<Saliency>::default());
    ask(face, map, move || {
        attempt.track();
        let method = method.get();
        // The first score is the one that the method is meant for.
        let target = target(method.kind().scores()[0]);
        (kind.get() == LayerKind::Map).then_some(Question::Map { method, target })
    });
    let parts = RwSignal::new(Asked::<PartEffects>::default());
    ask(face, parts, move || {
        attempt.track();
        Some(Question::Parts {
            options: ShapleyOptions::default(),
            target: target(Score::Probability),
        })
    });
    let example = RwSignal::new(Asked::<Option<CounterExample>>::default());
    ask(face, example, move || {
        attempt.track();
        (kind.get() == LayerKind::CounterExample).then_some(Question::CounterExample(OPTIONS))
    });

    let effects = Memo::new(move |_| parts.with(|parts| parts.answer.clone()));
    let found = Memo::new(move |_| example.with(|example| example.answer.clone()));
    let layer = Memo::new(move |_| match kind.get() {
        LayerKind::Map => map.with(|map| map.answer.clone()).map(Layer::Map),
        LayerKind::Parts => effects.get().map(Layer::Parts),
        LayerKind::CounterExample => found
            .get()
            .and_then(|found| (*found).clone())
            .map(Layer::Area),
    });
    let progress = Memo::new(move |_| match kind.get() {
        LayerKind::Map => map.with(|map| map.progress.clone()),
        LayerKind::Parts => parts.with(|parts| parts.progress.clone()),
        LayerKind::CounterExample => example.with(|example| example.progress.clone()),
    });
    let is_working = move || progress.with(|progress| progress.is_working);
    let look = Look {
        opacity: RwSignal::new(0.6),
        is_on_photo: RwSignal::new(true),
        canvas: NodeRef::<Canvas>::new(),
    };
    let about = move || match kind.get() {
        LayerKind::Map => view! { <MethodChooser method /> }.into_any(),
        LayerKind::Parts => view! { <p class="small">{t!("layer.parts_text")}</p> }.into_any(),
        LayerKind::CounterExample => view! {
            {move || found.get().map(|example| view! { <CounterExampleWords face example /> })}
        }
        .into_any(),
    };
    let table = move || {
        let effects = effects.get().filter(|_| kind.get() == LayerKind::Parts);
        effects.map(|effects| view! { <PartTable effects /> })
    };
    view! {
        <div class="explanation" aria-busy=move || is_working().to_string()>
            <Contrast probabilities subject />
            {move || effects.get().map(|effects| view! { <Summary effects /> })}
            <LayerChooser kind index />
            {about}
            {move || is_working().then(|| view! { <progress aria-label=t!("explain.working")></progress> })}
            <Failed progress again=move || attempt.update(|it| *it += 1) />
            <Show when=move || layer.with(Option::is_some)>
                <LaidOver face=face.get_value() layer look index overlays />
                {table}
                <Time progress />
                <div class="controls">
                    <Show when=move || kind.get() != LayerKind::CounterExample>
                        <SubjectChooser probabilities subject />
                    </Show>
                    <LookChooser look />
                </div>
                <Downloads look layer />
            </Show>
        </div>
    }
}

/// Why there is no answer, and the way to ask once more.
#[component]
fn Failed(progress: Memo<Progress>, again: impl Fn() + Copy + Send + 'static) -> impl IntoView {
    move || {
        let failure = progress.with(|progress| progress.failure.clone())?;
        Some(view! {
            <div class="message error">
                <p>{format!("{} {}", t!("explain.none"), words::failure(&failure))}</p>
                <button class="button" on:click=move |_| again()>
                    {t!("words.try_again")}
                </button>
            </div>
        })
    }
}

/// How long the engine took.
#[component]
fn Time(progress: Memo<Progress>) -> impl IntoView {
    move || {
        let milliseconds = progress.with(|progress| progress.milliseconds)?;
        let words = t!(
            "explain.time",
            milliseconds = language().decimal(milliseconds, 0)
        );
        Some(view! {
            <p class="small soft number" data-testid="explain-time" data-milliseconds=milliseconds>
                {words}
            </p>
        })
    }
}
