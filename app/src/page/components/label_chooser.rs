use leptos::prelude::*;
use mien_engine::expression::Expression;

use crate::i18n::{expression, t};
use crate::store::use_store;

/// Lets the visitor say which class a face is of; the Judge view compares the networks with that.
#[component]
pub fn LabelChooser(
    /// The photo's id.
    photo: u32,
    /// Position among the photo's faces.
    index: usize,
) -> impl IntoView {
    let labels = use_store().judge.labels;
    let label = move || labels.with(|labels| labels.get(&(photo, index)).copied());
    let choose = move |event| {
        labels.update(|labels| {
            match Expression::from_name(&event_target_value(&event)) {
                Some(label) => labels.insert((photo, index), label),
                None => labels.remove(&(photo, index)),
            };
        });
    };
    let options = Expression::FER2013.map(|class| {
        view! {
            <option value=class.name() selected=move || label() == Some(class)>
                {expression(class)}
            </option>
        }
    });
    view! {
        <label class="field small">
            <span>{t!("photos.label.title")}</span>
            <select data-testid="face-label" on:change=choose>
                <option value="" selected=move || label().is_none()>
                    {t!("photos.label.none")}
                </option>
                {options.into_iter().collect_view()}
            </select>
        </label>
    }
}
