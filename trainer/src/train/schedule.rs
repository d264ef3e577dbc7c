//! How the learning rate changes during a run.

use serde::{Deserialize, Serialize};

use super::checkpoint::EpochRecord;
use super::config::RunConfig;

/// What a step moves the weights by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// The learning rate.
    pub learning_rate: f64,
    /// Share of the last step that is kept.
    pub momentum: f64,
}

/// How the learning rate changes after its rise, during `optimizer.warmup_epochs`, to
/// `optimizer.learning_rate`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Schedule {
    /// It stays, and falls along a half cosine to zero in the last `optimizer.decay_epochs`; in all
    /// epochs after the rise if these are not given (Loshchilov and Hutter 2017, "SGDR").
    #[default]
    Cosine,
    /// It falls at the end of given epochs.
    Step(StepSchedule),
    /// It falls when the loss over the validation faces has not fallen for a while.
    Plateau(PlateauSchedule),
    /// It rises and falls once, while momentum falls and rises; `optimizer.warmup_epochs` does not
    /// count.
    OneCycle(OneCycleSchedule),
}

/// Settings of [`Schedule::Step`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepSchedule {
    /// After which epochs it falls.
    pub epochs: Vec<usize>,
    /// What is left of it each time, as a share.
    pub factor: f64,
}

/// Settings of [`Schedule::Plateau`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlateauSchedule {
    /// What is left of it each time, as a share.
    pub factor: f64,
    /// So many epochs without a new least loss are borne; one more makes it fall.
    pub patience: usize,
}

/// Settings of [`Schedule::OneCycle`] (Smith and Topin 2019, "Super-convergence"): a line from 1/25
/// of the highest rate up to it, then a half cosine down to 1/250,000 of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneCycleSchedule {
    /// Share of the run during which it rises.
    pub rise: f64,
    /// Momentum at the highest rate; `optimizer.momentum` is that of both ends.
    pub low_momentum: f64,
}

/// The first rate of a one-cycle run is the highest divided by this.
const ONE_CYCLE_START: f64 = 25.0;
/// The last rate of a one-cycle run is the first divided by this.
const ONE_CYCLE_END: f64 = 1e4;

impl Schedule {
    /// The settings with their ranges, and whether they keep to them.
    pub(super) fn checks(&self) -> Vec<(&'static str, &'static str, bool)> {
        let share = |value: f64| value > 0.0 && value < 1.0;
        match self {
            Self::Cosine => Vec::new(),
            Self::Step(StepSchedule { epochs, factor }) => vec![
                ("schedule.epochs", "in rising order", epochs.is_sorted()),
                ("schedule.factor", "above 0 and below 1", share(*factor)),
            ],
            Self::Plateau(PlateauSchedule { factor, .. }) => {
                vec![("schedule.factor", "above 0 and below 1", share(*factor))]
            }
            Self::OneCycle(OneCycleSchedule { rise, low_momentum }) => vec![
                ("schedule.rise", "above 0 and below 1", share(*rise)),
                (
                    "schedule.low_momentum",
                    "from 0 to below 1",
                    (0.0..1.0).contains(low_momentum),
                ),
            ],
        }
    }

    /// What a step moves the weights by: `step` counts from 0 over the whole run, `history` are the
    /// epochs before the step's own.
    #[must_use]
    pub fn rates(
        config: &RunConfig,
        step: usize,
        steps_per_epoch: usize,
        history: &[EpochRecord],
    ) -> Rates {
        let peak = config.optimizer.learning_rate;
        let momentum = config.optimizer.momentum;
        let at = |learning_rate| Rates {
            learning_rate,
            momentum,
        };
        match &config.schedule {
            Self::Cosine => at(config.learning_rate(step, steps_per_epoch)),
            Self::OneCycle(cycle) => {
                let steps = config.epochs * steps_per_epoch;
                cycle.rates(peak, momentum, step as f64 / steps as f64)
            }
            Self::Step(schedule) => {
                let rise = config.rise(step, steps_per_epoch).unwrap_or(1.0);
                at(peak * rise * schedule.left(step / steps_per_epoch))
            }
            Self::Plateau(schedule) => {
                let rise = config.rise(step, steps_per_epoch).unwrap_or(1.0);
                at(peak * rise * schedule.left(history))
            }
        }
    }
}

