//! The views of the page, one folder or file each. A view is mounted while it is shown; what has
//! to outlive that belongs into the [`Store`](crate::store::Store).

#![allow(
    clippy::needless_pass_by_value,
    reason = "a component owns what it is given, whether or not it keeps all of it"
)]

pub mod about;
pub mod compare;
pub mod judge;
pub mod live;
pub mod photos;

use leptos::prelude::*;

use crate::i18n::t;

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
            Self::Live => view! { <live::Live /> }.into_any(),
            Self::Judge => view! { <judge::Judge /> }.into_any(),
            Self::Compare => view! { <compare::Compare /> }.into_any(),
            Self::About => view! { <about::About /> }.into_any(),
        }
    }
}
