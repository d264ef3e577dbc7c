//! The settings of the live view.

use leptos::prelude::*;
use mien_engine::expression::Expression;

use super::camera;
use super::state::{MOST_SMOOTHING_S, Source};
use super::watch::Watch;
use crate::i18n::{expression, language, t};
use crate::store::use_store;

/// Which camera, how smooth, and whether it is explained.
#[component]
pub fn Controls(watch: Watch, source: Source) -> impl IntoView {
    let live = use_store().live;
    let explained = move || {
        watch.map.with(|map| {
            let map = map.as_ref()?;
            let class = expression(map.class);
            Some(t!("live.map_words", track = map.track, class = class))
        })
    };
    view! {
        <div class="controls">
            {match source {
                Source::Camera(camera) => Some(view! { <Chooser id=camera.id.clone() /> }),
                Source::Film(_) => None,
            }}
            <label class="field">
                <span>{t!("live.smoothing")}</span>
                <input
                    type="range"
                    min="0"
                    max=MOST_SMOOTHING_S.to_string()
                    step="0.1"
                    prop:value=move || live.smoothing_s.get().to_string()
                    aria-describedby="smoothing-help"
                    data-testid="smoothing"
                    on:input=move |event| {
                        if let Ok(seconds) = event_target_value(&event).parse() {
                            live.smoothing_s.set(seconds);
                        }
                    }
                    on:change=move |_| live.keep_smoothing()
                />
                <output class="number" data-testid="smoothing-value">
                    {move || format!("{} s", language().decimal(live.smoothing_s.get(), 1))}
                </output>
            </label>
            <p id="smoothing-help" class="small soft">
                {t!("live.smoothing_help")}
            </p>
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=live.shows_saliency
                    data-testid="live-explain"
                    on:change=move |event| live.shows_saliency.set(event_target_checked(&event))
                />
                {t!("live.show_why")}
            </label>
            <Show when=move || live.shows_saliency.get()>
                <ClassChooser watch />
                <p class="small soft">
                    {explained}
                </p>
            </Show>
        </div>
    }
}

/// Which class the map explains.
#[component]
fn ClassChooser(watch: Watch) -> impl IntoView {
    let live = use_store().live;
    // Each frame reads faces anew, but the options change only with the network.
    let classes = Memo::new(move |_| watch.classes());
    let options = move || {
        let options = classes.get().iter().map(|&class| {
            view! {
                <option
                    value=class.name()
                    prop:selected=move || live.explained.get() == Some(class)
                >
                    {expression(class)}
                </option>
            }
        });
        options.collect_view()
    };
    view! {
        <label class="field">
            <span>{t!("explain.class")}</span>
            <select
                data-testid="live-class"
                on:change=move |event| {
                    live.explain(Expression::from_name(&event_target_value(&event)));
                }
            >
                <option value="" prop:selected=move || live.explained.get().is_none()>
                    {t!("live.best_class")}
                </option>
                {options}
            </select>
        </label>
    }
}

/// Which camera.
#[component]
fn Chooser(
    /// The one that runs.
    id: Option<String>,
) -> impl IntoView {
    let live = use_store().live;
    let options = move || {
        let options = live
            .devices
            .get()
            .into_iter()
            .enumerate()
            .map(|(index, device)| {
                let label = if device.label.is_empty() {
                    t!("live.camera_number", number = index + 1)
                } else {
                    device.label
                };
                let is_chosen = Some(&device.id) == id.as_ref();
                view! {
                    <option value=device.id selected=is_chosen>
                        {label}
                    </option>
                }
            });
        options.collect_view()
    };
    view! {
        <label class="field">
            <span>{t!("live.camera")}</span>
            <select
                data-testid="camera-choice"
                on:change=move |event| camera::start(live, Some(event_target_value(&event)))
            >
                {options}
            </select>
        </label>
    }
}
