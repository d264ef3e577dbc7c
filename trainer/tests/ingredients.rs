//! Every optimiser, schedule and other ingredient of a run: interrupted and started again, it ends as
//! if it had not been; and each does what its name says.
//!
//! One test, because Burn's generator belongs to the process.

mod common;

use std::path::Path;

use burn::tensor::Device;
use mien_engine::nets::StockOps;
use mien_trainer::data::{DataConfig, DataSet, Labels};
use mien_trainer::train::{
    self, Balance, Checkpoint, Job, Mixing, OneCycleSchedule, OptimizerKind, PlateauSchedule,
    RunConfig, Schedule, StepSchedule, TrainError,
};

fn run(
    config: &RunConfig,
    training: &DataSet,
    out: &Path,
    stop_after: Option<usize>,
) -> Result<Checkpoint, TrainError> {
    let job = Job {
        config,
        training,
        validation: &common::faces(9),
        soft_labels: None,
        start: None,
        out,
        stop_after,
    };
    train::run(job, &StockOps, &Device::flex(), |_| ())
}

/// Tiny runs, each with something of its own.
fn runs() -> Vec<(&'static str, RunConfig)> {
    let change = |name, change: fn(&mut RunConfig)| {
        let mut config = common::config(3);
        change(&mut config);
        (name, config)
    };
    vec![
        change("Adam", |run| {
            run.optimizer.kind = OptimizerKind::Adam;
            run.optimizer.learning_rate = 1e-3;
        }),
        change("AdamW, clipped", |run| {
            run.optimizer.kind = OptimizerKind::AdamW;
            run.optimizer.learning_rate = 1e-3;
            run.optimizer.clip_norm = Some(0.1);
        }),
        change("steps", |run| {
            let epochs = vec![1, 2];
            run.schedule = Schedule::Step(StepSchedule {
                epochs,
                factor: 0.3,
            });
        }),
        change("plateau", |run| {
            run.schedule = Schedule::Plateau(PlateauSchedule {
                factor: 0.5,
                patience: 0,
            });
        }),
        change("one cycle", |run| {
            run.schedule = Schedule::OneCycle(OneCycleSchedule {
                rise: 0.3,
                low_momentum: 0.8,
            });
        }),
        change("mixing", |run| {
            run.mixing = Mixing {
                mixup: 0.4,
                cutmix: 1.0,
            };
        }),
        change("balance", |run| {
            run.balance = Balance {
                weights: 0.5,
                sampling: 1.0,
            };
        }),
        change("frozen", |run| run.freeze = vec!["stem".to_owned()]),
    ]
}

#[test]
fn every_ingredient_survives_an_interruption() {
    let training = common::faces(28);
    let folder = || tempfile::tempdir().expect("a temporary folder");
    let plain = run(&common::config(3), &training, folder().path(), None).expect("a run");
    for (name, config) in runs() {
        config.check().expect(name);
        let (whole, parts) = (folder(), folder());
        let whole = run(&config, &training, whole.path(), None).expect(name);
        for stop_after in [1, 2, 3] {
            run(&config, &training, parts.path(), Some(stop_after)).expect(name);
        }
        let path = parts.path().join(train::CHECKPOINT_FILE);
        let resumed = Checkpoint::load(&path).expect(name).expect(name);
        assert!(whole.weights == resumed.weights, "{name}");
        assert!(whole.momentum == resumed.momentum, "{name}");
        assert!(whole.squares == resumed.squares, "{name}");
        assert!(whole.best == resumed.best, "{name}");
        assert!(whole.weights != plain.weights, "{name} does nothing");
        assert!(
            whole.weights.iter().all(|weight| weight.is_finite()),
            "{name}"
        );
    }

    // A frozen layer keeps its fresh weights, batch norm and all; the others do not.
    let mut frozen = common::config(1);
    frozen.freeze = vec!["stem".to_owned()];
    let first = run(&frozen, &training, folder().path(), Some(0)).expect("no epoch");
    let last = run(&frozen, &training, folder().path(), None).expect("an epoch");
    // Two channels: nine weights each, then gamma, beta, running mean and variance.
    let stem = 2 * 9 + 4 * 2;
    assert_eq!(first.weights[..stem], last.weights[..stem]);
    assert_ne!(first.weights[stem..], last.weights[stem..]);
    frozen.freeze = vec!["steam".to_owned()];
    let error = run(&frozen, &training, folder().path(), None).expect_err("no such layer");
    assert!(error.to_string().contains("stem"), "{error}");

    // Without progress a run ends early, and has nothing to do when started again.
    let mut patient = common::config(9);
    patient.optimizer.learning_rate = 1e-9;
    patient.optimizer.warmup_epochs = 0.0;
    patient.early_stopping = Some(2);
    let place = folder();
    let ended = run(&patient, &training, place.path(), None).expect("a short run");
    assert_eq!(ended.header.history.len(), ended.header.best_epoch + 2);
    assert!(ended.header.history.len() < 9);
    let again = run(&patient, &training, place.path(), None).expect("a finished run");
    assert!(again.weights == ended.weights, "it went on");

    // Shares of votes are learned from like labels, and are part of the data.
    let mut shares = DataSet::default();
    for index in 0..28 {
        let mut votes = [0.0; 8];
        votes[index % 7] = 0.75;
        votes[7] = 0.25;
        shares.push_distribution(training.face(index), votes);
    }
    let mut voted = common::config(1);
    let mien_engine::nets::NetworkConfig::Student(student) = &mut voted.network else {
        panic!("the tiny run trains a student");
    };
    student.classes = 8;
    voted.data = DataConfig {
        labels: Labels::FerPlusDistribution,
        ..DataConfig::default()
    };
    let state = run(&voted, &shares, folder().path(), None).expect("a run on votes");
    assert_ne!(state.header.data, plain.header.data);
}
