//! The page's words for readings, sizes and shares. They say what an expression resembles, never
//! what a person feels.

use mien_engine::expression::Expression;

/// "82 %".
#[must_use]
pub fn percent(share: f32) -> String {
    format!("{:.0} %", share * 100.0)
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

/// "expression resembles happy (82 %)".
#[must_use]
pub fn resembles(label: Expression, probability: f32) -> String {
    format!(
        "expression resembles {} ({})",
        label.name(),
        percent(probability)
    )
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
    fn a_reading_is_a_resemblance() {
        assert_eq!(
            resembles(Expression::Happy, 0.82),
            "expression resembles happy (82 %)"
        );
    }
}
