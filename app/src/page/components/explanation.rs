use std::sync::Arc;

use leptos::prelude::*;
use leptos::reactive::spawn_local_scoped_with_cancellation;
use mien_app::protocol::Failure;
use mien_engine::explain::{
    Answer, MethodKind, PartEffects, Question, Saliency, Score, ShapleyOptions, Target,
};
use mien_engine::pipeline::FaceReading;

use super::method::MethodChooser;
use super::overlay::Overlays;
use super::parts::Summary;
use super::saliency::Map;
use crate::i18n::t;
use crate::settings;
use crate::store::use_store;
use crate::words;

/// The setting under which the method is kept and shared.
pub const METHOD: &str = "method";

/// How far an answer is. The last one stays while the next is worked out.
#[derive(Clone)]
struct Asked<T> {
    answer: Option<Arc<T>>,
    is_working: bool,
    failure: Option<Failure>,
}

impl<T> Default for Asked<T> {
    fn default() -> Self {
        Self {
            answer: None,
            is_working: true,
            failure: None,
        }
    }
}

/// Why the network thinks so: a map by the method of choice, and what the parts of the face do.
#[component]
pub fn Explanation(
    face: FaceReading,
    /// Position among the photo's faces.
    index: usize,
    /// The maps laid over the photo.
    overlays: Overlays,
) -> impl IntoView {
    let kept = settings::setting(METHOD).and_then(|name| MethodKind::from_name(&name));
    let method = RwSignal::new(kept.unwrap_or(MethodKind::Occlusion).method());
    let class = RwSignal::new(face.label());
    let face = StoredValue::new(face);
    // Counts up to ask once more what failed.
    let attempt = RwSignal::new(0_u32);

    let map = RwSignal::new(Asked::<Saliency>::default());
    ask(face, map, move || {
        attempt.track();
        let method = method.get();
        // The first score is the one that the method is meant for.
        let score = method.kind().scores()[0];
        let target = Target::new(class.get(), score);
        Question::Map { method, target }
    });
    let parts = RwSignal::new(Asked::<PartEffects>::default());
    ask(face, parts, move || {
        attempt.track();
        Question::Parts {
            options: ShapleyOptions::default(),
            target: Target::new(class.get(), Score::Probability),
        }
    });

    let saliency = Memo::new(move |_| map.with(|map| map.answer.clone()));
    let is_working = Memo::new(move |_| map.with(|map| map.is_working));
    let failure = move || map.with(|map| map.failure.clone());
    let effects = Memo::new(move |_| parts.with(|parts| parts.answer.clone()));
    view! {
        <div class="explanation" aria-busy=move || is_working.get().to_string()>
            {move || effects.get().map(|effects| view! { <Summary effects /> })}
            <MethodChooser method />
            {move || is_working.get().then(|| view! { <progress aria-label=t!("explain.working")></progress> })}
            {move || {
                failure()
                    .map(|failure| {
                        view! {
                            <div class="message error">
                                <p>
                                    {format!("{} {}", t!("explain.none"), words::failure(&failure))}
                                </p>
                                <button class="button" on:click=move |_| attempt.update(|it| *it += 1)>
                                    {t!("words.try_again")}
                                </button>
                            </div>
                        }
                    })
            }}
            <Show when=move || saliency.with(Option::is_some)>
                <Map face=face.get_value() saliency class index overlays />
            </Show>
        </div>
    }
}

/// Asks a question about a face whenever it changes. A question that is overtaken by the next, or
/// whose card closes, is taken back.
fn ask<T: FromAnswer>(
    face: StoredValue<FaceReading>,
    asked: RwSignal<Asked<T>>,
    question: impl Fn() -> Question + 'static,
) {
    let store = use_store();
    Effect::new(move |_| {
        let question = question();
        asked.update(|asked| {
            asked.is_working = true;
            asked.failure = None;
        });
        let client = store.client();
        let (crop, landmarks) = face.with_value(|face| (face.crop.clone(), face.face.landmarks));
        spawn_local_scoped_with_cancellation(async move {
            let answer = client.answer(crop, landmarks, question).await;
            asked.update(|asked| {
                asked.is_working = false;
                match answer {
                    Ok(answer) => asked.answer = T::from_answer(answer).map(Arc::new),
                    Err(failure) => asked.failure = Some(failure),
                }
            });
        });
    });
}

/// What an [`Answer`] may hold.
trait FromAnswer: Send + Sync + Sized + 'static {
    fn from_answer(answer: Answer) -> Option<Self>;
}

impl FromAnswer for Saliency {
    fn from_answer(answer: Answer) -> Option<Self> {
        match answer {
            Answer::Map(map) => Some(map),
            _ => None,
        }
    }
}

impl FromAnswer for PartEffects {
    fn from_answer(answer: Answer) -> Option<Self> {
        match answer {
            Answer::Parts(parts) => Some(parts),
            _ => None,
        }
    }
}
