use leptos::prelude::*;

/// A labelled choice of one of several.
#[component]
pub fn Chooser<T: Copy + PartialEq + Send + Sync + 'static>(
    label: String,
    hook: &'static str,
    value: RwSignal<T>,
    options: Vec<(T, &'static str, String)>,
) -> impl IntoView {
    let choices: Vec<_> = options
        .iter()
        .map(|(choice, id, _)| (*choice, *id))
        .collect();
    let choose = move |event| {
        let name = event_target_value(&event);
        if let Some((choice, _)) = choices.iter().find(|(_, id)| *id == name) {
            value.set(*choice);
        }
    };
    let options = options.into_iter().map(|(choice, id, words)| {
        view! {
            <option value=id selected=move || value.get() == choice>
                {words}
            </option>
        }
    });
    view! {
        <label class="field">
            <span>{label}</span>
            <select data-testid=hook on:change=choose>
                {options.collect_view()}
            </select>
        </label>
    }
}
