//! What is explained and how it is shown, and the files.

use std::fmt::Write as _;

use leptos::prelude::*;
use leptos::task::spawn_local;
use mien_engine::classify::Probabilities;
use mien_engine::crop::SIDE;
use mien_engine::expression::Expression;
use mien_engine::pipeline::FaceReading;

use super::face::Look;
use super::layer::Layer;
use crate::download;
use crate::i18n::{expression, t};
use crate::paint;
use crate::settings;
use crate::words;

/// The setting under which the other class is kept and shared.
const AGAINST: &str = "against";

/// Which class is explained, and which one it is set against.
#[derive(Clone, Copy)]
pub struct Subject {
    /// The class.
    pub class: RwSignal<Expression>,
    /// As it was chosen; see [`against`](Self::against).
    chosen_against: RwSignal<Option<Expression>>,
}

impl Subject {
    /// The most probable class, set against another one where the address or the last visit says
    /// so.
    pub fn new(face: &FaceReading) -> Self {
        let classes = face.probabilities.classes();
        let kept = settings::setting(AGAINST)
            .and_then(|name| Expression::from_name(&name))
            .filter(|class| classes.contains(class));
        Self {
            class: RwSignal::new(face.label()),
            chosen_against: RwSignal::new(kept),
        }
    }

    /// The class that it is set against: never itself.
    pub fn against(self) -> Option<Expression> {
        let class = self.class.get();
        self.chosen_against.get().filter(|other| *other != class)
    }

    fn set_against(self, other: Option<Expression>) {
        settings::choose(AGAINST, other.map_or("none", Expression::name));
        self.chosen_against.set(other);
    }
}

/// The choosers of both classes.
#[component]
pub fn SubjectChooser(probabilities: Probabilities, subject: Subject) -> impl IntoView {
    let title = move |class: Expression, probability: f32| {
        format!("{} ({})", expression(class), words::percent(probability))
    };
    let classes = probabilities.by_class().map(move |(option, probability)| {
        view! {
            <option value=option.name() prop:selected=move || option == subject.class.get()>
                {title(option, probability)}
            </option>
        }
    });
    let others = probabilities.by_class().map(move |(option, probability)| {
        view! {
            <option
                value=option.name()
                prop:selected=move || subject.against() == Some(option)
                disabled=move || option == subject.class.get()
            >
                {title(option, probability)}
            </option>
        }
    });
    view! {
        <label class="field">
            <span>{t!("explain.class")}</span>
            <select
                data-testid="saliency-class"
                on:change=move |event| {
                    if let Some(chosen) = Expression::from_name(&event_target_value(&event)) {
                        subject.class.set(chosen);
                    }
                }
            >
                {classes.collect_view()}
            </select>
        </label>
        <label class="field">
            <span>{t!("explain.and_not")}</span>
            <select
                data-testid="saliency-against"
                on:change=move |event| {
                    subject.set_against(Expression::from_name(&event_target_value(&event)));
                }
            >
                <option value="" prop:selected=move || subject.against().is_none()>
                    {t!("explain.no_other")}
                </option>
                {others.collect_view()}
            </select>
        </label>
    }
}

/// "happy is ahead of neutral by 0.80", where there is another class.
#[component]
pub fn Contrast(probabilities: Probabilities, subject: Subject) -> impl IntoView {
    let words = move |against: Expression| {
        let class = subject.class.get();
        let lead = probabilities[class.index()] - probabilities[against.index()];
        let (class, against) = (expression(class), expression(against));
        let points = words::points(lead);
        if lead < 0.0 {
            t!(
                "explain.behind",
                class = class,
                against = against,
                points = points
            )
        } else {
            t!(
                "explain.ahead",
                class = class,
                against = against,
                points = points
            )
        }
    };
    move || {
        let against = subject.against()?;
        Some(view! { <p data-testid="explain-contrast">{words(against)}</p> })
    }
}

/// How strongly the layer is shown, and where.
#[component]
pub fn LookChooser(look: Look) -> impl IntoView {
    let Look {
        opacity,
        is_on_photo,
        ..
    } = look;
    view! {
        <label class="field">
            <span>{t!("explain.opacity")}</span>
            <input
                type="range"
                min="0"
                max="1"
                step="0.05"
                prop:value=move || opacity.get().to_string()
                data-testid="saliency-opacity"
                on:input=move |event| {
                    if let Ok(value) = event_target_value(&event).parse() {
                        opacity.set(value);
                    }
                }
            />
        </label>
        <label class="check">
            <input
                type="checkbox"
                prop:checked=is_on_photo
                on:change=move |event| is_on_photo.set(event_target_checked(&event))
            />
            {t!("explain.on_photo")}
        </label>
    }
}

/// The layer as a picture and as values.
#[component]
pub fn Downloads(look: Look, layer: Memo<Option<Layer>>) -> impl IntoView {
    let save_picture = move |_| {
        if let Some(canvas) = look.canvas.get_untracked() {
            spawn_local(async move {
                if let Some(blob) = paint::to_blob(&canvas, "image/png", 1.0).await {
                    download::blob_as("mien-map.png", &blob);
                }
            });
        }
    };
    let save_values = move |_| {
        layer.with_untracked(|layer| {
            if let Some(layer) = layer {
                download::text("mien-map.csv", "text/csv", &grid(&layer.values()));
            }
        });
    };
    view! {
        <div class="section-actions">
            <button class="button" data-testid="download-map" on:click=save_picture>
                {t!("explain.save_picture")}
            </button>
            <button class="button" data-testid="download-grid" on:click=save_values>
                {t!("explain.save_values")}
            </button>
        </div>
    }
}

/// The values as comma-separated numbers, one line a row of pixels.
fn grid(values: &[f32]) -> String {
    let mut text = String::new();
    for row in values.chunks(SIDE) {
        for (column, value) in row.iter().enumerate() {
            let separator = if column == 0 { "" } else { "," };
            // Writing to a string does not fail.
            let _ = write!(text, "{separator}{value}");
        }
        text.push_str("\r\n");
    }
    text
}