impl StepSchedule {
    /// The share that is left after so many epochs.
    fn left(&self, epochs: usize) -> f64 {
        let falls = self.epochs.iter().filter(|&&epoch| epoch <= epochs);
        falls.map(|_| self.factor).product()
    }
}

impl PlateauSchedule {
    /// The share that is left after these epochs. Follows from them alone, so that nothing more
    /// has to be kept for a resumed run.
    fn left(&self, history: &[EpochRecord]) -> f64 {
        let (mut least, mut waited, mut left) = (f64::INFINITY, 0, 1.0);
        for record in history {
            if record.valid_loss < least {
                least = record.valid_loss;
                waited = 0;
            } else {
                waited += 1;
            }
            if waited > self.patience {
                left *= self.factor;
                waited = 0;
            }
        }
        left
    }
}

impl OneCycleSchedule {
    /// The rates at a place of the run from 0 to 1.
    fn rates(&self, peak: f64, momentum: f64, place: f64) -> Rates {
        let start = peak / ONE_CYCLE_START;
        let end = start / ONE_CYCLE_END;
        let between = |from: f64, to: f64, part: f64| from + (to - from) * part;
        if place < self.rise {
            let part = place / self.rise;
            return Rates {
                learning_rate: between(start, peak, part),
                momentum: between(momentum, self.low_momentum, part),
            };
        }
        let part = (place - self.rise) / (1.0 - self.rise);
        let part = 0.5 - 0.5 * (std::f64::consts::PI * part).cos();
        Rates {
            learning_rate: between(peak, end, part),
            momentum: between(self.low_momentum, momentum, part),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12, "{a} is not {b}");
    }

    fn record(epoch: usize, valid_loss: f64) -> EpochRecord {
        EpochRecord {
            epoch,
            learning_rate: 0.1,
            train_loss: 1.0,
            train_accuracy: 0.5,
            valid_loss,
            valid_accuracy: 0.5,
            seconds: 1.0,
            cpu_seconds: 1.0,
            loading_seconds: 0.0,
        }
    }

    #[test]
    fn steps_fall_after_their_epochs() {
        let schedule = StepSchedule {
            epochs: vec![2, 5],
            factor: 0.1,
        };
        let left: Vec<f64> = (0..7).map(|epochs| schedule.left(epochs)).collect();
        for (left, expected) in left.iter().zip([1.0, 1.0, 0.1, 0.1, 0.1, 0.01, 0.01]) {
            assert_close(*left, expected);
        }
    }

    #[test]
    fn a_plateau_is_waited_for() {
        let schedule = PlateauSchedule {
            factor: 0.5,
            patience: 1,
        };
        let losses = [2.0, 1.5, 1.6, 1.5, 1.4, 1.4, 1.4, 1.4, 1.4];
        let history: Vec<_> = (1..).zip(losses).map(|(n, loss)| record(n, loss)).collect();
        let left: Vec<f64> = (0..=history.len())
            .map(|epochs| schedule.left(&history[..epochs]))
            .collect();
        let expected = [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125];
        for (left, expected) in left.iter().zip(expected) {
            assert_close(*left, expected);
        }
    }

    #[test]
    fn one_cycle_rises_and_falls() {
        let cycle = OneCycleSchedule {
            rise: 0.25,
            low_momentum: 0.85,
        };
        let rates = |place| cycle.rates(0.5, 0.95, place);
        assert_close(rates(0.0).learning_rate, 0.02);
        assert_close(rates(0.25).learning_rate, 0.5);
        assert_close(rates(1.0).learning_rate, 2e-6);
        assert_close(rates(0.25).momentum, 0.85);
        assert_close(rates(1.0).momentum, 0.95);
        let falling: Vec<f64> = (25..=100)
            .map(|percent| rates(f64::from(percent) / 100.0).learning_rate)
            .collect();
        assert!(falling.is_sorted_by(|one, other| one > other));
    }
}
