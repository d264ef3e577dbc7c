//! The views of the page, one folder or file each. A view is mounted while it is shown; what has
//! to outlive that belongs into the [`Store`](crate::store::Store).

#![allow(
    clippy::needless_pass_by_value,
    reason = "a component owns what it is given, whether or not it keeps all of it"
)]
#![allow(
    clippy::unnecessary_wraps,
    reason = "what a part's function cannot say itself: that its program is missing"
)]

pub mod about;
pub mod compare;
pub mod judge;
pub mod live;
pub mod photos;

use leptos::prelude::*;
use leptos::wasm_split::wasm_split;

use crate::components::lazy::{Lazy, Part};
use crate::i18n::{bring, t, texts};

/// What the page can show; the address names it, as `#live`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// Photos and the faces in them.
    #[default]
    Photos,
    /// The camera.
    Live,
    /// What the networks are worth.
    Judge,
    /// The networks of the studies, side by side.
    Compare,
    /// What the page is, and what it must not be used for.
    About,
}

impl View {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 5] = [
        Self::Photos,
        Self::Live,
        Self::Judge,
        Self::Compare,
        Self::About,
    ];

    /// Its name in the address.
    pub fn name(self) -> &'static str {
        match self {
            Self::Photos => "photos",
            Self::Live => "live",
            Self::Judge => "judge",
            Self::Compare => "compare",
            Self::About => "about",
        }
    }

    /// The view of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|view| view.name() == name)
    }

    /// Its name for the visitor.
    pub fn title(self) -> String {
        match self {
            Self::Photos => t!("views.photos"),
            Self::Live => t!("views.live"),
            Self::Judge => t!("views.judge"),
            Self::Compare => t!("views.compare"),
            Self::About => t!("views.about"),
        }
    }

    /// Builds it.
    pub fn show(self) -> AnyView {
        match self {
            Self::Photos => view! { <photos::Photos /> }.into_any(),
            Self::Live => view! { <Lazy load=load_live part=live_part /> }.into_any(),
            Self::Judge => view! { <Lazy load=load_judge part=judge_part /> }.into_any(),
            Self::Compare => view! { <Lazy load=load_compare part=compare_part /> }.into_any(),
            Self::About => view! { <Lazy load=load_about part=about_part /> }.into_any(),
        }
    }
}

#[wasm_split(live, wasm_split_path = leptos::wasm_split, preload(load_live), fallible)]
fn live_part() -> Part {
    bring(&[texts::live, texts::explain]);
    Ok(view! { <live::Live /> }.into_any())
}

#[wasm_split(judge, wasm_split_path = leptos::wasm_split, preload(load_judge), fallible)]
fn judge_part() -> Part {
    bring(&[texts::judge, texts::card, texts::explain]);
    Ok(view! { <judge::Judge /> }.into_any())
}

#[wasm_split(compare, wasm_split_path = leptos::wasm_split, preload(load_compare), fallible)]
fn compare_part() -> Part {
    bring(&[texts::compare, texts::judge, texts::explain]);
    Ok(view! { <compare::Compare /> }.into_any())
}

#[wasm_split(about, wasm_split_path = leptos::wasm_split, preload(load_about), fallible)]
fn about_part() -> Part {
    bring(&[texts::about, texts::card]);
    Ok(view! { <about::About /> }.into_any())
}
