//! What can go wrong during a run: a message that says what to do, status 1, and the last good
//! checkpoint intact.

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

use burn::nn::conv::Conv2d;
use burn::tensor::{Device, Tensor};
use mien_engine::nets::{Ops, StockOps};
use mien_trainer::files::{FolderLock, LockError};
use mien_trainer::train::{self, CHECKPOINT_FILE, Checkpoint, Job, TrainError};

/// Burn's own operations, until they have been asked so many times for a convolution: from then on
/// their results are no numbers.
struct Poisoned {
    left: AtomicUsize,
}

impl Ops for Poisoned {
    fn conv2d(&self, conv: &Conv2d, input: Tensor<4>) -> Tensor<4> {
        let output = StockOps.conv2d(conv, input);
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 {
            return output.mul_scalar(f32::NAN);
        }
        self.left.store(left - 1, Ordering::Relaxed);
        output
    }
}

#[test]
fn a_loss_that_is_no_number_and_a_second_run_leave_the_checkpoint() {
    let (training, validation) = (common::faces(28), common::faces(9));
    let config = common::config(3);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let job = Job {
        config: &config,
        training: &training,
        validation: &validation,
        soft_labels: None,
        start: None,
        out: folder.path(),
        stop_after: Some(1),
    };
    let device = Device::flex();
    let first = train::run(job, &StockOps, &device, |_| ()).expect("an epoch");
    let path = folder.path().join(CHECKPOINT_FILE);

    let whole = Job {
        stop_after: None,
        ..job
    };
    let poisoned = Poisoned {
        left: AtomicUsize::new(20),
    };
    let error = train::run(whole, &poisoned, &device, |_| ()).expect_err("no number");
    assert!(
        matches!(error, TrainError::Diverged { epoch: 2, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("learning_rate"), "{error}");
    let kept = Checkpoint::load(&path).expect("an intact checkpoint");
    assert_eq!(kept.as_ref(), Some(&first));

    // While somebody works in the folder, nobody else does.
    let lock = FolderLock::new(folder.path()).expect("a free folder");
    let error = train::run(whole, &StockOps, &device, |_| ()).expect_err("a locked folder");
    assert!(
        matches!(error, TrainError::Busy(LockError::Busy { .. })),
        "{error}"
    );
    assert_eq!(Checkpoint::load(&path).expect("an intact checkpoint"), kept);
    drop(lock);
    let last = train::run(whole, &StockOps, &device, |_| ()).expect("the other epochs");
    assert_eq!(last.header.history.len(), 3);
}

/// A tiny run and its data in a folder.
#[cfg(unix)]
fn set_up(folder: &Path) -> [String; 2] {
    let [run, data] = ["tiny.toml", "tiny.csv"].map(|name| folder.join(name));
    let text = toml::to_string(&common::config(3)).expect("settings are plain");
    fs::write(&run, text).expect("a writable folder");
    let splits = mien_trainer::data::Splits {
        training: common::faces(56),
        public_test: common::faces(14),
        ..Default::default()
    };
    mien_trainer::data::write_fer2013(&data, &splits).expect("a writable folder");
    [run, data].map(|path| path.display().to_string())
}

/// A shell script's output; `$0` is the program.
#[cfg(unix)]
fn shell(script: &str, arguments: &[&str]) -> Output {
    Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_mien")])
        .args(arguments)
        .env_remove("FER2013_CSV")
        .output()
        .expect("a shell")
}

/// The limit on a file's size stands for a full disk: both make writing fail half-way.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_checkpoint() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [run, data] = set_up(folder.path());
    let out = folder.path().join("out").display().to_string();
    let arguments = ["train", &run, "--data", &data, "--out", &out];
    let path = Path::new(&out).join(CHECKPOINT_FILE);

    let mut first = arguments.to_vec();
    first.extend(["--stop-after", "1"]);
    assert!(shell("exec \"$0\" \"$@\"", &first).status.success());
    let good = fs::read(&path).expect("a checkpoint");

    // Files may have one block of 512 or 1024 bytes: less than a checkpoint, as much as a message.
    let full = shell("trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"", &arguments);
    let stderr = String::from_utf8_lossy(&full.stderr);
    assert_eq!(full.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("free disk space"), "{stderr}");
    assert_eq!(fs::read(&path).expect("a checkpoint"), good);
    let left: Vec<_> = fs::read_dir(&out)
        .expect("the run's folder")
        .map(|entry| entry.expect("an entry").file_name())
        .filter(|name| name.to_string_lossy().starts_with(".tmp"))
        .collect();
    assert_eq!(left, [] as [std::ffi::OsString; 0], "half-written files");

    assert!(shell("exec \"$0\" \"$@\"", &arguments).status.success());
    let state = Checkpoint::load(&path).expect("an intact checkpoint");
    assert_eq!(state.map(|state| state.header.history.len()), Some(3));
}

#[cfg(unix)]
#[test]
fn unreadable_data_are_reported_before_anything_is_written() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [run, data] = set_up(folder.path());
    let out = folder.path().join("out").display().to_string();
    let text = fs::read_to_string(&data).expect("the data");
    fs::write(&data, text.replacen("Training", "Trainin", 1)).expect("a writable folder");
    for (data, message) in [
        (data.as_str(), "line 2"),
        ("missing.csv", "cannot read missing.csv"),
    ] {
        let arguments = ["train", &run, "--data", data, "--out", &out];
        let output = shell("exec \"$0\" \"$@\"", &arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains(message), "{stderr}");
        assert!(!Path::new(&out).join(CHECKPOINT_FILE).exists());
    }
}
