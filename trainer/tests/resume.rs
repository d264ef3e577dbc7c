//! A run that is interrupted and started again ends as one that is not, and failures leave the
//! last checkpoint intact.
//!
//! One test, because Burn's generator belongs to the process.

mod common;

use burn::tensor::Device;
use std::path::Path;

use mien_engine::nets::StockOps;
use mien_trainer::augment::Augmentation;
use mien_trainer::data::DataSet;
use mien_trainer::files::write_atomically;
use mien_trainer::teacher::{SoftHeader, SoftLabels, SoftLabelsError};
use mien_trainer::train::{
    self, CHECKPOINT_FILE, Checkpoint, Distillation, Job, METRICS_FILE, RunConfig, Start,
    TrainError,
};

#[test]
fn an_interrupted_run_ends_with_the_same_weights() {
    let (training, validation) = (common::faces(28), common::faces(9));
    let config = common::config(3);
    let folders = [(); 2].map(|()| tempfile::tempdir().expect("a temporary folder"));
    let job = |folder: usize, stop_after| Job {
        config: &config,
        training: &training,
        validation: &validation,
        soft_labels: None,
        start: None,
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

    learning_from_a_teacher_is_resumed_as_well(&training, &validation, &whole);

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

fn learning_from_a_teacher_is_resumed_as_well(
    training: &DataSet,
    validation: &DataSet,
    start: &Checkpoint,
) {
    const VIEWS: usize = 2;
    let mut soft_labels = SoftLabels::new(SoftHeader {
        name: "teacher".to_owned(),
        views: VIEWS,
        faces: training.len(),
        classes: 7,
        seed: 3,
        augmentation: Augmentation {
            rotation: 10.0,
            ..Augmentation::default()
        },
        data: train::fingerprint(&[training]),
        members: Vec::new(),
    });
    for _ in 0..VIEWS * training.len() {
        soft_labels.extend(&[0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]);
    }
    let config = RunConfig {
        distillation: Some(Distillation {
            labels: "labels".into(),
            temperature: 2.0,
            weight: 0.7,
        }),
        ..common::config(2)
    };
    let run = |folder: &Path, stop_after, soft_labels, start| {
        let job = Job {
            config: &config,
            training,
            validation,
            soft_labels,
            start,
            out: folder,
            stop_after,
        };
        train::run(job, &StockOps, &Device::flex(), |_| ())
    };
    let folders = [(); 4].map(|()| tempfile::tempdir().expect("a temporary folder"));
    let [one, two, three, four] = [0, 1, 2, 3].map(|index| folders[index].path());
    let start = Start::Run(Box::new(start.clone()));
    let (labels, start) = (Some(&soft_labels), Some(&start));

    let whole = run(one, None, labels, start).expect("an uninterrupted run");
    run(two, Some(1), labels, start).expect("the first epoch");
    let resumed = run(two, None, labels, start).expect("the second epoch");
    assert_eq!(whole.weights, resumed.weights);

    // Where it starts, and what it is told, make a difference.
    let afresh = run(three, None, labels, None).expect("a run from fresh weights");
    assert_ne!(whole.weights, afresh.weights);
    let untold = run(four, None, None, start).expect("a run without a teacher");
    assert_ne!(whole.weights, untold.weights);

    // A teacher of other faces is refused.
    let job = Job {
        config: &config,
        training: validation,
        validation,
        soft_labels: labels,
        start: None,
        out: three,
        stop_after: None,
    };
    let error = train::run(job, &StockOps, &Device::flex(), |_| ());
    assert!(matches!(
        error,
        Err(TrainError::SoftLabels(SoftLabelsError::OtherData))
    ));
}
