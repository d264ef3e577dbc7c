//! Progress on stderr; silent where nobody watches.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar over `total` things.
pub fn bar(total: usize, things: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(total as u64).with_message(things);
    match ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg}, {eta} left") {
        Ok(style) => bar.with_style(style),
        // The template is fixed; without it the bar has its usual form.
        Err(_) => bar,
    }
}
