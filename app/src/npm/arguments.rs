//! What callers pass, checked.

use js_sys::JSON;
use mien_app::protocol::Source;
use mien_engine::backend::Backend;
use mien_engine::detect::DetectOptions;
use mien_engine::explain::{
    Choices, ExplainError, Fill, Method, MethodKind, Parameter, Score, Target,
};
use mien_engine::expression::Expression;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use wasm_bindgen::JsValue;

use crate::fault::Fault;

/// Reads plain data, as JSON would carry it; `undefined` reads as `null`. `name` names the argument
/// in errors.
pub fn read<T: DeserializeOwned>(name: &'static str, value: &JsValue) -> Result<T, Fault> {
    let fault = |detail: String| Fault::Argument { name, detail };
    let text = JSON::stringify(value).map_err(|_| fault("it is not plain data".to_owned()))?;
    // Of `undefined` and of functions, `stringify` makes `undefined`.
    let text = text.as_string().unwrap_or_else(|| "null".to_owned());
    // Through a value, so that errors do not speak of lines and columns.
    serde_json::from_str(&text)
        .and_then(serde_json::from_value::<T>)
        .map_err(|error| fault(error.to_string()))
}

/// Reads options, all of which may be left out; errors name the one at fault.
pub fn read_options<T: DeserializeOwned>(value: &JsValue) -> Result<T, Fault> {
    let name = "options";
    let options: Value = read(name, value)?;
    serde_json::from_value::<T>(options.clone()).map_err(|error| {
        let is_fault = |entry: &(&String, &Value)| {
            serde_json::from_value::<T>(json!({ entry.0: entry.1 })).is_err()
        };
        let key = options.as_object().into_iter().flatten().find(is_fault);
        let detail = match key {
            Some((key, _)) => format!("`{key}`: {error}"),
            None => error.to_string(),
        };
        Fault::Argument { name, detail }
    })
}

/// With what a session starts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object")]
pub struct Setup {
    /// The face detector.
    pub detector: Source,
    /// The expression network.
    pub classifier: Source,
    /// What its card says of uncertain readings.
    pub uncertain_below: f32,
    /// Where the networks shall run.
    pub backend: Option<Backend>,
}

/// How thoroughly a picture is searched.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "an object")]
pub struct Search {
    kind: PictureKind,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PictureKind {
    #[default]
    Photo,
    Frame,
}

impl Search {
    /// The engine's options.
    pub fn options(&self) -> DetectOptions {
        match self.kind {
            PictureKind::Photo => DetectOptions::PHOTO,
            PictureKind::Frame => DetectOptions::CAMERA,
        }
    }
}

/// What is explained, and how. Nothing is as usual.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "an object")]
pub struct Explain {
    /// The class; else the most probable one.
    pub class: Option<Expression>,
    against: Option<Expression>,
    score: Option<Score>,
    method: Option<MethodKind>,
    patch: Option<u32>,
    stride: Option<u32>,
    fill: Option<Fill>,
    masks: Option<u32>,
    cells: Option<u32>,
    steps: Option<u32>,
}

impl Explain {
    fn kind(&self) -> MethodKind {
        self.method.unwrap_or(MethodKind::Occlusion)
    }

    /// What is explained, where `class` is the one.
    pub fn target(&self, class: Expression) -> Target {
        Target {
            class,
            against: self.against,
            score: self.score.unwrap_or(self.kind().scores()[0]),
        }
    }

    /// The method with its settings.
    pub fn method(&self) -> Result<Method, Fault> {
        let numbers = [
            // Before the stride, whose range it sets.
            (Parameter::Patch, self.patch),
            (Parameter::Stride, self.stride),
            (Parameter::Masks, self.masks),
            (Parameter::Cells, self.cells),
            (Parameter::Steps, self.steps),
        ];
        let mut numbers = numbers
            .into_iter()
            .filter_map(|(parameter, value)| Some((parameter, value?)));
        let usual = self.kind().method();
        let method = numbers.try_fold(usual, |method, (parameter, value)| {
            method.with(parameter, value)
        })?;
        match self.fill {
            None => Ok(method),
            Some(fill) => with_fill(method, fill),
        }
    }
}

/// The method with another fill, where it takes it.
fn with_fill(method: Method, fill: Fill) -> Result<Method, Fault> {
    let choices = method.settings().into_iter().map(|setting| setting.choices);
    let fills = choices.into_iter().find_map(|choices| match choices {
        Choices::Fills(fills) => Some(fills),
        Choices::Range(..) => None,
    });
    let fills = fills.ok_or(ExplainError::NoSuchSetting(Parameter::Fill))?;
    let place = fills.iter().position(|it| *it == fill);
    let place = place.ok_or_else(|| Fault::Argument {
        name: "options",
        detail: format!("this method does not cover with `{}`", fill.name()),
    })?;
    Ok(method.with(Parameter::Fill, place as u32)?)
}
