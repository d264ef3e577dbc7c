//! The page's words for readings, sizes and failures, in the visitor's language. They say what an
//! expression resembles, never what a person feels.

use mien_app::protocol::{Failure, StopReason};
use mien_engine::expression::Expression;

use crate::i18n::{expression, language, t, tn};

/// "82 %".
pub fn percent(share: f32) -> String {
    language().percent(f64::from(share), 0)
}

/// "66.3 %", for figures that were measured.
pub fn percent_exactly(share: f64) -> String {
    language().percent(share, 1)
}

/// "1.2 MB", in decimal units as browsers count.
pub fn megabytes(bytes: usize) -> String {
    format!("{} MB", language().decimal(bytes as f64 / 1e6, 1))
}

/// "93 kB".
pub fn kilobytes(bytes: usize) -> String {
    format!("{} kB", language().decimal(bytes as f64 / 1e3, 0))
}

/// In the unit that suits it: "93 kB", "1.2 MB".
pub fn bytes(bytes: usize) -> String {
    if bytes < 1_000_000 {
        kilobytes(bytes)
    } else {
        megabytes(bytes)
    }
}

/// A difference of probabilities without its sign, as "0.41".
pub fn points(difference: f32) -> String {
    language().decimal(f64::from(difference.abs()), 2)
}

/// The same with as many decimals as differences up to `limit` ask for, as "0.0023".
pub fn points_within(difference: f32, limit: f32) -> String {
    let decimals = match limit {
        0.1.. => 2,
        0.01.. => 3,
        _ => 5,
    };
    language().decimal(f64::from(difference.abs()), decimals)
}

/// A difference of probabilities with its sign, as "+0.41".
pub fn signed_points(difference: f32) -> String {
    // Nothing has no sign.
    let sign = match (f64::from(difference) * 100.0).round() {
        0.0 => "",
        rounded if rounded < 0.0 => "\u{2212}",
        _ => "+",
    };
    format!("{sign}{}", points(difference))
}

/// "no face", "1 face", "3 faces".
pub fn faces(count: usize) -> String {
    match count {
        0 => t!("words.no_face"),
        _ => tn!("words.faces", count),
    }
}

/// "Face 2".
pub fn face(number: usize) -> String {
    t!("words.face", number = number)
}

/// "expression resembles", or words for a reading that is not to be relied on.
pub fn verb(is_uncertain: bool) -> String {
    if is_uncertain {
        t!("words.uncertain")
    } else {
        t!("words.resembles")
    }
}

/// "expression resembles happy (82 %)".
pub fn resembles(label: Expression, probability: f32, is_uncertain: bool) -> String {
    format!(
        "{} {} ({})",
        verb(is_uncertain),
        expression(label),
        percent(probability)
    )
}

/// Why a picture or a face was not read.
pub fn failure(failure: &Failure) -> String {
    match failure {
        Failure::Cancelled => t!("failure.cancelled"),
        Failure::Unreadable => t!("failure.unreadable"),
        Failure::TooLarge => t!("failure.too_large"),
        Failure::Engine(detail) => t!("failure.engine", detail = detail),
        Failure::Network(reason) => stop_reason(reason),
        Failure::Stopped => t!("failure.stopped"),
    }
}

/// Why the worker stopped, or a network is not to be had.
pub fn stop_reason(reason: &StopReason) -> String {
    match reason {
        StopReason::Fetch { url, detail } => t!("stopped.fetch", url = url, detail = detail),
        StopReason::Model { url, detail } => t!("stopped.model", url = url, detail = detail),
        StopReason::Changed { url } => t!("stopped.changed", url = url),
        StopReason::Script => t!("stopped.script"),
        StopReason::Engine(detail) => t!("stopped.engine", detail = detail),
        StopReason::Crash(detail) => t!("stopped.crash", detail = detail),
        StopReason::Version => t!("stopped.version"),
    }
}
