//! The last half minute of one face.

use std::collections::VecDeque;
use std::fmt::Write;

use mien_engine::classify::Probabilities;
use mien_engine::expression::Expression;

/// How far back a time line goes, in seconds.
pub const SPAN_S: f64 = 30.0;

/// Readings closer together than this share one place, the newest staying: more are not seen.
const STEP_S: f64 = 0.1;

/// A longer pause between readings is drawn as a gap.
const GAP_S: f64 = 2.0;

/// The first reading after a gap is drawn from so long before it, so that it is seen.
const LEAD_S: f64 = 0.2;

/// Probabilities over time, the oldest first.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    readings: VecDeque<(f64, Probabilities)>,
}

/// How a class fared over the time line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The newest probability.
    pub now: f32,
    /// The mean over the readings.
    pub mean: f32,
    /// The smallest.
    pub lowest: f32,
    /// The largest.
    pub highest: f32,
}

impl Timeline {
    /// Adds a reading; the time is in seconds, on a clock that goes forward.
    pub fn push(&mut self, time_s: f64, probabilities: Probabilities) {
        let slot = |time_s: f64| (time_s / STEP_S).floor();
        if let Some(last) = self.readings.back_mut()
            && slot(last.0) >= slot(time_s)
        {
            *last = (time_s, probabilities);
        } else {
            self.readings.push_back((time_s, probabilities));
        }
        let is_old = |reading: &(f64, _)| reading.0 < time_s - SPAN_S;
        while self.readings.front().is_some_and(is_old) {
            self.readings.pop_front();
        }
    }

    /// The reading at a position from the oldest, with its time.
    #[must_use]
    pub fn get(&self, position: usize) -> Option<(f64, Probabilities)> {
        self.readings.get(position).copied()
    }

    /// How many readings there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.readings.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.readings.is_empty()
    }

    /// When the time line ends: its newest reading's time in seconds.
    #[must_use]
    pub fn end_s(&self) -> f64 {
        self.readings.back().map_or(0.0, |last| last.0)
    }

    /// The position of the reading nearest to a time.
    #[must_use]
    pub fn nearest(&self, time_s: f64) -> Option<usize> {
        let distance = |position: &usize| (self.readings[*position].0 - time_s).abs();
        (0..self.len()).min_by(|one, other| distance(one).total_cmp(&distance(other)))
    }

    /// The area under a class's curve as an SVG path: x in seconds from 0 to [`SPAN_S`], the
    /// newest reading at the end; y from 0 (certain) to 1 (impossible).
    #[must_use]
    pub fn area(&self, class: Expression) -> String {
        let start_s = self.end_s() - SPAN_S;
        let mut path = String::new();
        let mut last_x = None;
        for (time_s, probabilities) in &self.readings {
            let x = time_s - start_s;
            let y = 1.0 - probabilities[class.index()];
            // Writing to a string does not fail.
            let _ = match last_x {
                Some(last) if x - last <= GAP_S => write!(path, "L{x:.1} {y:.3}"),
                last => {
                    if let Some(last) = last {
                        let _ = write!(path, "L{last:.1} 1Z");
                    }
                    let start = x - LEAD_S;
                    write!(path, "M{start:.1} 1L{start:.1} {y:.3}L{x:.1} {y:.3}")
                }
            };
            last_x = Some(x);
        }
        if let Some(last) = last_x {
            let _ = write!(path, "L{last:.1} 1Z");
        }
        path
    }

    /// How a class fared; nothing without readings.
    #[must_use]
    pub fn spread(&self, class: Expression) -> Option<Spread> {
        let values = || self.readings.iter().map(|(_, p)| p[class.index()]);
        let now = values().next_back()?;
        Some(Spread {
            now,
            mean: values().sum::<f32>() / self.len() as f32,
            lowest: values().fold(now, f32::min),
            highest: values().fold(now, f32::max),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn happy(value: f32) -> Probabilities {
        let mut probabilities = Probabilities::default();
        probabilities[Expression::Happy.index()] = value;
        probabilities
    }

    fn timeline(readings: &[(f64, f32)]) -> Timeline {
        let mut timeline = Timeline::default();
        for &(time_s, value) in readings {
            timeline.push(time_s, happy(value));
        }
        timeline
    }

    #[test]
    fn it_keeps_half_a_minute_and_ten_readings_a_second() {
        let mut timeline = Timeline::default();
        for frame in 0..60 * 100 {
            timeline.push(f64::from(frame) / 60.0, happy(0.5));
        }
        assert!((300..=302).contains(&timeline.len()), "{}", timeline.len());
        assert!((timeline.end_s() - 99.98).abs() < 0.01);
        let first = timeline.get(0).map(|(time_s, _)| time_s);
        assert!(first.is_some_and(|time_s| time_s >= timeline.end_s() - SPAN_S));
    }

    #[test]
    fn the_area_ends_at_the_right_and_breaks_at_gaps() {
        let timeline = timeline(&[(10.0, 0.25), (10.5, 0.5), (20.0, 1.0)]);
        assert_eq!(
            timeline.area(Expression::Happy),
            "M19.8 1L19.8 0.750L20.0 0.750L20.5 0.500L20.5 1ZM29.8 1L29.8 0.000L30.0 0.000L30.0 1Z"
        );
        assert_eq!(Timeline::default().area(Expression::Happy), "");
    }

    #[test]
    fn the_spread_and_the_nearest_reading_are_found() {
        let timeline = timeline(&[(1.0, 0.2), (2.0, 0.9), (3.0, 0.4)]);
        let spread = timeline.spread(Expression::Happy).expect("readings");
        assert_eq!((spread.now, spread.lowest, spread.highest), (0.4, 0.2, 0.9));
        assert!((spread.mean - 0.5).abs() < 1e-6);
        assert_eq!(timeline.nearest(1.6), Some(1));
        assert_eq!(Timeline::default().nearest(0.0), None);
        assert_eq!(Timeline::default().spread(Expression::Sad), None);
    }
}
