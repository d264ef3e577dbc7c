//! The shipped classifier is what its card says. Needs FER2013: set `FER2013_CSV`.

use std::fs;
use std::path::{Path, PathBuf};

use mien_engine::metrics::Evaluation;
use mien_trainer::data::{self, DataConfig, Labels, Split, VOTES_FILE};
use mien_trainer::evaluate;
use mien_trainer::models::{DEFAULT_CLASSIFIER, Model};
use mien_trainer::teacher::{EnsembleReport, SoftLabels, TeacherConfig};
use sha2::{Digest, Sha256};

/// Where FER2013 lies on this machine, if it does.
fn fer2013() -> Option<PathBuf> {
    let beside = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/data/fer2013.csv.gz"
    );
    let path = std::env::var_os("FER2013_CSV").unwrap_or_else(|| beside.into());
    Some(PathBuf::from(path)).filter(|path| path.is_file())
}

#[test]
fn shipped_classifiers_reach_their_accuracy() {
    for (name, labels, accuracy) in [
        ("student-fer2013", Labels::Own, 0.66),
        (DEFAULT_CLASSIFIER, Labels::FerPlusMajority, 0.86),
    ] {
        reaches(name, labels, accuracy);
    }
}

fn reaches(name: &str, labels: Labels, accuracy: f64) {
    let model = Model::load(name).expect("a shipped model");
    let card = model.card.as_ref().expect("a card");
    assert!(card.parameters <= 250_000 && card.macs <= 40_000_000);
    assert_eq!(card.file.bytes, model.bytes.len());
    let Some(path) = fer2013() else {
        eprintln!("skipped: no FER2013; set FER2013_CSV to its path");
        return;
    };
    let config = DataConfig {
        labels,
        ..DataConfig::default()
    };
    let prepared = data::prepare(&path, None, &config, card.labels.len());
    let Ok(prepared) = prepared else {
        eprintln!("skipped: no votes of FER+ beside FER2013");
        return;
    };
    let data = prepared.splits.public_test;
    let predictions = evaluate::predict(&model.plan, &data, |_| ()).expect("a classifier");
    let evaluation = Evaluation::new(&predictions, &model.labels());
    assert!(
        evaluation.accuracy >= accuracy,
        "{name}: {}",
        evaluation.accuracy
    );

    let written = &card.evaluations[0];
    assert_eq!(written.split, Split::PublicTest.to_string());
    assert_eq!(written.evaluation.samples, evaluation.samples);
    // Sums are taken in another order on other processors, which may tip a face or two.
    let difference = written.evaluation.accuracy - evaluation.accuracy;
    assert!(difference.abs() < 1e-3, "{difference}");
}

#[test]
fn tables_and_pictures_are_those_of_the_reports() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_mien"))
        .args(["report", "--check"])
        .current_dir(root)
        .output()
        .expect("the program starts");
    let [stale, message] =
        [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{stale}{message}");
}

#[test]
fn the_soft_labels_are_those_of_the_committed_teachers() {
    for name in [
        "teacher-1",
        "teacher-fer2013",
        "teacher-ferplus",
        "ensemble-fer2013",
        "ensemble-ferplus",
    ] {
        belong_together(name);
    }
}

/// SHA-256 of each member's file.
fn digests(config: &TeacherConfig) -> impl Iterator<Item = String> {
    config.members.iter().map(|path| {
        let bytes = fs::read(path).expect("a member");
        format!("{:x}", Sha256::digest(&bytes))
    })
}

#[test]
fn the_reports_on_ensembles_are_about_the_committed_networks() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut found = 0;
    for entry in fs::read_dir(root.join("trainer/teachers")).expect("the teachers") {
        let path = entry.expect("a teacher").path();
        if path.extension().is_none_or(|ending| ending != "toml") {
            continue;
        }
        let config = TeacherConfig::read(&path).expect("an ensemble");
        let report = root
            .join("reports")
            .join(&config.name)
            .with_extension("json");
        let report = fs::read(&report).expect("its report");
        let report: EnsembleReport = serde_json::from_slice(&report).expect("an ensemble's report");
        assert_eq!(report.name, config.name);
        for split in report.splits {
            let scored = split.members.into_iter().map(|member| member.member.sha256);
            assert!(digests(&config).eq(scored), "{}", config.name);
        }
        found += 1;
    }
    assert!(found > 0, "no ensembles");
}

/// An ensemble, its members and its soft labels.
fn belong_together(name: &str) {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/teachers"));
    let config = TeacherConfig::read(&folder.join(format!("{name}.toml"))).expect("an ensemble");
    let labels = SoftLabels::load(&folder.join(format!("{name}.soft"))).expect("its soft labels");
    let header = labels.header();
    assert_eq!(header.name, config.name);
    assert_eq!(header.views, config.views);
    assert_eq!(header.seed, config.seed);
    assert_eq!(header.augmentation, config.augmentation);
    let asked = header.members.iter().map(|member| member.sha256.clone());
    assert!(digests(&config).eq(asked));
    for view in 0..header.views {
        for face in (0..header.faces).step_by(1000) {
            let sum: f32 = labels.target(view, face, 1.0).sum();
            assert!((sum - 1.0).abs() < 1e-5, "{sum}");
        }
    }
    let Some(path) = fer2013() else {
        eprintln!("skipped in part: no FER2013; set FER2013_CSV to its path");
        return;
    };
    let wants_votes = config.data != DataConfig::default();
    if wants_votes && !path.with_file_name(VOTES_FILE).is_file() {
        eprintln!("skipped in part: no votes of FER+ beside FER2013");
        return;
    }
    let faces = data::prepare(&path, None, &config.data, header.classes).expect("FER2013");
    assert!(labels.are_for(&faces.splits.training));
}

/// Counts of FER+'s own reading of its votes (majority, and the distributions that it keeps).
#[test]
fn votes_are_counted_as_their_authors_count_them() {
    let votes = fer2013().map(|path| (path.with_file_name(VOTES_FILE), path));
    let Some((votes, path)) = votes.filter(|(votes, _)| votes.is_file()) else {
        eprintln!("skipped: no FER2013 with FER+'s votes beside it; set FER2013_CSV to its path");
        return;
    };
    for (labels, counts) in [
        (Labels::FerPlusMajority, [25_060, 3_199, 3_153]),
        (Labels::FerPlusDistribution, [27_956, 3_199, 3_153]),
    ] {
        let config = DataConfig {
            labels,
            ..DataConfig::default()
        };
        let prepared = data::prepare(&path, Some(&votes), &config, 8).expect("FER+");
        let found = prepared.splits.named().map(|(_, faces)| faces.len());
        assert_eq!(found, counts, "{labels:?}");
    }
}
