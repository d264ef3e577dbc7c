//! The page's words for readings, sizes and shares. They say what an expression resembles, never
//! what a person feels.

use mien_engine::expression::Expression;

/// "82 %".
#[must_use]
pub fn percent(share: f32) -> String {
    format!("{:.0} %", share * 100.0)
}

/// "66.3 %", for figures that were measured.
#[must_use]
pub fn percent_exactly(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A split of FER2013 under its own name, and what it was used for.
#[must_use]
pub fn split(name: &str) -> &str {
    match name {
        "public-test" => "PublicTest (chosen on it)",
        "private-test" => "PrivateTest (scored once)",
        other => other,
    }
}

/// "1.2 MB", in decimal units as browsers count.
#[must_use]
pub fn megabytes(bytes: usize) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// "no face", "1 face", "3 faces".
#[must_use]
pub fn faces(count: usize) -> String {
    match count {
        0 => "no face".to_owned(),
        1 => "1 face".to_owned(),
        many => format!("{many} faces"),
    }
}

/// "expression resembles", or words for a reading that is not to be relied on.
#[must_use]
pub fn verb(is_uncertain: bool) -> &'static str {
    if is_uncertain {
        "uncertain, most like"
    } else {
        "expression resembles"
    }
}

/// "expression resembles happy (82 %)".
#[must_use]
pub fn resembles(label: Expression, probability: f32, is_uncertain: bool) -> String {
    format!(
        "{} {} ({})",
        verb(is_uncertain),
        label.name(),
        percent(probability)
    )
}

/// A difference of probabilities without its sign, as "0.41".
#[must_use]
pub fn points(difference: f32) -> String {
    format!("{:.2}", difference.abs())
}

/// How far the photos are: how many there are, how many are being read, the faces found so far,
/// and the photos that could not be read.
#[must_use]
pub fn progress(photos: usize, working: usize, found: usize, unread: usize) -> String {
    if photos == 0 {
        return "Ready for a photo".to_owned();
    }
    if working > 0 {
        return format!("Reading photo {} of {photos}", photos - working + 1);
    }
    let sentence = match photos {
        1 => format!("{} found", faces(found)),
        _ => format!("{} found in {photos} photos", faces(found)),
    };
    match unread {
        0 => sentence,
        _ => format!("{sentence}; {unread} could not be read"),
    }
}

/// The method behind an occlusion map, with its sizes in pixels of the 48 x 48 picture.
#[must_use]
pub fn method(class: Expression, patch: usize, stride: usize) -> String {
    let class = class.name();
    format!(
        "Occlusion: a square of {patch} × {patch} pixels covers the face at each place, in steps of \
         {stride}. Yellow is where covering lowers the probability of {class}: what is there \
         supports it. Blue is where covering raises it."
    )
}

/// What covering one place of the map does; row and column count from 0.
#[must_use]
pub fn drop_at(class: Expression, [row, column]: [usize; 2], drop: f32) -> String {
    let class = class.name();
    let place = format!("Row {}, column {}", row + 1, column + 1);
    if drop.abs() < 0.005 {
        return format!("{place}: covering it changes {class} by less than 0.01");
    }
    let verb = if drop > 0.0 { "lowers" } else { "raises" };
    format!("{place}: covering it {verb} {class} by {}", points(drop))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_a_person_would_say_them() {
        assert_eq!(percent(0.815), "82 %");
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(megabytes(7_304_518), "7.3 MB");
        assert_eq!([0, 1, 2].map(faces), ["no face", "1 face", "2 faces"]);
    }

    #[test]
    fn progress_counts_what_is_done() {
        assert_eq!(progress(0, 0, 0, 0), "Ready for a photo");
        assert_eq!(progress(3, 2, 1, 0), "Reading photo 2 of 3");
        assert_eq!(progress(1, 0, 0, 0), "no face found");
        assert_eq!(
            progress(3, 0, 4, 1),
            "4 faces found in 3 photos; 1 could not be read"
        );
    }

    #[test]
    fn a_positive_drop_is_support() {
        let happy = |drop| drop_at(Expression::Happy, [0, 2], drop);
        assert_eq!(
            happy(0.41),
            "Row 1, column 3: covering it lowers happy by 0.41"
        );
        assert_eq!(
            happy(-0.1),
            "Row 1, column 3: covering it raises happy by 0.10"
        );
        assert!(happy(0.001).ends_with("less than 0.01"));
    }

    #[test]
    fn a_reading_is_a_resemblance() {
        assert_eq!(
            resembles(Expression::Happy, 0.82, false),
            "expression resembles happy (82 %)"
        );
        assert_eq!(
            resembles(Expression::Sad, 0.31, true),
            "uncertain, most like sad (31 %)"
        );
    }
}
