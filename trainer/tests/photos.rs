//! `mien predict` and `mien explain` on photos.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use flate2::Compression;
use flate2::write::ZlibEncoder;
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
    assert!(most - least > 1e-3, "a flat map");
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
    let approximate = drops(&["--approximate"]);
    let rank = rank_correlation(&approximate, &exact);
    assert!(rank >= 0.97 && approximate != exact, "{rank}");
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

/// A gray PNG whose header claims a size and whose data hold `rows` rows of it.
fn png(width: u32, height: u32, rows: usize) -> Vec<u8> {
    let chunk = |name: &[u8; 4], body: &[u8]| {
        let data = [name, body].concat();
        let mut crc = flate2::Crc::new();
        crc.update(&data);
        let length = (body.len() as u32).to_be_bytes();
        [&length[..], &data[..], &crc.sum().to_be_bytes()[..]].concat()
    };
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([8, 0, 0, 0, 0]);
    let mut pixels = ZlibEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..rows {
        let row = vec![90; 1 + width as usize];
        pixels
            .write_all(&[&[0], &row[1..]].concat())
            .expect("memory");
    }
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend(chunk(b"IHDR", &header));
    bytes.extend(chunk(b"IDAT", &pixels.finish().expect("memory")));
    bytes.extend(chunk(b"IEND", &[]));
    bytes
}

/// A kept picture of the fuzzers' corpus.
fn kept(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/photo");
    fs::read(folder.join(name)).expect("a kept picture")
}

#[test]
fn hostile_files_are_refused_with_a_remedy_or_read_and_the_batch_survives() {
    let portrait = fs::read(photo("astronaut.png")).expect("a photo");
    let jpeg = fs::read(photo("coffee.jpg")).expect("a photo");
    // EXIF of nonsense, behind the start of the file.
    let exif = [
        &[0xff, 0xe1, 0, 34][..],
        b"Exif\0\0MM\0\x2a\xff\xff\xff\xff",
        &[0xff; 18],
    ]
    .concat();
    let bad_exif = [&jpeg[..2], &exif[..], &jpeg[2..]].concat();
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    let film = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom";
    // Name, contents, and what is said of it, if it is refused.
    let files: [(&str, Vec<u8>, Option<&str>); 20] = [
        ("empty.png", vec![], Some("convert it")),
        (
            "truncated.png",
            portrait[..2000].to_vec(),
            Some("another copy"),
        ),
        ("truncated.jpg", jpeg[..500].to_vec(), Some("another copy")),
        ("wrong-extension.gif", portrait.clone(), None),
        ("one-pixel.png", png(1, 1, 1), None),
        ("thread.png", png(1, 20_000, 20_000), None),
        ("bomb.png", png(30_000, 30_000, 1), Some("scale it down")),
        ("nothing.png", png(0, 0, 0), Some("another copy")),
        ("missing-rows.png", png(600, 600, 1), Some("another copy")),
        ("animated.gif", kept("animated.gif"), None),
        ("animated.webp", kept("animated.webp"), None),
        ("animated.png", kept("animated.png"), None),
        ("cmyk.jpg", kept("cmyk.jpg"), None),
        ("progressive.jpg", kept("progressive.jpg"), None),
        ("sixteen-bits.png", kept("sixteen-bits.png"), None),
        ("bad-exif.jpg", bad_exif, None),
        ("markup.svg", svg.to_vec(), Some("convert it")),
        ("markup.png", svg.to_vec(), Some("convert it")),
        ("film.jpg", film.to_vec(), Some("convert it")),
        ("portrait.png", portrait, None),
    ];
    let here = tempfile::tempdir().expect("a temporary folder");
    let paths = files.iter().map(|(name, bytes, _)| {
        let path = here.path().join(name);
        fs::write(&path, bytes).expect("a writable folder");
        path
    });
    let output = mien()
        .args(["predict", "--json"])
        .args(paths)
        .output()
        .expect("the program starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    let readings = json(&output);
    assert_eq!(readings.as_array().map(Vec::len), Some(files.len()));
    for (index, (name, _, refusal)) in files.iter().enumerate() {
        let error = readings[index]["error"].as_str();
        match refusal {
            Some(words) => {
                assert!(
                    error.is_some_and(|error| error.contains(words)),
                    "{name}: {error:?}"
                );
            }
            None => assert_eq!(error, None, "{name}"),
        }
    }
    for name in ["wrong-extension.gif", "portrait.png"] {
        let place = files
            .iter()
            .position(|file| file.0 == name)
            .expect("a file");
        assert_eq!(readings[place]["faces"].as_array().map(Vec::len), Some(1));
    }
}

#[cfg(unix)]
#[test]
fn a_photo_without_end_is_refused() {
    let output = mien()
        .args(["predict", "/dev/zero"])
        .output()
        .expect("the program starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("smaller format"), "{text}");
}

#[test]
fn a_file_that_is_no_usable_model_is_refused() {
    let good = Model::load(DEFAULT_CLASSIFIER)
        .expect("the default model")
        .bytes;
    let with = |at: usize, values: &[u8]| {
        let mut bytes = good.clone();
        bytes[at..at + values.len()].copy_from_slice(values);
        bytes
    };
    let here = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes, message) in [
        ("empty", vec![], "cut short"),
        ("other", b"GIF89a".to_vec(), "not a Mien model"),
        ("truncated", good[..good.len() / 2].to_vec(), "cut short"),
        ("newer", with(4, &[9, 0]), "newer than"),
        ("header", with(7, &[255; 4]), "too large"),
        ("numbers", with(good.len() - 4, &[0; 4]), ""),
        ("longer", [&good[..], b"x"].concat(), "too many"),
    ] {
        let path = here.path().join(name).with_extension("mien");
        fs::write(&path, bytes).expect("a writable folder");
        let output = mien()
            .args(["predict", "--model"])
            .arg(&path)
            .arg(photo("astronaut.png"))
            .output()
            .expect("the program starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        if message.is_empty() {
            // Other weights are another network, not a broken one.
            assert_eq!(output.status.code(), Some(0), "{name}: {stderr}");
        } else {
            assert_eq!(output.status.code(), Some(1), "{name}: {stderr}");
            assert!(stderr.contains(message), "{name}: {stderr}");
            assert!(stderr.contains("export it again"), "{name}: {stderr}");
        }
    }
}
