//! Which view is shown: the address's fragment says it, so that every view can be linked to and
//! the browser's back button works, on any host and under any path.

use gloo::events::EventListener;
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::settings;
use crate::views::View;

/// The id of the element that holds the view.
pub const VIEW_ID: &str = "view";
const REMEMBERED: &str = "view";

/// The view that the address asks for, or else the one of the last visit. Follows the address.
pub fn follow_address() -> RwSignal<View> {
    let last = || View::from_name(&settings::remembered(REMEMBERED)?);
    let first = asked().or_else(last).unwrap_or_default();
    settings::remember(REMEMBERED, first.name());
    let view = RwSignal::new(first);
    let listener = EventListener::new(&window(), "hashchange", move |_| {
        if let Some(asked) = asked() {
            // Before it is shown, for a view may list what is kept.
            settings::remember(REMEMBERED, asked.name());
            view.set(asked);
            request_animation_frame(go_to_top);
        }
    });
    let listener = SendWrapper::new(listener);
    on_cleanup(move || drop(listener));
    view
}

fn asked() -> Option<View> {
    let fragment = window().location().hash().ok()?;
    View::from_name(fragment.strip_prefix('#')?)
}

/// Whoever changed the view goes on at its top, with eyes, keyboard or screen reader.
fn go_to_top() {
    let element = document().get_element_by_id(VIEW_ID);
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // Refused for elements out of the page only.
        let _ = element.focus();
    }
    window().scroll_to_with_x_and_y(0.0, 0.0);
}
