//! A run on the graphics adapter goes the way of the same run on the CPU.

use mien_engine::expression::Expression;
use mien_engine::nets::StockOps;
use mien_trainer::data::{DataSet, FACE_PIXELS};
use mien_trainer::device::{DeviceError, Place};
use mien_trainer::train::{self, Job, RunConfig, Start};

/// Stripes, another direction for each class.
fn faces(count: usize) -> DataSet {
    let mut data = DataSet::default();
    for index in 0..count {
        let label = Expression::FER2013[index % 7];
        let face: Vec<u8> = (0..FACE_PIXELS)
            .map(|i| ((i % 48 * label.index() + i / 48 * (6 - label.index())) * 9 % 256) as u8)
            .collect();
        data.push(&face, label);
    }
    data
}

/// Nothing in it is drawn at random but the fresh weights.
const RUN: &str = r#"
    name = "tiny"
    seed = 1
    epochs = 2
    batch = 8
    network = { kind = "student", channels = [2, 4, 4, 4], dropout = 0.0 }
    optimizer = { learning_rate = 0.05, momentum = 0.9, weight_decay = 1e-3 }
"#;

#[test]
fn a_run_on_the_adapter_goes_the_way_of_the_cpu() {
    let device = match Place::Wgpu.device() {
        Ok(device) => device,
        Err(DeviceError::NoAdapter(error)) => {
            eprintln!("skipped: no GPU adapter ({error})");
            return;
        }
        Err(error) => panic!("{error}"),
    };
    let config: RunConfig = toml::from_str(RUN).expect("a valid run");
    let (training, validation) = (faces(32), faces(7));
    let run = |device, start: Option<&Start>, stop_after| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let job = Job {
            config: &config,
            training: &training,
            validation: &validation,
            soft_labels: None,
            start,
            out: folder.path(),
            stop_after,
        };
        train::run(job, &StockOps, device, |_| ()).expect("a run")
    };
    let cpu = Place::Cpu.device().expect("the CPU");
    // Each device draws its own fresh weights: both runs start from the CPU's.
    let start = Start::Run(Box::new(run(&cpu, None, Some(0))));
    let [on_cpu, on_gpu] = [&cpu, &device].map(|device| run(device, Some(&start), None));
    for (one, other) in on_cpu.header.history.iter().zip(&on_gpu.header.history) {
        assert!(
            (one.train_loss - other.train_loss).abs() < 1e-2,
            "{other:?}"
        );
        assert!(
            (one.valid_loss - other.valid_loss).abs() < 5e-2,
            "{other:?}"
        );
    }
    assert!(on_gpu.header.history[1].train_loss < on_gpu.header.history[0].train_loss);
}
