use leptos::prelude::*;
use mien_engine::explain::{Choices, Fill, Method, MethodKind, Parameter, Setting};

use super::verdict::MethodVerdict;
use crate::i18n::t;
use crate::settings;

/// The setting under which the method is kept and shared; its own settings are under their names.
const METHOD: &str = "method";

/// The method as the address asks for it, or as it was chosen last.
pub fn kept_method() -> Method {
    let kept = settings::setting(METHOD).and_then(|name| MethodKind::from_name(&name));
    with_kept_settings(kept.unwrap_or(MethodKind::Occlusion))
}

/// The method with its settings as they are kept; what it does not take stays as usual.
fn with_kept_settings(kind: MethodKind) -> Method {
    let method = kind.method();
    method
        .settings()
        .into_iter()
        .fold(method, |method, setting| {
            let kept = settings::setting(&setting.parameter.to_string());
            let value = kept.and_then(|text| value_of(&setting.choices, &text));
            let changed = value.and_then(|value| method.with(setting.parameter, value).ok());
            changed.unwrap_or(method)
        })
}

/// The value that a text stands for: a number, or the name of a fill.
fn value_of(choices: &Choices, text: &str) -> Option<u32> {
    match choices {
        Choices::Range(..) => text.parse().ok(),
        Choices::Fills(fills) => {
            let place = fills.iter().position(|fill| fill.name() == text)?;
            Some(place as u32)
        }
    }
}

/// Which method explains, with its settings and what it does.
#[component]
pub fn MethodChooser(method: RwSignal<Method>) -> impl IntoView {
    let kind = Memo::new(move |_| method.get().kind());
    let options = MethodKind::ALL.map(|option| {
        view! {
            <option value=option.name() selected=option == kind.get_untracked()>
                {method_name(option)}
            </option>
        }
    });
    let choose = move |event| {
        if let Some(kind) = MethodKind::from_name(&event_target_value(&event)) {
            settings::choose(METHOD, kind.name());
            method.set(with_kept_settings(kind));
        }
    };
    // Built anew for another method only, so that what is being changed keeps the focus.
    let fields = move || {
        kind.track();
        let settings = method.get_untracked().settings();
        let fields = settings
            .into_iter()
            .map(|setting| view! { <SettingField method setting /> });
        fields.collect_view()
    };
    view! {
        <div class="controls">
            <label class="field">
                <span>{t!("explain.method")}</span>
                <select data-testid="explain-method" on:change=choose>
                    {options.collect_view()}
                </select>
            </label>
            {fields}
        </div>
        <p class="small">
            {move || method_text(kind.get())} " " <span class="soft">{move || kind.get().paper()}</span>
        </p>
        <MethodVerdict method />
    }
}

#[component]
fn SettingField(method: RwSignal<Method>, setting: Setting) -> impl IntoView {
    let parameter = setting.parameter;
    // What another setting allows may have changed.
    let current = move || {
        let settings = method.get().settings();
        settings.into_iter().find(|it| it.parameter == parameter)
    };
    let value = Memo::new(move |_| current().map_or(0, |setting| setting.value));
    let set = move |text: String| {
        // What the method does not take leaves it as it is.
        if let Some(value) = value_of(&setting.choices, &text)
            && let Ok(changed) = method.get_untracked().with(parameter, value)
        {
            settings::choose(&parameter.to_string(), &text);
            method.set(changed);
        }
    };
    let control = match setting.choices {
        Choices::Range(least, _) => {
            let most = move || match current().map(|setting| setting.choices) {
                Some(Choices::Range(_, most)) => most,
                _ => least,
            };
            view! {
                <input
                    type="number"
                    min=least.to_string()
                    max=move || most().to_string()
                    prop:value=move || value.get().to_string()
                    data-testid=format!("setting-{parameter}")
                    on:change=move |event| set(event_target_value(&event))
                />
            }
            .into_any()
        }
        Choices::Fills(fills) => {
            let options = fills.iter().enumerate().map(|(place, &fill)| {
                view! {
                    <option
                        value=fill.name()
                        selected=place == value.get_untracked() as usize
                    >
                        {fill_name(fill)}
                    </option>
                }
            });
            view! {
                <select
                    data-testid=format!("setting-{parameter}")
                    on:change=move |event| set(event_target_value(&event))
                >
                    {options.collect_view()}
                </select>
            }
            .into_any()
        }
    };
    view! {
        <label class="field">
            <span>{parameter_name(parameter)}</span>
            {control}
        </label>
    }
}

fn method_name(kind: MethodKind) -> String {
    match kind {
        MethodKind::Occlusion => t!("method.occlusion"),
        MethodKind::Rise => t!("method.rise"),
        MethodKind::Shapley => t!("method.shapley"),
        MethodKind::GradCam => t!("method.grad_cam"),
        MethodKind::GradientInput => t!("method.gradient_input"),
        MethodKind::IntegratedGradients => t!("method.integrated_gradients"),
    }
}

fn method_text(kind: MethodKind) -> String {
    match kind {
        MethodKind::Occlusion => t!("method.occlusion_text"),
        MethodKind::Rise => t!("method.rise_text"),
        MethodKind::Shapley => t!("method.shapley_text"),
        MethodKind::GradCam => t!("method.grad_cam_text"),
        MethodKind::GradientInput => t!("method.gradient_input_text"),
        MethodKind::IntegratedGradients => t!("method.integrated_gradients_text"),
    }
}

fn parameter_name(parameter: Parameter) -> String {
    match parameter {
        Parameter::Patch => t!("method.patch"),
        Parameter::Stride => t!("method.stride"),
        Parameter::Fill => t!("method.fill"),
        Parameter::Masks => t!("method.masks"),
        Parameter::Cells => t!("method.cells"),
        Parameter::Steps => t!("method.steps"),
    }
}

fn fill_name(fill: Fill) -> String {
    match fill {
        Fill::Zero => t!("method.fill_zero"),
        Fill::Mean => t!("method.fill_mean"),
        Fill::Gray => t!("method.fill_gray"),
        Fill::Blur => t!("method.fill_blur"),
        Fill::Neighbours => t!("method.fill_neighbours"),
    }
}
