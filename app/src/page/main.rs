//! Mien's page.

mod app;
mod assets;
mod client;
mod components;
mod download;
mod model_card;
mod navigation;
mod paint;
mod settings;
mod store;
mod views;

fn main() {
    leptos::mount::mount_to_body(app::App);
}
