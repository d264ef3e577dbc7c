//! The page's texts. They stand in `app/locales`, one entry a text with its languages side by
//! side, in a folder for each group that is fetched together; [`t!`] gives one in the visitor's
//! language. The page is built anew when the language
//! changes, so a text is plain text and no signal. `app/tests/texts.rs` checks that every text
//! is there.

use std::cell::RefCell;

use leptos::prelude::*;
use mien_app::language::Language;
use mien_engine::expression::Expression;
use rust_i18n::Backend;

use crate::settings;

const SETTING: &str = "lang";

/// The text of a key in the visitor's language, with its `%{name}` filled in:
/// `t!("photos.remove_one", name = file)`.
macro_rules! t {
    ($key:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::i18n::text($key, &[$(stringify!($name)),*], &[$($value.to_string()),*])
    };
}
/// As [`t!`], for a text that depends on a count: it has the forms `.one` and `.other`, which is
/// what English, German and Spanish tell apart, and may use `%{count}`.
macro_rules! tn {
    ($key:literal, $count:expr) => {
        if $count == 1 {
            $crate::i18n::text(concat!($key, ".one"), &["count"], &[$count.to_string()])
        } else {
            $crate::i18n::text(concat!($key, ".other"), &["count"], &[$count.to_string()])
        }
    };
}
pub(crate) use {t, tn};

/// A group of texts.
pub type Texts = fn() -> &'static dyn Backend;

/// Groups, each from a folder of `app/locales`.
pub mod texts {
    macro_rules! group {
        ($name:ident, $folder:literal) => {
            mod $name {
                rust_i18n::i18n!($folder);
            }
            pub use $name::_rust_i18n_backend as $name;
        };
    }
    group!(page, "locales/page");
    group!(about, "locales/about");
    group!(card, "locales/card");
    group!(compare, "locales/compare");
    group!(explain, "locales/explain");
    group!(judge, "locales/judge");
    group!(live, "locales/live");
}

thread_local! {
    /// The groups that are here: that of the page as it starts, and those that its parts brought.
    static HERE: RefCell<Vec<Texts>> = RefCell::new(vec![texts::page]);
}

/// Makes the texts of a part of the page known, which come with its program.
pub fn bring(groups: &[Texts]) {
    HERE.with_borrow_mut(|here| {
        for &group in groups {
            if !here.iter().any(|&known| std::ptr::fn_addr_eq(known, group)) {
                here.push(group);
            }
        }
    });
}

/// What [`t!`] stands for.
pub fn text(key: &'static str, names: &[&str], values: &[String]) -> String {
    let tag = language().tag();
    let text = HERE.with_borrow(|here| {
        let mut found = here.iter().filter_map(|group| group().translate(tag, key));
        found.next()
    });
    let text = text.unwrap_or(key.into());
    if names.is_empty() {
        text.into_owned()
    } else {
        rust_i18n::replace_patterns(&text, names, values)
    }
}

/// The visitor's language.
#[derive(Clone, Copy)]
pub struct LanguageChoice(pub RwSignal<Language>);

impl LanguageChoice {
    /// As the address asks, or as at the last visit, or as the browser is set.
    pub fn new() -> Self {
        let named = |name: Option<String>| Language::from_tag(&name?);
        let browser = || {
            let tags = window().navigator().languages();
            tags.iter()
                .find_map(|tag| Language::from_tag(&tag.as_string()?))
        };
        let language = named(settings::setting(SETTING))
            .or_else(browser)
            .unwrap_or_default();
        let choice = Self(RwSignal::new(language));
        choice.apply();
        choice
    }

    /// Changes it, and has it kept.
    pub fn choose(self, language: Language) {
        settings::choose(SETTING, language.tag());
        self.0.set(language);
        self.apply();
    }

    fn apply(self) {
        let tag = self.0.get_untracked().tag();
        rust_i18n::set_locale(tag);
        if let Some(page) = document().document_element() {
            // Refused only for names that are none.
            let _ = page.set_attribute("lang", tag);
        }
    }
}

/// The language that texts are in now.
pub fn language() -> Language {
    Language::from_tag(&rust_i18n::locale()).unwrap_or_default()
}

/// The name of a class.
pub fn expression(class: Expression) -> String {
    match class {
        Expression::Angry => t!("expressions.angry"),
        Expression::Disgust => t!("expressions.disgust"),
        Expression::Fear => t!("expressions.fear"),
        Expression::Happy => t!("expressions.happy"),
        Expression::Sad => t!("expressions.sad"),
        Expression::Surprise => t!("expressions.surprise"),
        Expression::Neutral => t!("expressions.neutral"),
        Expression::Contempt => t!("expressions.contempt"),
    }
}
