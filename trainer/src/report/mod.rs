//! What a finished run leaves for people: the model with its card, its report and pictures.

mod bench;
mod confusion;
mod curves;
mod document;
mod release;

pub use bench::BenchReport;
pub(crate) use confusion::percent;
pub use confusion::{class_table, confusion};
pub use curves::curves;
pub use document::{Document, DocumentError, ModelReport};
pub use release::{Release, ReleaseError};
