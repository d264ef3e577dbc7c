use leptos::prelude::*;

use super::about::About;
use super::camera::Camera;
use super::intake::Intake;
use super::masthead::Masthead;
use super::notices::Notices;
use super::photo::Photos;
use super::status::Status;
use crate::store::Store;

/// The whole page.
#[component]
pub fn App() -> impl IntoView {
    provide_context(Store::new());
    view! {
        <div class="page">
            <Masthead />
            <main class="parts">
                <Notices />
                <Intake />
                <Status />
                <Camera />
                <Photos />
            </main>
            <About />
        </div>
    }
}
