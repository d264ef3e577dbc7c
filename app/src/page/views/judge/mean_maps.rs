//! What a network looks at on average: the mean maps that `mien explain-global` drew.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use mien_engine::crop::SIDE;
use mien_engine::explain::{FEWEST_FACES, Scale, TYPICAL_LANDMARKS};
use mien_engine::expression::Expression;
use serde::Deserialize;

use crate::assets::fetch_json;
use crate::components::colour_scale::ColourScale;
use crate::components::model_table::plain_split_name;
use crate::i18n::{expression, language, t};
use crate::store::use_store;
use crate::words;

/// The description that lies beside the pictures.
#[derive(Clone, Deserialize)]
struct Description {
    split: String,
    faces: usize,
    classes: Vec<Expression>,
    outcomes: SheetFacts,
    cells: SheetFacts,
}

/// A picture of many maps.
#[derive(Clone, Deserialize)]
struct SheetFacts {
    rows: usize,
    columns: usize,
    /// The drop of probability of the outermost colours.
    limit: f32,
    /// How many faces each map is the mean of, row by row.
    faces: Vec<usize>,
}

/// A sheet and where its picture is.
#[derive(Clone)]
struct Sheet {
    facts: SheetFacts,
    url: String,
}

/// The mean maps of one network.
pub struct MeanMaps {
    split: String,
    faces: usize,
    classes: Vec<Expression>,
    /// All faces, hits, mistakes; a column a predicted class.
    outcomes: Sheet,
    /// Truth in rows, prediction in columns.
    cells: Sheet,
}

/// Fetches the maps of a network; `None` until they are there, and where there are none.
pub fn load(model: &str) -> RwSignal<Option<Arc<MeanMaps>>> {
    let maps = RwSignal::new(None);
    let name = |rest: &str| format!("explanations/{model}{rest}");
    let urls = use_store().assets.with_value(|assets| {
        let names = [name(".json"), name("-outcomes.png"), name("-cells.png")];
        let is_there = names.iter().all(|name| assets.has(name));
        is_there.then(|| names.map(|name| assets.url(&name)))
    });
    if let Some([json, outcomes, cells]) = urls {
        spawn_local(async move {
            let description = fetch_json::<Description>(&json).await;
            // The view may have been left.
            maps.try_set(description.map(|description| {
                Arc::new(MeanMaps {
                    split: description.split,
                    faces: description.faces,
                    classes: description.classes,
                    outcomes: Sheet {
                        facts: description.outcomes,
                        url: outcomes,
                    },
                    cells: Sheet {
                        facts: description.cells,
                        url: cells,
                    },
                })
            }));
        });
    }
    maps
}

