//! The commands about explanations, robustness and fairness, on a few faces.

use std::path::Path;
use std::process::{Command, Output};

use image::GrayImage;
use mien_engine::explain::MethodKind;
use mien_engine::explain::faithfulness::FaithfulnessReport;
use serde_json::Value;
use tempfile::TempDir;

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mien"));
    let command = command.args(arguments).env_remove("FER2013_CSV");
    command.output().expect("the program starts")
}

fn json(arguments: &[&str]) -> Value {
    let output = run(arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A drawing that looks a little like a face.
fn face(number: u32) -> GrayImage {
    GrayImage::from_fn(48, 48, |x, y| {
        let near = |u: u32, v: u32, reach: u32| x.abs_diff(u) + y.abs_diff(v) < reach;
        let is_dark = near(15, 19, 4) || near(33, 19, 4) || (y.abs_diff(37) < 2 && near(24, 37, 9));
        image::Luma([if is_dark {
            40
        } else {
            150 + (number * 7 % 60) as u8 + (x + y) as u8 / 4
        }])
    })
}

/// A folder of faces by class, and a table that sorts them into groups.
fn data() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut table = vec!["path,label,age".to_owned()];
    for (class, number) in [("happy", 0), ("happy", 1), ("sad", 2), ("sad", 3)] {
        let path = folder.path().join("faces").join(class);
        std::fs::create_dir_all(&path).expect("a folder");
        let name = format!("{number}.png");
        face(number).save(path.join(&name)).expect("a picture");
        let group = if number % 2 == 0 { "young" } else { "old" };
        table.push(format!("faces/{class}/{name},{class},{group}"));
    }
    std::fs::write(folder.path().join("table.csv"), table.join("\n")).expect("a file");
    folder
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary folders have plain names")
}

#[test]
fn every_method_is_measured_beside_maps_that_know_nothing() {
    let folder = data();
    let faces = folder.path().join("faces");
    let report = json(&[
        "explain-eval",
        "--data",
        text(&faces),
        "--limit",
        "1",
        "--json",
    ]);
    let report: FaithfulnessReport = serde_json::from_value(report).expect("a report");
    assert_eq!(report.faces, 1);
    for kind in MethodKind::ALL {
        let verdict = report.verdict_on(&kind.method());
        assert!(verdict.is_some(), "{}", kind.name());
    }
    for name in ["random pixels", "random patches", "centre"] {
        let row = report.rows.iter().find(|row| row.name == name);
        assert!(row.is_some_and(|row| row.verdict.is_none()), "{name}");
    }
    // What knows nothing of the network does not change with it.
    let centre = &report.rows[report.rows.len() - 1].figures;
    assert!((centre.likeness_to_randomised.mean - 1.0).abs() < 1e-3);
    assert!(centre.deletion_over_centre.mean.abs() < 1e-9);
}

#[test]
fn robustness_writes_table_and_graph() {
    let folder = data();
    let faces = folder.path().join("faces");
    let out = folder.path().join("robustness");
    let report = json(&[
        "robustness",
        "--data",
        text(&faces),
        "--limit",
        "2",
        "--out",
        text(&out),
        "--json",
    ]);
    assert_eq!(report["faces"], 2);
    let lines = report["corruptions"].as_array().expect("a list");
    assert_eq!(lines.len(), 11);
    assert!(
        lines
            .iter()
            .all(|line| line["figures"].as_array().map(Vec::len) == Some(5))
    );
    assert_eq!(report["end_to_end"]["faces"], 2);
    for ending in ["json", "md", "svg"] {
        assert!(out.with_extension(ending).is_file(), "{ending}");
    }
}

#[test]
fn mean_maps_are_drawn_and_few_faces_are_not_shown() {
    let folder = data();
    let (faces, out) = (folder.path().join("faces"), folder.path().join("maps"));
    let report = json(&[
        "explain-global",
        "--model",
        "student-fer2013",
        "--data",
        text(&faces),
        "--out",
        text(&out),
        "--json",
    ]);
    let counts = report["cells"]["faces"].as_array().expect("a list");
    assert_eq!(counts.iter().filter_map(Value::as_u64).sum::<u64>(), 4);
    let cells = image::open(out.join("student-fer2013-cells.png")).expect("a picture");
    let cells = cells.into_rgb8();
    assert_eq!(cells.dimensions(), (7 * 15, 7 * 15));
    // Four faces are too few for any tile.
    assert!(cells.pixels().all(|pixel| pixel.0 == [255; 3]));
}

#[test]
fn fairness_tells_groups_apart() {
    let folder = data();
    let table = folder.path().join("table.csv");
    let report = json(&["fairness", text(&table), "--json"]);
    assert_eq!(report[0]["column"], "age");
    let groups = report[0]["groups"].as_array().expect("a list");
    let names: Vec<_> = groups.iter().map(|group| &group["group"]).collect();
    assert_eq!(names, ["old", "young"]);
    assert!(groups.iter().all(|group| group["images"] == 2));
    // Two faces a group say nothing about a gap.
    assert_eq!(report[0]["accuracy_gap"], Value::Null);

    std::fs::write(&table, "path,label\na.png,happy\n").expect("a file");
    let output = run(&["fairness", text(&table)]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("names groups"), "{stderr}");
}

#[test]
fn a_contrast_is_explained_by_any_method() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let photo = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/photos/astronaut.png");
    let out = folder.path().join("map.png");
    let map = |method: &str| {
        json(&[
            "explain",
            photo,
            "--out",
            text(&out),
            "--method",
            method,
            "--class",
            "happy",
            "--against",
            "neutral",
            "--json",
        ])
    };
    for kind in [MethodKind::Occlusion, MethodKind::IntegratedGradients] {
        let report = map(kind.name());
        let rows = report["values"].as_array().expect("a list");
        assert!(rows.len() == 48 && rows[0].as_array().map(Vec::len) == Some(48));
        assert!(
            report["value"].as_f64().is_some_and(|value| value > 0.5),
            "{report}"
        );
        assert!(out.is_file());
    }
    let output = run(&["explain", photo, "--out", text(&out)]);
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(
        stdout.contains("mouth") && stdout.contains("covering"),
        "{stdout}"
    );
}
