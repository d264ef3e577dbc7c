//! What callers get, as `app/npm/mien.d.ts` describes it.

use js_sys::{Float32Array, JSON, Reflect, Uint8ClampedArray};
use mien_engine::classify::Probabilities;
use mien_engine::crop::SIDE;
use mien_engine::explain::{Meaning, MethodKind, Saliency, Score};
use mien_engine::expression::Expression;
use mien_engine::report::by_class;
use serde::Serialize;
use wasm_bindgen::JsValue;
use web_sys::ImageData;

use crate::face::Face;
use crate::fault::Fault;

/// What the expression of a face resembles.
#[derive(Serialize)]
pub struct Reading {
    /// The face that was read.
    pub face: Face,
    /// The most probable class.
    pub label: Expression,
    /// Its probability.
    pub confidence: f32,
    /// Whether that is too improbable to be relied on.
    pub uncertain: bool,
    /// Of each class.
    #[serde(serialize_with = "by_class")]
    pub probabilities: Probabilities,
}

/// A map without its values.
#[derive(Serialize)]
struct Explanation {
    columns: usize,
    rows: usize,
    class: Expression,
    against: Option<Expression>,
    score: Score,
    value: f32,
    method: MethodKind,
    meaning: Meaning,
    transform: [f32; 6],
}

/// Plain data as JavaScript has it.
pub fn write(value: &impl Serialize) -> Result<JsValue, Fault> {
    let text = serde_json::to_string(value).map_err(|error| Fault::Engine(error.to_string()))?;
    JSON::parse(&text).map_err(|error| unexpected(&error))
}

/// A map of a crop that `transform` takes to the picture.
pub fn explanation(saliency: &Saliency, transform: [f32; 6]) -> Result<JsValue, Fault> {
    let kind = saliency.method.kind();
    let object = write(&Explanation {
        columns: SIDE,
        rows: SIDE,
        class: saliency.target.class,
        against: saliency.target.against,
        score: saliency.target.score,
        value: saliency.score,
        method: kind,
        meaning: kind.meaning(),
        transform,
    })?;
    let values = Float32Array::from(saliency.values.as_slice());
    let colours = saliency.scale().paint(&saliency.values);
    let side = SIDE as u32;
    // A copy: an image of our own memory would change with it.
    let colours = Uint8ClampedArray::from(colours.as_slice());
    let image = ImageData::new_with_js_u8_clamped_array_and_sh(&colours, side, side)
        .map_err(|error| unexpected(&error))?;
    for (name, value) in [("values", values.into()), ("image", image.into())] {
        let value: JsValue = value;
        Reflect::set(&object, &name.into(), &value).map_err(|error| unexpected(&error))?;
    }
    Ok(object)
}

fn unexpected(error: &JsValue) -> Fault {
    Fault::Engine(format!("{error:?}"))
}
