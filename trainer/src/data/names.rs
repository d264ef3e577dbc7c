//! How data sets name classes and splits in folders, files and tables.

use std::path::Path;

use mien_engine::expression::Expression;

use super::Split;

/// The codes in the names of JAFFE's files, such as `KA.AN1.39.tiff`.
const JAFFE: [(&str, Expression); 7] = [
    ("AN", Expression::Angry),
    ("DI", Expression::Disgust),
    ("FE", Expression::Fear),
    ("HA", Expression::Happy),
    ("NE", Expression::Neutral),
    ("SA", Expression::Sad),
    ("SU", Expression::Surprise),
];

/// The numbers under which copies of `AffectNet` with eight classes keep their folders.
pub const AFFECTNET: [Expression; 8] = [
    Expression::Neutral,
    Expression::Happy,
    Expression::Sad,
    Expression::Surprise,
    Expression::Fear,
    Expression::Disgust,
    Expression::Angry,
    Expression::Contempt,
];

/// The class of a name as people write it (see [`Expression::from_folder_name`]), contempt too,
/// also behind a prefix that ends with `_`, as in FERG's `aia_anger`. Numbers are no names here.
#[must_use]
pub fn class(name: &str) -> Option<Expression> {
    let last = name.rsplit('_').next().unwrap_or(name).trim();
    if last.parse::<usize>().is_ok() {
        return None;
    }
    match last.to_ascii_lowercase().as_str() {
        "contempt" | "contemptuous" => Some(Expression::Contempt),
        name => Expression::from_folder_name(name),
    }
}

/// The class in the name of one of JAFFE's files: two letters for the person, two letters and a
/// number for the expression, a number.
#[must_use]
pub fn jaffe_class(file: &Path) -> Option<Expression> {
    let stem = file.file_stem()?.to_str()?;
    let mut parts = stem.split(['.', '-']);
    let (person, code) = (parts.next()?, parts.next()?);
    let is_person = person.len() == 2 && person.chars().all(|c| c.is_ascii_uppercase());
    let letters = code.trim_end_matches(|c: char| c.is_ascii_digit());
    let known = JAFFE.iter().find(|(name, _)| *name == letters)?;
    (is_person && letters.len() < code.len()).then_some(known.1)
}

/// The split of a folder's name or a table's entry, in any letter case. Validation faces are what
/// FER2013 calls its public test, test faces its private one.
#[must_use]
pub fn split(name: &str) -> Option<Split> {
    let name = name.trim().to_ascii_lowercase().replace(['-', '_'], "");
    match name.strip_suffix("set").unwrap_or(&name) {
        "train" | "training" => Some(Split::Training),
        "val" | "valid" | "validation" | "publictest" => Some(Split::PublicTest),
        "test" | "privatetest" => Some(Split::PrivateTest),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_go_by_many_names() {
        for expression in Expression::FERPLUS {
            assert_eq!(class(&expression.name().to_uppercase()), Some(expression));
        }
        for (name, expected) in [
            ("aia_joy", Some(Expression::Happy)),
            ("Contemptuous", Some(Expression::Contempt)),
            ("Strong", None),
            ("unhappy", None),
            ("3", None),
        ] {
            assert_eq!(class(name), expected, "{name}");
        }
    }

    #[test]
    fn files_of_jaffe_carry_their_class() {
        for (name, expected) in [
            ("KA.AN1.39.tiff", Some(Expression::Angry)),
            ("YM.SU3.60.tiff", Some(Expression::Surprise)),
            ("KA-FE2-46.png", Some(Expression::Fear)),
            ("KA.XX1.39.tiff", None),
            ("img.AN.png", None),
            ("happy.png", None),
        ] {
            assert_eq!(jaffe_class(Path::new(name)), expected, "{name}");
        }
    }

    #[test]
    fn splits_have_many_names() {
        for (name, expected) in [
            ("Train", Some(Split::Training)),
            ("train_set", Some(Split::Training)),
            ("val", Some(Split::PublicTest)),
            ("PublicTest", Some(Split::PublicTest)),
            ("test", Some(Split::PrivateTest)),
            ("private-test", Some(Split::PrivateTest)),
            ("images", None),
        ] {
            assert_eq!(split(name), expected, "{name}");
        }
    }
}
