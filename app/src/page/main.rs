//! Mien's page.

mod assets;
mod camera;
mod client;
mod components;
mod download;
mod intake;
mod model_card;
mod paint;
mod settings;
mod store;

fn main() {
    leptos::mount::mount_to_body(components::app::App);
}
