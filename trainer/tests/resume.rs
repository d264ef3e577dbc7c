//! A run that is interrupted and started again ends as one that is not, and failures leave the
//! last checkpoint intact.
//!
//! One test, because Burn's generator belongs to the process.

mod common;

use burn::tensor::Device;
use mien_engine::nets::StockOps;
use mien_trainer::files::write_atomically;
use mien_trainer::train::{self, CHECKPOINT_FILE, Checkpoint, Job, METRICS_FILE, TrainError};

#[test]
fn an_interrupted_run_ends_with_the_same_weights() {
    let (training, validation) = (common::faces(28), common::faces(9));
    let config = common::config(3);
    let folders = [(); 2].map(|()| tempfile::tempdir().expect("a temporary folder"));
    let job = |folder: usize, stop_after| Job {
        config: &config,
        training: &training,
        validation: &validation,
        out: folders[folder].path(),
        stop_after,
    };
    let run = |job: Job<'_>| train::run(job, &StockOps, &Device::flex(), |_| ());

    let whole = run(job(0, None)).expect("an uninterrupted run");
    let first = run(job(1, Some(1))).expect("the first epoch");
    assert_eq!(first.header.history.len(), 1);
    assert_ne!(first.weights, whole.weights);
    let resumed = run(job(1, None)).expect("the other epochs");

    assert_eq!(whole.weights, resumed.weights);
    assert_eq!(whole.momentum, resumed.momentum);
    assert_eq!(whole.mean, resumed.mean);
    assert_eq!(whole.best, resumed.best);
    assert_eq!(whole.header.best_epoch, resumed.header.best_epoch);
    let metrics = std::fs::read_to_string(folders[1].path().join(METRICS_FILE)).expect("metrics");
    assert_eq!(metrics.lines().count(), 3);

    // Started once more, it has nothing to do.
    assert_eq!(run(job(1, None)).expect("a finished run"), resumed);

    // Other settings or data are not mixed in.
    let mut other = config.clone();
    other.seed += 1;
    let error = run(Job {
        config: &other,
        ..job(1, None)
    });
    assert!(matches!(error, Err(TrainError::OtherSettings { .. })));
    let error = run(Job {
        training: &validation,
        ..job(1, None)
    });
    assert!(matches!(error, Err(TrainError::OtherData { .. })));

    // A damaged checkpoint is recognised.
    let path = folders[1].path().join(CHECKPOINT_FILE);
    let mut bytes = std::fs::read(&path).expect("a checkpoint");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).expect("a writable checkpoint");
    assert!(matches!(run(job(1, None)), Err(TrainError::Checkpoint(_))));

    // A loss that is not a number stops the run and leaves the checkpoint.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut wild = config.clone();
    wild.optimizer.learning_rate = 1e30;
    let error = run(Job {
        config: &wild,
        out: folder.path(),
        ..job(0, None)
    });
    assert!(
        matches!(error, Err(TrainError::Diverged { .. })),
        "{error:?}"
    );
}

#[test]
fn a_folder_that_vanishes_is_reported() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let checkpoint = folder.path().join("missing").join(CHECKPOINT_FILE);
    let state = Checkpoint::load(&checkpoint).expect("no file is no error");
    assert_eq!(state, None);
    let error = write_atomically(&checkpoint, b"x").expect_err("a missing folder");
    assert!(error.to_string().contains("cannot write"), "{error}");
}
