//! The languages of the page, and how each writes numbers.

/// A language that the page speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English, also where nobody has chosen.
    #[default]
    English,
    /// German.
    German,
    /// Spanish.
    Spanish,
}

impl Language {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::English, Self::German, Self::Spanish];

    /// Its tag by BCP 47, and the name of its texts.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::Spanish => "es",
        }
    }

    /// The language of a tag, whatever the region: `de-AT` is German.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next()?.to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|language| language.tag() == primary)
    }

    /// Its own name for itself.
    #[must_use]
    pub fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
            Self::Spanish => "Español",
        }
    }

    /// A number with so many decimals, "66.3" or "66,3".
    #[must_use]
    pub fn decimal(self, value: f64, decimals: usize) -> String {
        let text = format!("{value:.decimals$}");
        match self {
            Self::English => text,
            Self::German | Self::Spanish => text.replace('.', ","),
        }
    }

    /// A count, "28,709" or "28.709".
    #[must_use]
    pub fn count(self, number: usize) -> String {
        let digits = number.to_string();
        let separator = match self {
            Self::English => ',',
            Self::German => '.',
            // A narrow space that does not break, and none in numbers of four digits.
            Self::Spanish if digits.len() > 4 => '\u{202f}',
            Self::Spanish => return digits,
        };
        let mut text = String::new();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                text.push(separator);
            }
            text.push(digit);
        }
        text
    }

    /// "82 %".
    #[must_use]
    pub fn percent(self, share: f64, decimals: usize) -> String {
        format!("{} %", self.decimal(share * 100.0, decimals))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_does_not_hide_the_language() {
        assert_eq!(Language::from_tag("de-AT"), Some(Language::German));
        assert_eq!(Language::from_tag("ES"), Some(Language::Spanish));
        assert_eq!(Language::from_tag("fr"), None);
        for language in Language::ALL {
            assert_eq!(Language::from_tag(language.tag()), Some(language));
        }
    }

    #[test]
    fn numbers_are_written_as_the_language_writes_them() {
        assert_eq!(Language::English.percent(0.6634, 1), "66.3 %");
        assert_eq!(Language::German.percent(0.6634, 1), "66,3 %");
        assert_eq!(Language::Spanish.decimal(7.304, 1), "7,3");
        assert_eq!(Language::German.percent(0.815, 0), "82 %");
        assert_eq!(Language::English.count(1_028_709), "1,028,709");
        assert_eq!(Language::German.count(999), "999");
        assert_eq!(Language::Spanish.count(3589), "3589");
        assert_eq!(Language::Spanish.count(28_709), "28\u{202f}709");
    }
}
