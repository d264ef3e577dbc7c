//! What a finished run leaves for people: the model with its card, its report and pictures.

mod curves;
mod release;

pub use curves::curves;
pub use release::{Release, ReleaseError};
