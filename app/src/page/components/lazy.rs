//! Parts of the page whose program is fetched when they are first shown, so that the first
//! prediction waits for none of them. A part is a function marked `wasm_split`, which the build
//! puts into a file of its own together with all that nothing else calls.

use futures::FutureExt;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_split::SplitLoaderError;

use crate::i18n::t;

/// A part, or why it is not there.
pub type Part = Result<AnyView, SplitLoaderError>;

/// How far a part's program has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Program {
    Coming,
    Here,
    Missing,
}

/// Shows what `part` builds as soon as `load` has fetched its program.
#[component]
pub fn Lazy<Load, Build, Built>(load: fn() -> Load, part: Build) -> impl IntoView
where
    Load: Future<Output = Result<(), SplitLoaderError>> + 'static,
    Build: Fn() -> Built + Send + 'static,
    Built: Future<Output = Part> + 'static,
{
    let program = RwSignal::new(Program::Coming);
    let fetch = move || {
        program.set(Program::Coming);
        spawn_local(async move {
            let now = match load().await {
                Ok(()) => Program::Here,
                Err(_) => Program::Missing,
            };
            // Refused when the part has been left meanwhile.
            let _ = program.try_set(now);
        });
    };
    fetch();
    let missing = move || {
        view! {
            <div class="notice error" role="alert" data-testid="part-missing">
                <p>{t!("views.missing")}</p>
                <button class="button" on:click=move |_| fetch()>
                    {t!("words.try_again")}
                </button>
            </div>
        }
        .into_any()
    };
    move || match program.get() {
        Program::Coming => view! { <progress aria-label=t!("views.coming")></progress> }.into_any(),
        // Once its program is here, a part is built at once: inside this closure, whose signals it
        // may use.
        Program::Here => match part().now_or_never() {
            Some(Ok(built)) => built,
            Some(Err(_)) | None => missing(),
        },
        Program::Missing => missing(),
    }
}
