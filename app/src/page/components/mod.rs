//! The parts of the page, one file each.

#![allow(
    clippy::needless_pass_by_value,
    reason = "a component owns what it is given, whether or not it keeps all of it"
)]

pub mod app;

mod about;
mod bars;
mod camera;
mod colour_scale;
mod explanation;
mod face_card;
mod intake;
mod masthead;
mod model_card;
mod notices;
mod overlay;
mod photo;
mod picture;
mod saliency;
mod samples;
mod status;
