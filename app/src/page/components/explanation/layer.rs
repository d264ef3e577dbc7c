//! What can be laid over a face: a map, its parts, or the area that changes the reading.

use std::sync::Arc;

use leptos::prelude::*;
use mien_engine::crop::SIDE;
use mien_engine::explain::{
    CounterExample, Meaning, PartEffects, Saliency, Scale, Target, cividis,
};

use super::parts::part_name;
use crate::i18n::{expression, t};
use crate::settings;
use crate::words;

/// The setting under which the layer is kept and shared.
const LAYER: &str = "layer";

/// What is wanted over the face.
#[derive(Clone, Copy, PartialEq)]
pub enum LayerKind {
    /// What each pixel does, by a method.
    Map,
    /// What each part of the face does.
    Parts,
    /// How little must be covered for another reading.
    CounterExample,
}

impl LayerKind {
    const ALL: [Self; 3] = [Self::Map, Self::Parts, Self::CounterExample];

    /// As the address asks, or as it was chosen last.
    pub fn kept() -> Self {
        let name = settings::setting(LAYER);
        let kept = Self::ALL
            .into_iter()
            .find(|kind| Some(kind.name()) == name.as_deref());
        kept.unwrap_or(Self::Map)
    }

    /// Its name in the address.
    pub fn name(self) -> &'static str {
        match self {
            Self::Map => "map",
            Self::Parts => "parts",
            Self::CounterExample => "counter-example",
        }
    }

    fn title(self) -> String {
        match self {
            Self::Map => t!("layer.map"),
            Self::Parts => t!("layer.parts"),
            Self::CounterExample => t!("layer.counter_example"),
        }
    }
}

/// Which layer is shown.
#[component]
pub fn LayerChooser(
    kind: RwSignal<LayerKind>,
    /// Tells this face's choice from those of others.
    index: usize,
) -> impl IntoView {
    let choices = LayerKind::ALL.map(|option| {
        let choose = move |_| {
            settings::choose(LAYER, option.name());
            kind.set(option);
        };
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name=format!("layer-{index}")
                    value=option.name()
                    prop:checked=move || kind.get() == option
                    on:change=choose
                />
                <span>{option.title()}</span>
            </label>
        }
    });
    view! {
        <fieldset class="choices" data-testid="explain-layer">
            <legend>{t!("layer.title")}</legend>
            {choices.into_iter().collect_view()}
        </fieldset>
    }
}

/// What is laid over the face.
#[derive(Clone, PartialEq)]
pub enum Layer {
    /// See [`LayerKind::Map`].
    Map(Arc<Saliency>),
    /// See [`LayerKind::Parts`].
    Parts(Arc<PartEffects>),
    /// See [`LayerKind::CounterExample`].
    Area(CounterExample),
}

impl Layer {
    /// Which kind it is.
    pub fn kind(&self) -> LayerKind {
        match self {
            Self::Map(_) => LayerKind::Map,
            Self::Parts(_) => LayerKind::Parts,
            Self::Area(_) => LayerKind::CounterExample,
        }
    }

    /// What it explains; the area explains the reading as a whole.
    pub fn target(&self) -> Option<Target> {
        match self {
            Self::Map(map) => Some(map.target),
            Self::Parts(effects) => Some(effects.target),
            Self::Area(_) => None,
        }
    }

    /// What its colours mean; those of the area mean nothing but covered.
    pub fn scale(&self) -> Option<Scale> {
        match self {
            Self::Map(map) => Some(map.scale()),
            Self::Parts(effects) => Some(Scale::of(&effects.map())),
            Self::Area(_) => None,
        }
    }

    /// A value for each pixel, `[SIDE, SIDE]`; of the area, 1 for what is covered.
    pub fn values(&self) -> Vec<f32> {
        match self {
            Self::Map(map) => map.values.clone(),
            Self::Parts(effects) => effects.map(),
            Self::Area(area) => area
                .covered
                .iter()
                .map(|&it| f32::from(u8::from(it)))
                .collect(),
        }
    }

    /// `[SIDE, SIDE, 4]` RGBA.
    pub fn paint(&self) -> Arc<[u8]> {
        match (self, self.scale()) {
            (Self::Area(area), _) => {
                let [red, green, blue] = cividis(1.0);
                let pixel = |&is_covered: &bool| {
                    if is_covered {
                        [red, green, blue, 255]
                    } else {
                        [0; 4]
                    }
                };
                area.covered.iter().flat_map(pixel).collect()
            }
            (_, scale) => scale
                .unwrap_or(Scale::new(1.0))
                .paint(&self.values())
                .into(),
        }
    }

    /// What it says of the pixel in a row and column that count from 0.
    pub fn value_at(&self, [row, column]: [usize; 2]) -> String {
        let index = row * SIDE + column;
        let place = [row + 1, column + 1];
        match self {
            Self::Map(map) => map_value(map, index, place),
            Self::Parts(effects) => part_value(effects, index),
            Self::Area(area) if area.covered[index] => {
                t!("explain.is_covered", row = place[0], column = place[1])
            }
            Self::Area(_) => t!("explain.is_left", row = place[0], column = place[1]),
        }
    }
}

/// What a target is called: "happy", or "the lead of happy over neutral".
pub fn subject(target: Target) -> String {
    let class = expression(target.class);
    match target.against {
        Some(against) => t!("explain.lead", class = class, against = expression(against)),
        None => class,
    }
}

fn map_value(map: &Saliency, index: usize, [row, column]: [usize; 2]) -> String {
    let value = map.values[index];
    let class = subject(map.target);
    // One pixel's part of an effect is small, and so is all that can be done to a sure reading.
    let limit = map.scale().limit();
    let points = words::points_within(value, limit);
    let is_small = value.abs() < 0.005_f32.min(limit / 100.0);
    match map.method.kind().meaning() {
        Meaning::Drop if is_small => {
            t!(
                "explain.changes_little",
                row = row,
                column = column,
                class = class
            )
        }
        Meaning::Drop if value > 0.0 => {
            t!(
                "explain.lowers",
                row = row,
                column = column,
                class = class,
                points = points
            )
        }
        Meaning::Drop => {
            t!(
                "explain.raises",
                row = row,
                column = column,
                class = class,
                points = points
            )
        }
        _ if value < 0.0 => {
            t!(
                "explain.against",
                row = row,
                column = column,
                class = class,
                points = points
            )
        }
        _ => t!(
            "explain.for",
            row = row,
            column = column,
            class = class,
            points = points
        ),
    }
}

fn part_value(effects: &PartEffects, index: usize) -> String {
    let part = effects.parts.pixels()[index];
    let value = effects.effects.iter().find(|effect| effect.part == part);
    let value = value.map_or(0.0, |effect| effect.value);
    let class = subject(effects.target);
    let points = words::points(value);
    if value < 0.0 {
        t!(
            "explain.part_against",
            part = part_name(part),
            class = class,
            points = points
        )
    } else {
        t!(
            "explain.part_for",
            part = part_name(part),
            class = class,
            points = points
        )
    }
}
