//! The command line's exit status, messages and files.

mod common;

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use burn::tensor::Device;
use mien_engine::nets::studies::{StudyConfig, System};
use mien_engine::nets::{NetworkConfig, NetworkFile};
use mien_trainer::data::DataSet;
use mien_trainer::train::{CHECKPOINT_FILE, Checkpoint, Distillation, METRICS_FILE, RunConfig};
use serde_json::Value;

fn mien(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mien"));
    command.args(arguments).env_remove("FER2013_CSV");
    command
}

fn output(arguments: &[&str]) -> Output {
    mien(arguments).output().expect("the program starts")
}

fn path_text(path: &Path) -> &str {
    path.to_str().expect("temporary folders have plain names")
}

#[test]
fn what_the_user_can_mend_gives_status_1_and_a_message() {
    let here = tempfile::tempdir().expect("a temporary folder");
    let missing = here.path().join("missing");
    let missing = path_text(&missing);
    for (arguments, message) in [
        (vec!["frobnicate"], "unrecognized subcommand"),
        (vec!["evaluate"], "--data"),
        (vec!["evaluate", "--data", missing], "cannot read"),
        (
            vec!["evaluate", "--data", path_text(here.path())],
            "subfolder named angry",
        ),
        (
            vec!["evaluate", "--data", missing, "--split", "test"],
            "there is no split",
        ),
        (vec!["inspect", missing], "there is no model"),
        (
            vec!["train", missing, "--data", missing],
            "cannot read the run",
        ),
        (
            vec!["export", missing, "--out", missing],
            "there is no model",
        ),
    ] {
        let output = output(&arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {stderr}");
        assert!(stderr.contains(message), "{arguments:?}: {stderr}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn help_and_version_succeed() {
    for arguments in [["--help"], ["--version"]] {
        let output = output(&arguments);
        assert_eq!(output.status.code(), Some(0));
        assert!(!output.stdout.is_empty());
    }
}

#[test]
fn inspect_describes_the_default_model() {
    let output = output(&["inspect", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["sha256"], report["card"]["file"]["sha256"]);
    assert_eq!(report["bytes"], report["card"]["file"]["bytes"]);
    assert_eq!(report["parameters"], report["card"]["parameters"]);
    assert_eq!(report["macs"], report["card"]["macs"]);
    let layers = report["layers"].as_array().expect("a list");
    let sum: u64 = layers
        .iter()
        .filter_map(|layer| layer["macs"].as_u64())
        .sum();
    assert_eq!(report["macs"].as_u64(), Some(sum));
}

/// The faces as FER2013 writes them.
fn csv(training: &DataSet, public_test: &DataSet) -> String {
    let mut text = "emotion,pixels,Usage\n".to_owned();
    for (data, usage) in [(training, "Training"), (public_test, "PublicTest")] {
        for (index, label) in data.labels().iter().enumerate() {
            let pixels: Vec<String> = data.face(index).iter().map(u8::to_string).collect();
            writeln!(text, "{},{},{usage}", label.index(), pixels.join(" ")).expect("a string");
        }
    }
    text
}

/// A tiny run and its data in a folder.
fn set_up(folder: &Path, epochs: usize) -> (String, String) {
    let run = folder.join("tiny.toml");
    let data = folder.join("tiny.csv");
    let text = toml::to_string(&common::config(epochs)).expect("settings are plain");
    std::fs::write(&run, text).expect("a writable folder");
    let csv = csv(&common::faces(210), &common::faces(21));
    std::fs::write(&data, csv).expect("a writable folder");
    (path_text(&run).to_owned(), path_text(&data).to_owned())
}

#[test]
fn a_run_killed_at_any_moment_ends_with_the_same_weights() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (run, data) = set_up(folder.path(), 4);
    let out = |name: &str| path_text(&folder.path().join(name)).to_owned();
    let whole = out("whole");
    let output = output(&["train", &run, "--data", &data, "--out", &whole]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let header: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(header["history"].as_array().map(Vec::len), Some(4));

    // Killed again and again, a little later each time, until it gets through.
    let killed = out("killed");
    let mut patience = Duration::from_millis(20);
    loop {
        let mut child = mien(&["train", &run, "--data", &data, "--out", &killed])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        std::thread::sleep(patience);
        patience += Duration::from_millis(20);
        if let Some(status) = child.try_wait().expect("a child") {
            assert_eq!(status.code(), Some(0));
            break;
        }
        child.kill().expect("a running child");
        child.wait().expect("a killed child");
    }
    let load = |folder: &str| {
        Checkpoint::load(&Path::new(folder).join(CHECKPOINT_FILE))
            .expect("an intact checkpoint")
            .expect("a checkpoint")
    };
    let (whole, killed) = (load(&whole), load(&killed));
    assert_eq!(whole.weights, killed.weights);
    assert_eq!(whole.momentum, killed.momentum);
    assert_eq!(whole.best, killed.best);
}

#[test]
fn a_run_goes_on_without_what_it_started_from() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (first, data) = set_up(folder.path(), 1);
    let file = |name: &str| path_text(&folder.path().join(name)).to_owned();
    let train = |run: &str, out: &str, more: &[&str]| {
        let args = ["train", run, "--data", &data, "--out", &file(out)];
        output(&[&args, more].concat()).status.code()
    };
    assert_eq!(train(&first, "first", &[]), Some(0));

    let second = RunConfig {
        start: Some(Path::new("first").join(CHECKPOINT_FILE)),
        ..common::config(2)
    };
    let text = toml::to_string(&second).expect("settings are plain");
    let second = file("second.toml");
    std::fs::write(&second, text).expect("a writable folder");
    assert_eq!(train(&second, "second", &["--stop-after", "1"]), Some(0));
    std::fs::remove_dir_all(file("first")).expect("the first run's folder");
    assert_eq!(train(&second, "second", &[]), Some(0));
    // A run that has not begun needs it.
    assert_eq!(train(&second, "third", &[]), Some(1));
}

#[test]
fn a_run_becomes_a_model_with_card_and_curves() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (run, data) = set_up(folder.path(), 2);
    let file = |name: &str| path_text(&folder.path().join(name)).to_owned();
    let out = file("out");
    let trained = output(&["train", &run, "--data", &data, "--out", &out]);
    assert_eq!(trained.status.code(), Some(0));
    let metrics = std::fs::read_to_string(Path::new(&out).join(METRICS_FILE)).expect("metrics");
    assert_eq!(metrics.lines().count(), 2);
    for name in ["tiny.mien", "tiny.json", "tiny-curves.svg"] {
        assert!(Path::new(&out).join(name).exists(), "{name}");
    }

    let model = file("tiny.mien");
    let reports = file("reports");
    std::fs::create_dir(&reports).expect("a writable folder");
    let exported = output(&[
        "export",
        &out,
        "--data",
        &data,
        "--out",
        &model,
        "--reports",
        &reports,
    ]);
    let stderr = String::from_utf8_lossy(&exported.stderr);
    assert_eq!(exported.status.code(), Some(0), "{stderr}");
    let card: Value = serde_json::from_slice(&exported.stdout).expect("JSON");
    assert_eq!(card["name"], "tiny");
    assert!(Path::new(&reports).join("tiny-curves.svg").exists());

    // The mean with itself is the same network; with another's run there is none.
    let mean = file("mean.mien");
    let export = |source: &str, other: &str| {
        output(&[
            "export",
            source,
            "--data",
            &data,
            "--out",
            &mean,
            "--mean-with",
            other,
        ])
    };
    let exported = export(&out, &out);
    assert_eq!(exported.status.code(), Some(0));
    let [one, other] = [&model, &mean].map(|path| std::fs::read(path).expect("a model"));
    assert!(one == other, "the mean of equal weights is another");
    // A network in a file has the same weights, but for the 16 bits of each.
    let network = file("tiny.safetensors");
    assert_eq!(
        output(&["export", &out, "--out", &network]).status.code(),
        Some(0)
    );
    let exported = export(&out, &network);
    let stderr = String::from_utf8_lossy(&exported.stderr);
    assert_eq!(exported.status.code(), Some(0), "{stderr}");
    let of_mean: Value = serde_json::from_slice(&exported.stdout).expect("JSON");
    let likelihood = |card: &Value| {
        let value = &card["evaluations"][0]["negative_log_likelihood"];
        value.as_f64().expect("a figure")
    };
    assert!((likelihood(&of_mean) - likelihood(&card)).abs() < 0.01);
    let refused = export(&out, &file("nowhere"));
    assert_eq!(refused.status.code(), Some(1));

    // The card's figures are those of the file.
    let evaluated = output(&["evaluate", "--model", &model, "--data", &data, "--json"]);
    assert_eq!(evaluated.status.code(), Some(0));
    let report: Value = serde_json::from_slice(&evaluated.stdout).expect("JSON");
    assert_eq!(report["split"], "public-test");
    assert_eq!(report["accuracy"], card["evaluations"][0]["accuracy"]);
    assert_eq!(report["confusion"], card["evaluations"][0]["confusion"]);

    // Other data are not taken for the run's.
    let (_, other) = {
        let other = folder.path().join("other");
        std::fs::create_dir(&other).expect("a writable folder");
        let path = other.join("data.csv");
        let csv = csv(&common::faces(14), &common::faces(7));
        std::fs::write(&path, csv).expect("a writable folder");
        (other, path_text(&path).to_owned())
    };
    let refused = output(&["export", &out, "--data", &other, "--out", &model]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("other data"));
}

#[test]
fn a_teacher_of_several_networks_teaches_a_student() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (run, data) = set_up(folder.path(), 2);
    let file = |name: &str| path_text(&folder.path().join(name)).to_owned();
    let trained = output(&["train", &run, "--data", &data, "--out", &file("out")]);
    assert_eq!(trained.status.code(), Some(0));

    // A run's folder, the model that it became, and a network that only Burn runs.
    let capsules = NetworkConfig::Study(StudyConfig {
        system: System::CapsuleNet,
        classes: 7,
        rgb: false,
        reduce: 1,
    });
    let network = NetworkFile {
        network: capsules.init(&Device::flex()),
        labels: (0..7).map(|class| class.to_string()).collect(),
        config: capsules,
    };
    std::fs::write(
        file("capsules.safetensors"),
        network.to_bytes().expect("a network"),
    )
    .expect("a writable folder");
    let ensemble = r#"
        name = "three"
        members = ["out", "out/tiny.mien", "capsules.safetensors"]
        average = "ten-crop"
        seed = 1
        views = 2
        augmentation = { flip = 0.5 }
    "#;
    std::fs::write(file("three.toml"), ensemble).expect("a writable folder");
    let labels = file("three.soft");
    let taught = output(&[
        "teach",
        &file("three.toml"),
        "--data",
        &data,
        "--labels",
        &labels,
    ]);
    let stderr = String::from_utf8_lossy(&taught.stderr);
    assert_eq!(taught.status.code(), Some(0), "{stderr}");
    let report: Value = serde_json::from_slice(&taught.stdout).expect("JSON");
    let members = report["splits"][0]["members"].as_array().expect("members");
    let weight = |member: &Value| member["weight"].as_f64().expect("a weight");
    assert_eq!(members.len(), 3);
    assert!((members.iter().map(weight).sum::<f64>() - 1.0).abs() < 1e-6);
    // The model is the run's best network, but for the 16 bits of its weights.
    let accuracy = |place: usize| members[place]["accuracy"].as_f64().expect("a share");
    assert!((accuracy(0) - accuracy(1)).abs() < 0.1, "{members:?}");

    let student = RunConfig {
        distillation: Some(Distillation {
            labels: "three.soft".into(),
            temperature: 2.0,
            weight: 0.5,
        }),
        ..common::config(2)
    };
    let student = toml::to_string(&student).expect("settings are plain");
    std::fs::write(file("student.toml"), student).expect("a writable folder");
    let learned = output(&[
        "train",
        &file("student.toml"),
        "--data",
        &data,
        "--out",
        &file("student"),
    ]);
    let stderr = String::from_utf8_lossy(&learned.stderr);
    assert_eq!(learned.status.code(), Some(0), "{stderr}");
}

#[test]
fn an_output_folder_that_cannot_be_made_is_reported() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (run, data) = set_up(folder.path(), 2);
    let out = folder.path().join("out");
    std::fs::write(&out, b"").expect("a writable folder");
    let output = output(&["train", &run, "--data", &data, "--out", path_text(&out)]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("--out"), "{stderr}");
}
