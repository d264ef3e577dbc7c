//! The expression classes, in the order of FER2013's labels; contempt, which only FER+ knows, last.
//!
//! A network tells its classes by their number: seven are FER2013's, eight are FER+'s.

use serde::{Deserialize, Serialize};

/// An expression that FER2013 or FER+ labels. The discriminant is the label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expression {
    /// Label 0.
    Angry,
    /// Label 1.
    Disgust,
    /// Label 2.
    Fear,
    /// Label 3.
    Happy,
    /// Label 4.
    Sad,
    /// Label 5.
    Surprise,
    /// Label 6.
    Neutral,
    /// Label 7, of FER+ only.
    Contempt,
}

impl Expression {
    /// The seven classes of FER2013, in label order.
    pub const FER2013: [Self; 7] = [
        Self::Angry,
        Self::Disgust,
        Self::Fear,
        Self::Happy,
        Self::Sad,
        Self::Surprise,
        Self::Neutral,
    ];

    /// The eight classes of FER+ (Barsoum et al. 2016), in label order: those of FER2013 and
    /// contempt. There are no others.
    pub const FERPLUS: [Self; 8] = [
        Self::Angry,
        Self::Disgust,
        Self::Fear,
        Self::Happy,
        Self::Sad,
        Self::Surprise,
        Self::Neutral,
        Self::Contempt,
    ];

    /// The classes of a network with so many outputs, in label order, or `None` if no network here
    /// has so many.
    #[must_use]
    pub fn classes(count: usize) -> Option<&'static [Self]> {
        match count {
            7 => Some(&Self::FER2013),
            8 => Some(&Self::FERPLUS),
            _ => None,
        }
    }

    /// The label, 0 to 7.
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }

    /// The class of a label, or `None` above 7.
    #[must_use]
    pub fn from_index(index: usize) -> Option<Self> {
        Self::FERPLUS.get(index).copied()
    }

    /// The lower-case English name, as used in files, folders and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Angry => "angry",
            Self::Disgust => "disgust",
            Self::Fear => "fear",
            Self::Happy => "happy",
            Self::Sad => "sad",
            Self::Surprise => "surprise",
            Self::Neutral => "neutral",
            Self::Contempt => "contempt",
        }
    }

    /// The class with this [`name`](Self::name), in any letter case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::FERPLUS
            .into_iter()
            .find(|expression| expression.name().eq_ignore_ascii_case(name))
    }

    /// The class that a folder of pictures is named after, as people name such folders: any letter
    /// case, common synonyms, FER2013's label as a number, or a number before the name
    /// (`Anger`, `03_happy`, `5`).
    #[must_use]
    pub fn from_folder_name(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase();
        if let Ok(label) = name.parse() {
            return Self::FER2013.get::<usize>(label).copied();
        }
        let is_ordinal = |c: char| c.is_ascii_digit() || "_-. ".contains(c);
        let name = name.trim_start_matches(is_ordinal);
        Some(match name {
            "angry" | "anger" => Self::Angry,
            "disgust" | "disgusted" => Self::Disgust,
            "fear" | "fearful" | "afraid" | "scared" => Self::Fear,
            "happy" | "happiness" | "joy" => Self::Happy,
            "sad" | "sadness" => Self::Sad,
            "surprise" | "surprised" => Self::Surprise,
            "neutral" => Self::Neutral,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_and_name_lead_back_to_the_class() {
        for (index, expression) in Expression::FERPLUS.into_iter().enumerate() {
            assert_eq!(expression.index(), index);
            assert_eq!(Expression::from_index(index), Some(expression));
            assert_eq!(Expression::from_name(expression.name()), Some(expression));
        }
        assert_eq!(Expression::from_index(8), None);
        assert_eq!(Expression::from_name("bored"), None);
    }

    #[test]
    fn folders_are_named_as_people_name_them() {
        for expression in Expression::FER2013 {
            let names = [
                expression.name().to_uppercase(),
                expression.index().to_string(),
                format!("0{} - {}", expression.index(), expression.name()),
            ];
            for name in names {
                assert_eq!(
                    Expression::from_folder_name(&name),
                    Some(expression),
                    "{name}"
                );
            }
        }
        for (name, expression) in [
            ("Anger", Expression::Angry),
            ("happiness", Expression::Happy),
            (" surprised ", Expression::Surprise),
        ] {
            assert_eq!(Expression::from_folder_name(name), Some(expression));
        }
        for name in ["contempt", "7", "", "unhappy", "train"] {
            assert_eq!(Expression::from_folder_name(name), None, "{name}");
        }
    }

    #[test]
    fn the_classes_of_fer2013_come_first() {
        assert_eq!(Expression::FERPLUS[..7], Expression::FER2013);
        for classes in [&Expression::FER2013[..], &Expression::FERPLUS] {
            assert_eq!(Expression::classes(classes.len()), Some(classes));
        }
        assert_eq!(Expression::classes(6), None);
    }
}
