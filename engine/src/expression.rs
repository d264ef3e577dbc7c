//! The seven expression classes, in the order of FER2013's labels.

use serde::{Deserialize, Serialize};

/// One of the seven expressions that FER2013 labels. The discriminant is the label.
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
}

impl Expression {
    /// How many classes there are.
    pub const COUNT: usize = 7;

    /// Every class, in label order.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Angry,
        Self::Disgust,
        Self::Fear,
        Self::Happy,
        Self::Sad,
        Self::Surprise,
        Self::Neutral,
    ];

    /// The FER2013 label, 0 to 6.
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }

    /// The class of a FER2013 label, or `None` above 6.
    #[must_use]
    pub fn from_index(index: usize) -> Option<Self> {
        Self::ALL.get(index).copied()
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
        }
    }

    /// The class with this [`name`](Self::name), in any letter case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
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
            return Self::from_index(label);
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
        for (index, expression) in Expression::ALL.into_iter().enumerate() {
            assert_eq!(expression.index(), index);
            assert_eq!(Expression::from_index(index), Some(expression));
            assert_eq!(Expression::from_name(expression.name()), Some(expression));
        }
        assert_eq!(Expression::from_index(7), None);
        assert_eq!(Expression::from_name("bored"), None);
    }

    #[test]
    fn folders_are_named_as_people_name_them() {
        for expression in Expression::ALL {
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
}
