//! `mien predict` and `mien explain` on photos.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use mien_engine::explain::faithfulness::rank_correlation;
use mien_trainer::models::{DEFAULT_CLASSIFIER, Model};
use serde_json::Value;
use sha2::{Digest, Sha256};

fn mien() -> Command {
    Command::new(env!("CARGO_BIN_EXE_mien"))
}

fn photo(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/photos")
        .join(name)
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn a_broken_photo_does_not_keep_the_others_from_being_read() {
    let output = mien()
        .args(["predict", "--json"])
        .args([
            photo("astronaut.png"),
            photo("CREDITS.md"),
            photo("chelsea.png"),
            photo("none"),
        ])
        .output()
        .expect("the program starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("2 of 4 photos failed"), "{stderr}");

    let [astronaut, text, cat, none] = json(&output)
        .as_array()
        .expect("an array")
        .clone()
        .try_into()
        .expect("one entry a photo");
    assert_eq!([&astronaut["width"], &astronaut["height"]], [512, 512]);
    let [face] = &astronaut["faces"].as_array().expect("faces")[..] else {
        panic!("one face");
    };
    let near = |value: &Value, expected: f64| {
        let value = value.as_f64().expect("a number");
        assert!((value - expected).abs() < 8.0, "{value} is not {expected}");
    };
    near(&face["box"]["x"], 179.0);
    near(&face["box"]["y"], 59.0);
    near(&face["box"]["width"], 90.0);
    near(&face["box"]["height"], 117.0);
    assert_eq!(face["landmarks"].as_array().map(Vec::len), Some(5));
    let probabilities = face["probabilities"].as_object().expect("an object");
    let model = Model::load(DEFAULT_CLASSIFIER).expect("the default model");
    assert_eq!(probabilities.len(), model.labels().len());
    let sum: f64 = probabilities.values().filter_map(Value::as_f64).sum();
    assert!((sum - 1.0).abs() < 1e-4, "{sum}");
    let label = face["label"].as_str().expect("a name");
    assert_eq!(probabilities[label], face["confidence"]);
    assert!(
        probabilities
            .values()
            .all(|other| other.as_f64() <= face["confidence"].as_f64())
    );

    assert_eq!(cat["faces"], Value::Array(vec![]));
    assert_eq!(cat["error"], Value::Null);
    for (broken, message) in [(text, "not a PNG"), (none, "cannot be read")] {
        let error = broken["error"].as_str().expect("a message");
        assert!(error.contains(message), "{error}");
        assert_eq!(broken["faces"], Value::Null);
    }
}

/// `tests/golden/student-fer2013.json` holds what `mien predict --json` said of the photo with the
/// weights of that hash; new weights need a new file.
#[test]
fn the_shipped_student_gives_its_golden_probabilities() {
    let golden = include_str!("../../tests/golden/student-fer2013.json");
    let golden: Value = serde_json::from_str(golden).expect("JSON");
    let model = Model::load("student-fer2013").expect("a shipped model");
    let hash = format!("{:x}", Sha256::digest(&model.bytes));
    assert_eq!(golden["sha256"], hash.as_str(), "other weights");

    let name = golden["photo"].as_str().expect("a file's name");
    let output = mien()
        .args(["predict", "--json", "--model", "student-fer2013"])
        .arg(photo(name))
        .output()
        .expect("the program starts");
    let found = &json(&output)[0]["faces"][0]["probabilities"];
    for (class, expected) in golden["probabilities"].as_object().expect("an object") {
        let difference = expected.as_f64().expect("a number") - found[class].as_f64().expect(class);
        assert!(difference.abs() < 1e-3, "{class}: {}", found[class]);
    }
}

#[test]
fn an_explanation_is_a_picture_and_a_map() {
    let here = tempfile::tempdir().expect("a temporary folder");
    let out = here.path().join("overlay.png");
    let output = mien()
        .arg("explain")
        .arg(photo("astronaut.png"))
        .arg("--out")
        .arg(&out)
        .args([
            "--class", "happy", "--patch", "12", "--stride", "6", "--json",
        ])
        .output()
        .expect("the program starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let picture = image::open(&out).expect("a picture");
    assert_eq!(picture.width(), 640);

    let report = json(&output);
    assert_eq!(report["class"], "happy");
    assert_eq!([&report["rows"], &report["columns"]], [7, 7]);
    let drops: Vec<f64> = report["drops"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|row| row.as_array().into_iter().flatten())
        .filter_map(Value::as_f64)
        .collect();
    assert_eq!(drops.len(), 49);
    let (least, most) = drops
        .iter()
        .fold((0.0_f64, 0.0_f64), |(least, most), &drop| {
            (least.min(drop), most.max(drop))
        });
    assert!(most - least > 0.01, "a flat map");
}

/// The drops of `happy` in the map of a photo's face, place by place.
fn drops(settings: &[&str]) -> Vec<f32> {
    let here = tempfile::tempdir().expect("a temporary folder");
    let output = mien()
        .arg("explain")
        .arg(photo("astronaut.png"))
        .arg("--out")
        .arg(here.path().join("overlay.png"))
        .args(["--class", "happy", "--json"])
        .args(settings)
        .output()
        .expect("the program starts");
    let report = json(&output);
    let rows = report["drops"].as_array().into_iter().flatten();
    rows.flat_map(|row| row.as_array().into_iter().flatten())
        .filter_map(|drop| drop.as_f64().map(|drop| drop as f32))
        .collect()
}

#[test]
fn an_approximate_map_keeps_the_order_of_the_exact_one() {
    let exact = drops(&[]);
    assert_eq!(exact.len(), 225);
    let rank = |margin| rank_correlation(&drops(&["--margin", margin]), &exact);
    let (narrow, wide) = (rank("2"), rank("16"));
    assert!(wide >= 0.97 && narrow < wide, "{narrow} {wide}");
    assert_eq!(drops(&["--margin", "48"]), exact);
}

#[test]
fn what_cannot_be_explained_is_said() {
    let here = tempfile::tempdir().expect("a temporary folder");
    let out = here.path().join("overlay.png");
    for (name, arguments, message) in [
        ("chelsea.png", vec![], "no face found"),
        ("astronaut.png", vec!["--face", "2"], "there is no face 2"),
        (
            "astronaut.png",
            vec!["--patch", "49"],
            "patch must be 1 to 48",
        ),
        ("astronaut.png", vec!["--class", "bored"], "invalid value"),
        ("CREDITS.md", vec![], "not a PNG"),
    ] {
        let output = mien()
            .arg("explain")
            .arg(photo(name))
            .arg("--out")
            .arg(&out)
            .args(&arguments)
            .output()
            .expect("the program starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {stderr}");
        assert!(stderr.contains(message), "{stderr}");
        assert!(!out.exists());
    }
}

#[test]
fn a_reader_who_has_enough_is_no_failure() {
    let mut child = mien()
        .args(["predict", "--json"])
        .arg(photo("astronaut.png"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
}
