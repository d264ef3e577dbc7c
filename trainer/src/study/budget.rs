//! Every network learns for the same CPU time.

use std::path::Path;

use burn::tensor::Device;

use crate::data::Splits;
use crate::ops::FastOps;
use crate::teacher::SoftLabels;
use crate::train::{
    self, CHECKPOINT_FILE, Checkpoint, Job, Progress, RunConfig, Start, TrainError,
};

/// Epochs that a run has at least: what is chosen on the public test split is one of them. Where the
/// budget ends sooner, an epoch visits a part of the faces.
const LEAST_EPOCHS: usize = 4;

/// What one network learns from, and where its run is kept.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// The settings; how long it learns is found out.
    pub run: &'a RunConfig,
    /// What it begins with, where the settings name something.
    pub start: Option<&'a Start>,
    /// The faces.
    pub splits: &'a Splits,
    /// What a teacher says, where the settings want one.
    pub soft_labels: Option<&'a SoftLabels>,
    /// The existing folder of the run.
    pub out: &'a Path,
    /// CPU-minutes of learning and validating.
    pub minutes: f64,
}

/// Trains until the budget is spent, or goes on where it stopped.
pub fn train(task: Task<'_>, tell: impl FnMut(Progress<'_>)) -> Result<Checkpoint, TrainError> {
    let ops = FastOps {
        precision: task.run.precision,
    };
    let device = Device::flex();
    let job = |config| Job {
        config,
        training: &task.splits.training,
        validation: &task.splits.public_test,
        soft_labels: task.soft_labels,
        start: task.start,
        out: task.out,
        stop_after: None,
    };
    // What was measured at the start decides, also when the machine is slower today.
    let past = Checkpoint::load(&task.out.join(CHECKPOINT_FILE))?;
    let config = if let Some(past) = past {
        RunConfig {
            epochs: past.header.config.epochs,
            epoch_steps: past.header.config.epoch_steps,
            ..task.run.clone()
        }
    } else {
        let costs = train::cost_a_face(job(task.run), &ops, &device)?;
        let faces = [task.splits.training.len(), task.splits.public_test.len()];
        fit(task.run, faces, costs, 60.0 * task.minutes)
    };
    train::run(job(&config), &ops, &device, tell)
}

/// As many epochs as `seconds` are enough for, given the numbers of training and validation faces
/// and what each costs, in seconds.
fn fit(run: &RunConfig, faces: [usize; 2], costs: [f64; 2], seconds: f64) -> RunConfig {
    let [training, validation] = [0, 1].map(|split| faces[split] as f64 * costs[split]);
    let epochs = (seconds / (training + validation)) as usize;
    if epochs >= LEAST_EPOCHS {
        return RunConfig {
            epochs,
            ..run.clone()
        };
    }
    let for_learning = seconds / LEAST_EPOCHS as f64 - validation;
    let steps = (for_learning / (run.batch as f64 * costs[0])) as usize;
    RunConfig {
        epochs: LEAST_EPOCHS,
        epoch_steps: Some(steps.max(1)),
        ..run.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = r#"
        name = "tiny"
        seed = 1
        epochs = 1
        batch = 10
        network = { kind = "student" }
        optimizer = { learning_rate = 0.1, momentum = 0.9 }
    "#;

    #[test]
    fn the_budget_is_spent_on_whole_epochs_where_there_are_enough() {
        let run: RunConfig = toml::from_str(RUN).expect("a valid run");
        let long = fit(&run, [1000, 100], [0.01, 0.01], 60.0);
        assert_eq!((long.epochs, long.epoch_steps), (5, None));
    }

    #[test]
    fn a_small_budget_is_spent_on_parts_of_the_faces() {
        let run: RunConfig = toml::from_str(RUN).expect("a valid run");
        let short = fit(&run, [1000, 100], [0.1, 0.01], 84.0);
        // 21 seconds an epoch, 1 of them for validation; a step takes 1 second.
        assert_eq!((short.epochs, short.epoch_steps), (4, Some(20)));
        let none = fit(&run, [1000, 100], [0.1, 0.1], 1.0);
        assert_eq!(none.epoch_steps, Some(1));
    }
}
