//! The parts that views share, one file each.

#![allow(
    clippy::needless_pass_by_value,
    reason = "a component owns what it is given, whether or not it keeps all of it"
)]

pub mod bars;
pub mod colour_scale;
pub mod explanation;
pub mod face_card;
pub mod label_chooser;
pub mod lazy;
pub mod loading;
pub mod masthead;
pub mod model_table;
pub mod notices;
pub mod overlay;
pub mod picture;
