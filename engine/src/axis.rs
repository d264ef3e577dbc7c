//! Axes of diagrams: where they end, and where their lines lie.

/// The multiples of a step next to all values: the last at or below them and the first at or above
/// them, at least a step apart.
#[must_use]
pub fn ends(values: impl Iterator<Item = f64>, step: f64) -> [f64; 2] {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in values {
        low = low.min(value);
        high = high.max(value);
    }
    let low = (low / step).floor() * step;
    [low, ((high / step).ceil() * step).max(low + step)]
}

/// From one end to the other, step by step.
pub fn ticks([low, high]: [f64; 2], step: f64) -> impl Iterator<Item = f64> {
    let count = ((high - low) / step).round() as usize;
    (0..=count).map(move |tick| low + tick as f64 * step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_around_its_values() {
        let around =
            |values: &[f64], step| ends(values.iter().copied(), step).map(|end| end as i64);
        assert_eq!(around(&[41.0, 49.9], 5.0), [40, 50]);
        // A single value on a step still has an axis with a length.
        assert_eq!(around(&[2.0], 1.0), [2, 3]);
    }

    #[test]
    fn ticks_go_from_end_to_end() {
        let ticks: Vec<_> = ticks([40.0, 50.0], 5.0).map(|tick| tick as i64).collect();
        assert_eq!(ticks, [40, 45, 50]);
    }
}
