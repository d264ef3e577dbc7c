//! What the live view keeps over time, and needs no browser for.

mod pace;
mod recording;
mod search;
mod timeline;

pub use pace::{Pace, Stages};
pub use recording::{MOST_ROWS, Recording, SourceKind};
pub use search::Search;
pub use timeline::{SPAN_S, Spread, Timeline};
