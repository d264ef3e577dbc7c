//! Mien's page.

mod components;

fn main() {
    leptos::mount::mount_to_body(components::app::App);
}
