//! The faces behind a cell of the matrix.

use leptos::html::Canvas;
use leptos::prelude::*;
use mien_app::tally::{EXAMPLES, Example, FaceName};
use mien_engine::crop::SIDE;

use crate::i18n::t;
use crate::paint;
use crate::words;

/// The faces of which the model was most sure.
#[component]
pub fn Examples(examples: Vec<Example>) -> impl IntoView {
    let note = match examples.len() {
        0 => t!("judge.examples.none"),
        EXAMPLES => t!("judge.examples.surest", count = EXAMPLES),
        _ => t!("judge.examples.all"),
    };
    let faces = examples.into_iter().map(|example| {
        let canvas = NodeRef::<Canvas>::new();
        let name = match &example.name {
            FaceName::Line(line) => t!("judge.examples.line", line = line),
            FaceName::Picture(path) => path.to_string(),
        };
        let rgba: Vec<u8> = (example.pixels.iter())
            .flat_map(|&gray| [gray, gray, gray, 255])
            .collect();
        Effect::new(move |_| {
            if let Some(canvas) = canvas.get() {
                paint::fill(&canvas, &rgba, 1.0);
            }
        });
        view! {
            <li data-testid="judge-example">
                <figure>
                    <canvas
                        node_ref=canvas
                        width=SIDE.to_string()
                        height=SIDE.to_string()
                        role="img"
                        aria-label=t!("judge.examples.face_of", name = name)
                    ></canvas>
                    <figcaption class="small number">
                        {words::percent(example.confidence)}
                        <span class="soft">{name}</span>
                    </figcaption>
                </figure>
            </li>
        }
    });
    view! {
        <p class="small soft">{note}</p>
        <ul class="examples">{faces.collect_view()}</ul>
    }
}
