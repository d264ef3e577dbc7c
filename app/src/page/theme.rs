//! Light or dark.

use leptos::prelude::*;

use crate::settings;

const SETTING: &str = "theme";

/// The colours that the visitor wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system is set.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// Its name in address and style sheets.
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == name)
    }

    /// As the address asks, or as at the last visit; shown at once.
    pub fn at_start() -> Self {
        let theme = settings::setting(SETTING)
            .and_then(|name| Self::from_name(&name))
            .unwrap_or_default();
        theme.show();
        theme
    }

    /// Shows it, and has it kept.
    pub fn choose(self) {
        settings::choose(SETTING, self.name());
        self.show();
    }

    fn show(self) {
        if let Some(page) = document().document_element() {
            // Refused only for names that are none.
            let _ = page.set_attribute("data-theme", self.name());
        }
    }
}
