//! How fast frames go through.

/// Milliseconds of each step of one frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stages {
    /// From the browser's video to the pixels that the worker searches, both ways between page and
    /// worker included.
    pub transfer: f64,
    /// Finding the faces.
    pub detect: f64,
    /// Cutting the faces out and classifying them.
    pub classify: f64,
    /// Bringing the page up to date.
    pub draw: f64,
}

impl Stages {
    /// The steps with their names, in order.
    #[must_use]
    pub fn named(&self) -> [(&'static str, f64); 4] {
        [
            ("transfer", self.transfer),
            ("detect", self.detect),
            ("classify", self.classify),
            ("draw", self.draw),
        ]
    }
}

/// Frames a second and the mean of the stages, over spans long enough to be read.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    frames: u32,
    sums: Stages,
    since_ms: Option<f64>,
}

/// How long a span is.
const SPAN_MS: f64 = 500.0;

impl Pace {
    /// Takes a frame that was done at `now_ms`, on any clock. After each span gives its frames a
    /// second and mean stages.
    pub fn take(&mut self, now_ms: f64, stages: &Stages) -> Option<(f64, Stages)> {
        let Some(since_ms) = self.since_ms else {
            // The span begins where the first frame ends, so that its own time counts for nothing.
            self.since_ms = Some(now_ms);
            return None;
        };
        self.frames += 1;
        self.sums = Stages {
            transfer: self.sums.transfer + stages.transfer,
            detect: self.sums.detect + stages.detect,
            classify: self.sums.classify + stages.classify,
            draw: self.sums.draw + stages.draw,
        };
        let elapsed_ms = now_ms - since_ms;
        if elapsed_ms < SPAN_MS {
            return None;
        }
        let count = f64::from(self.frames);
        let mean = Stages {
            transfer: self.sums.transfer / count,
            detect: self.sums.detect / count,
            classify: self.sums.classify / count,
            draw: self.sums.draw / count,
        };
        *self = Self {
            since_ms: Some(now_ms),
            ..Self::default()
        };
        Some((1000.0 * count / elapsed_ms, mean))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_every_fifty_milliseconds_is_twenty_a_second() {
        let mut pace = Pace::default();
        let stages = |detect| Stages {
            detect,
            ..Stages::default()
        };
        let told: Vec<_> = (0..=20)
            .filter_map(|frame| pace.take(50.0 * f64::from(frame), &stages(f64::from(frame % 2))))
            .collect();
        assert_eq!(told, [(20.0, stages(0.5)), (20.0, stages(0.5))]);
    }
}
