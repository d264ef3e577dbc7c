//! Mien's page.

mod app;
mod assets;
mod client;
mod clock;
mod components;
mod download;
mod i18n;
mod model;
mod model_card;
mod navigation;
mod offline;
mod paint;
mod photo;
mod preview;
mod program;
mod settings;
mod store;
mod theme;
mod views;
mod words;
mod worker_program;

fn main() {
    // Words for the case that this program never runs.
    if let Some(boot) = leptos::prelude::document().get_element_by_id("boot") {
        boot.remove();
    }
    leptos::mount::mount_to_body(app::App);
}