/// The maps by predicted class: over all faces, hits and mistakes.
#[component]
pub fn Outcomes(maps: Arc<MeanMaps>) -> impl IntoView {
    let head = maps.classes.iter().map(|class| {
        view! { <th scope="col">{expression(*class)}</th> }
    });
    let names = [
        t!("judge.mean.all"),
        t!("judge.mean.hits"),
        t!("judge.mean.mistakes"),
    ];
    let columns = maps.classes.len();
    let rows = names.into_iter().enumerate().map(|(row, name)| {
        let tiles = maps.classes.iter().enumerate().map(|(column, class)| {
            let tile = row * columns + column;
            let faces = words::faces(maps.outcomes.facts.faces[tile]);
            let label = format!("{}, {name}", expression(*class));
            view! {
                <td>
                    <Tile sheet=maps.outcomes.clone() tile label />
                    <span class="small soft number">{faces}</span>
                </td>
            }
        });
        view! {
            <tr>
                <th scope="row">{name.clone()}</th>
                {tiles.collect_view()}
            </tr>
        }
    });
    let scale = Scale::new(maps.outcomes.facts.limit);
    view! {
        <section class="mean-part" data-testid="mean-maps">
            <h3 class="part-title">{t!("judge.mean.title")}</h3>
            <p class="small soft prose">
                {t!(
                    "judge.mean.text",
                    count = language().count(maps.faces),
                    split = plain_split_name(&maps.split),
                )}
            </p>
            <ColourScale scale subject=t!("judge.mean.answer") />
            <div class="scroll">
                <table class="mean-table">
                    <caption class="visually-hidden">{t!("judge.mean.title")}</caption>
                    <thead>
                        <tr>
                            <td></td>
                            {head.collect_view()}
                        </tr>
                    </thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
}

/// The map of a cell of the confusion matrix, in words too.
#[component]
pub fn CellMap(
    maps: Arc<MeanMaps>,
    /// Truth and prediction.
    place: [usize; 2],
) -> impl IntoView {
    let [truth, predicted] = place;
    let tile = truth * maps.classes.len() + predicted;
    let faces = maps.cells.facts.faces.get(tile).copied().unwrap_or(0);
    let class = maps.classes.get(predicted).map(|class| expression(*class));
    let class = class.unwrap_or_default();
    let split = plain_split_name(&maps.split);
    let sentence = if faces < FEWEST_FACES {
        t!("judge.mean.too_few", fewest = FEWEST_FACES, split = split)
    } else {
        t!(
            "judge.mean.cell",
            faces = words::faces(faces),
            split = split,
            class = class
        )
    };
    let scale = Scale::new(maps.cells.facts.limit);
    let has_map = faces >= FEWEST_FACES;
    view! {
        <div class="cell-map" data-testid="cell-map" data-faces=faces.to_string()>
            {has_map.then(|| view! { <Tile sheet=maps.cells.clone() tile label=t!("judge.mean.map") /> })}
            <p class="small">{sentence}</p>
            {has_map.then(|| view! { <ColourScale scale subject=class.clone() /> })}
        </div>
    }
}

/// One map of a sheet, with marks where a typical face has eyes, nose and mouth. Blank where it
/// would be the mean of too few faces.
#[component]
fn Tile(
    sheet: Sheet,
    /// Its place, row by row.
    tile: usize,
    /// What it is of.
    label: String,
) -> impl IntoView {
    let facts = sheet.facts;
    if facts
        .faces
        .get(tile)
        .is_none_or(|faces| *faces < FEWEST_FACES)
    {
        return view! {
            <span class="mean-map none small soft">
                {t!("judge.mean.fewer", fewest = FEWEST_FACES)}
            </span>
        }
        .into_any();
    }
    let percent = |share: usize| format!("{}%", 100 * share);
    let back = |place: usize| format!("-{}%", 100 * place);
    view! {
        <span class="mean-map">
            <img
                src=sheet.url
                alt=label
                loading="lazy"
                style:width=percent(facts.columns)
                style:height=percent(facts.rows)
                style:left=back(tile % facts.columns)
                style:top=back(tile / facts.columns)
            />
            <Marks />
        </span>
    }
    .into_any()
}

/// Eyes, nose and mouth of a typical face.
#[component]
fn Marks() -> impl IntoView {
    let [left_eye, right_eye, nose, left_corner, right_corner] = TYPICAL_LANDMARKS;
    let rings = [(left_eye, 3.0), (right_eye, 3.0), (nose, 1.5)];
    let mouth = format!(
        "M{} {}L{} {}",
        left_corner.x, left_corner.y, right_corner.x, right_corner.y
    );
    // Light on dark, so that they are seen on every colour.
    let drawn = ["mark-under", "mark-over"].map(|class| {
        let rings = rings.map(|(point, radius)| {
            view! { <circle cx=point.x.to_string() cy=point.y.to_string() r=radius.to_string() /> }
        });
        view! {
            <g class=class>
                {rings.into_iter().collect_view()} <path d=mouth.clone() />
            </g>
        }
    });
    view! {
        <svg viewBox=format!("0 0 {SIDE} {SIDE}") aria-hidden="true">
            {drawn.into_iter().collect_view()}
        </svg>
    }
}
