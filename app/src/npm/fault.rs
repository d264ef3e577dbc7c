//! Why a call was not answered, as callers are told of it.

use js_sys::{Error, Reflect};
use mien_app::host::pixels::PictureError;
use mien_app::protocol::StopReason;
use mien_engine::explain::ExplainError;
use mien_engine::pipeline::EngineError;
use thiserror::Error;
use wasm_bindgen::JsValue;

/// Why a call was not answered: one code a remedy. `app/npm/mien.d.ts` lists them.
#[derive(Debug, Error)]
pub enum Fault {
    /// What was passed cannot be used: pass something else.
    #[error("{name}: {detail}")]
    Argument {
        /// Which argument.
        name: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// The source has no pixels for us.
    #[error("source: {0}")]
    Picture(#[from] PictureError),
    /// The networks could not be loaded or started.
    #[error(transparent)]
    Start(#[from] StopReason),
    /// The engine failed, which is a fault of ours: try again, and report it.
    #[error("the engine failed: {0}")]
    Engine(String),
}

impl Fault {
    /// A name of the remedy.
    fn code(&self) -> &'static str {
        match self {
            Self::Argument { .. } | Self::Picture(PictureError::NotAPicture) => "argument",
            Self::Picture(PictureError::Unreadable) => "unreadable",
            Self::Picture(PictureError::CrossOrigin) => "cross-origin",
            Self::Picture(PictureError::TooLarge) => "too-large",
            Self::Start(StopReason::Fetch { .. }) => "fetch",
            Self::Start(StopReason::Model { .. }) => "model",
            Self::Start(StopReason::Changed { .. }) => "changed",
            Self::Picture(PictureError::Pixels(_)) | Self::Start(_) | Self::Engine(_) => "engine",
        }
    }
}

impl From<EngineError> for Fault {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Explain(error) => error.into(),
            error => Self::Engine(error.to_string()),
        }
    }
}

impl From<ExplainError> for Fault {
    fn from(error: ExplainError) -> Self {
        match error {
            ExplainError::Classify(error) => Self::Engine(error.to_string()),
            error => Self::Argument {
                name: "options",
                detail: error.to_string(),
            },
        }
    }
}

impl From<Fault> for JsValue {
    fn from(fault: Fault) -> Self {
        let error = Error::new(&fault.to_string());
        // An error that was made here takes any property.
        let _ = Reflect::set(&error, &"code".into(), &fault.code().into());
        error.into()
    }
}
