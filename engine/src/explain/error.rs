//! Why a face was not explained.

use thiserror::Error;

use super::Parameter;
use crate::classify::ClassifyError;
use crate::expression::Expression;
use crate::plan::ShapeError;
use crate::runner::RunError;

/// Why a face was not explained.
#[derive(Debug, Error)]
pub enum ExplainError {
    /// A setting is out of its range; choose another value.
    #[error("{parameter} must be {least} to {most}, not {value}")]
    Setting {
        /// Which setting.
        parameter: Parameter,
        /// Its smallest value.
        least: u32,
        /// Its largest value.
        most: u32,
        /// What was asked for.
        value: u32,
    },
    /// The method has no such setting; choose one of its own.
    #[error("this method has no setting called {0}")]
    NoSuchSetting(Parameter),
    /// A label changes in leaps, so it has no derivatives; explain the probability or the logit.
    #[error("this method explains probabilities and logits, not labels")]
    NoDerivative,
    /// A class cannot be set against itself; choose another.
    #[error("a class cannot be set against itself")]
    SameClass,
    /// The network does not know the class; choose one of its own.
    #[error("this model has no class {}", .0.name())]
    NoSuchClass(Expression),
    /// The network failed.
    #[error(transparent)]
    Classify(#[from] ClassifyError),
}

impl From<RunError> for ExplainError {
    fn from(error: RunError) -> Self {
        Self::Classify(error.into())
    }
}

impl From<ShapeError> for ExplainError {
    fn from(error: ShapeError) -> Self {
        RunError::from(error).into()
    }
}
