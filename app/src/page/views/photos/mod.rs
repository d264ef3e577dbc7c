//! Photos and the faces in them.

mod files;
mod intake;
mod photo;
mod samples;
mod status;

use leptos::prelude::*;

use intake::Intake;
use photo::PhotoList;
use status::Status;

/// Where photos come in, and what is read in them.
#[component]
pub fn Photos() -> impl IntoView {
    view! {
        <Intake />
        <Status />
        <PhotoList />
    }
}
