//! Why the network answers as it does: maps of what the parts of a face do to the prediction, and
//! their colours.

mod occlusion;
mod palette;

pub use occlusion::{Fill, OcclusionError, OcclusionMap, OcclusionOptions, occlusion};
pub use palette::{Scale, cividis};
