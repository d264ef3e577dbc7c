//! A batch shared by several devices moves the weights as on one.

mod common;

use burn::tensor::Device;
use mien_engine::nets::NetworkConfig;
use mien_engine::nets::studies::{StudyConfig, System};
use mien_trainer::augment::Augmentation;
use mien_trainer::device::Place;
use mien_trainer::ops::FastOps;
use mien_trainer::train::{self, Checkpoint, Job, RunConfig};

#[test]
fn shares_of_a_batch_add_up() {
    // Neither dropout nor batch norm, which see each share for itself.
    let config = RunConfig {
        network: NetworkConfig::Study(StudyConfig {
            system: System::CapsuleNet,
            classes: 7,
            rgb: false,
            reduce: 1,
        }),
        augmentation: Augmentation::default(),
        ..common::config(1)
    };
    let training = common::faces(24);
    let run = |devices: &[Device]| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let job = Job {
            config: &config,
            training: &training,
            validation: &common::faces(7),
            soft_labels: None,
            start: None,
            out: folder.path(),
            stop_after: None,
        };
        train::run_on(job, &FastOps::default(), devices, |_| ()).expect("a run")
    };
    let [one, two, three] =
        [1, 2, 3].map(|count| run(&Place::Cpu.devices(count).expect("threads")));
    let moved = |other: &Checkpoint| {
        let pairs = one.weights.iter().zip(&other.weights);
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    };
    // Eight faces a batch: halves, then three, three and two.
    for other in [two, three] {
        assert!(moved(&other) < 1e-5, "{}", moved(&other));
        let [a, b] = [&one, &other].map(|run| run.header.history[0].train_loss);
        assert!((a - b).abs() < 1e-5, "{a} and {b}");
    }
}
