//! What the readers of data sets accept, and what they say about the rest.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use image::{GrayImage, Luma};
use mien_engine::expression::Expression;
use mien_trainer::data::{
    self, DataConfig, DataError, FACE_PIXELS, Labels, RowFault, Split, TableFault,
};
use tempfile::TempDir;

fn pixels(value: &str) -> String {
    vec![value; FACE_PIXELS].join(" ")
}

fn row(label: &str, usage: &str) -> String {
    format!("{label},{},{usage}", pixels("7"))
}

/// A file with the header and these rows.
fn file(rows: &[String]) -> (TempDir, PathBuf) {
    raw_file(format!("emotion,pixels,Usage\n{}\n", rows.join("\n")).as_bytes())
}

fn raw_file(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("data.csv");
    fs::write(&path, bytes).expect("a writable folder");
    (folder, path)
}

#[test]
fn rows_go_to_their_splits() {
    let rows = [
        row("3", "Training"),
        row("0", "PublicTest"),
        row("6", "PrivateTest"),
        row("4", "Training"),
    ];
    let (_folder, path) = file(&rows);
    let fer = data::read_fer2013(&path).expect("valid rows");
    assert_eq!(fer.training.labels(), [Expression::Happy, Expression::Sad]);
    assert_eq!(fer.training.face(1), [7; FACE_PIXELS]);
    assert_eq!(fer.public_test.labels(), [Expression::Angry]);
    assert_eq!(fer.private_test.labels(), [Expression::Neutral]);
    assert_eq!(fer.into_split(Split::All).len(), 4);
}

#[test]
fn gzip_byte_order_mark_windows_line_ends_and_blank_lines_are_tolerated() {
    let text = format!(
        "\u{feff}emotion,pixels,Usage\r\n{}\r\n\r\n{}",
        row("1", "Training"),
        row("2", "Training"),
    );
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(text.as_bytes()).expect("memory");
    for bytes in [text.into_bytes(), gzip.finish().expect("memory")] {
        let (_folder, path) = raw_file(&bytes);
        let fer = data::read_fer2013(&path).expect("tolerated");
        assert_eq!(
            fer.training.labels(),
            [Expression::Disgust, Expression::Fear]
        );
    }
}

#[test]
fn every_malformed_row_is_reported_with_its_line() {
    let rows = [
        row("3", "Training"),
        "3,1 2 3".to_owned(),
        row("7", "Training"),
        row("happy", "Training"),
        "3,1 2 3,Training".to_owned(),
        format!("3,{},Training", pixels("256")),
        format!("3,{},Training", pixels("-1")),
        row("3", "Validation"),
        row("3", "Training,extra"),
    ];
    let (_folder, path) = file(&rows);
    let error = data::read_fer2013(&path).expect_err("malformed rows");
    let DataError::Rows { rows, .. } = &error else {
        panic!("another error: {error}");
    };
    let text = str::to_owned;
    let pixel = |found| RowFault::Pixel {
        position: 1,
        found: text(found),
    };
    let expected = [
        (3, RowFault::Columns { found: 2 }),
        (4, RowFault::Label { found: text("7") }),
        (
            5,
            RowFault::Label {
                found: text("happy"),
            },
        ),
        (6, RowFault::PixelCount { found: 3 }),
        (7, pixel("256")),
        (8, pixel("-1")),
        (
            9,
            RowFault::Usage {
                found: text("Validation"),
            },
        ),
        (10, RowFault::Columns { found: 4 }),
    ];
    let found: Vec<_> = rows
        .iter()
        .map(|row| (row.line, row.fault.clone()))
        .collect();
    assert_eq!(found, expected);
    let message = error.to_string();
    assert!(message.contains("8 malformed rows"), "{message}");
    assert!(message.contains("line 7: pixel 1 is \"256\""), "{message}");
}

#[test]
fn long_lists_of_malformed_rows_are_cut() {
    let rows = vec!["x".to_owned(); 25];
    let (_folder, path) = file(&rows);
    let error = data::read_fer2013(&path).expect_err("malformed rows");
    assert!(error.to_string().ends_with("and 15 more"), "{error}");
}

#[test]
fn a_file_of_malformed_rows_only_is_not_read_to_its_end() {
    let (_folder, path) = file(&vec!["x".to_owned(); 5000]);
    let error = data::read_fer2013(&path).expect_err("malformed rows");
    let DataError::Rows { rows, .. } = &error else {
        panic!("another error: {error}");
    };
    assert_eq!(rows.len(), 1000);
    assert!(error.to_string().contains("at least 1000"), "{error}");
}

#[test]
fn a_row_without_end_is_a_fault_and_takes_no_memory() {
    // Compressed, so that the file is small while its one row is not.
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(b"emotion,pixels,Usage\n3,").expect("memory");
    for _ in 0..64 {
        gzip.write_all(&vec![b'7'; 1 << 20]).expect("memory");
    }
    let (_folder, path) = raw_file(&gzip.finish().expect("memory"));
    let error = data::read_fer2013(&path).expect_err("a long row");
    assert!(error.to_string().contains("far too long"), "{error}");

    let text = format!("path,label\n{},happy\n", "x".repeat(1 << 17));
    let (_folder, path) = raw_file(text.as_bytes());
    let error = data::read_manifest(&path).expect_err("a long row");
    assert!(error.to_string().contains("far too long"), "{error}");
}

#[test]
fn a_row_that_is_not_text_is_reported() {
    let (_folder, path) = raw_file(b"emotion,pixels,Usage\n3,\xff\xfe,Training\n");
    let error = data::read_fer2013(&path).expect_err("not text");
    assert!(error.to_string().contains("line 2"), "{error}");
}

#[test]
fn other_files_are_refused() {
    let (_folder, path) = raw_file(b"");
    assert!(matches!(
        data::read_fer2013(&path),
        Err(DataError::Empty { .. })
    ));
    let (_folder, path) = raw_file(b"id,name\n1,x\n");
    assert!(matches!(
        data::read_fer2013(&path),
        Err(DataError::Header { .. })
    ));
    assert!(matches!(
        data::read_fer2013(&path.with_extension("missing")),
        Err(DataError::Read { .. })
    ));
    // Gzip that is cut short.
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(b"emotion,pixels,Usage\n").expect("memory");
    let mut bytes = gzip.finish().expect("memory");
    bytes.truncate(bytes.len() - 10);
    let (_folder, path) = raw_file(&bytes);
    assert!(matches!(
        data::read_fer2013(&path),
        Err(DataError::Read { .. })
    ));
}

#[test]
fn an_empty_split_is_refused() {
    let (_folder, path) = file(&[row("3", "Training")]);
    let error = data::load(&path, Some(Split::PrivateTest)).expect_err("no such faces");
    assert!(error.to_string().contains("private-test"), "{error}");
    let (data, split) = data::load(&path, Some(Split::Training)).expect("one face");
    assert_eq!((data.len(), split), (1, Split::Training));
}

#[test]
fn split_names_are_read_in_any_form() {
    for (name, split) in [
        ("training", Split::Training),
        ("PublicTest", Split::PublicTest),
        ("PRIVATE-TEST", Split::PrivateTest),
        ("all", Split::All),
    ] {
        assert_eq!(name.parse::<Split>().ok(), Some(split));
        assert_eq!(split.to_string().parse::<Split>().ok(), Some(split));
    }
    assert!("test".parse::<Split>().is_err());
}

#[test]
fn a_folder_holds_a_subfolder_for_each_class() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let save = |path: &str, side: u32, gray: u8| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a writable folder");
        GrayImage::from_pixel(side, side, Luma([gray]))
            .save(path)
            .expect("a writable folder");
    };
    save("Happy/b.png", 48, 10);
    save("Happy/a.png", 96, 20);
    save("SAD/one.png", 30, 30);
    save("notes/picture.png", 48, 40);
    fs::write(folder.path().join("Happy/.hidden"), b"no image").expect("a writable folder");

    let (data, split) = data::load(folder.path(), None).expect("three faces");
    assert_eq!(split, Split::All);
    assert_eq!(
        data.labels(),
        [Expression::Happy, Expression::Happy, Expression::Sad]
    );
    for (index, gray) in [20, 10, 30].into_iter().enumerate() {
        assert_eq!(data.face(index), [gray; FACE_PIXELS]);
    }

    fs::write(folder.path().join("SAD/broken.png"), b"no image").expect("a writable folder");
    let error = data::load(folder.path(), None).expect_err("a broken image");
    assert!(error.to_string().contains("broken.png"), "{error}");
}

#[test]
fn a_folder_without_classes_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert!(matches!(
        data::load(folder.path(), None),
        Err(DataError::NoClasses { .. })
    ));
}

/// A folder with gray images at these places.
fn images(places: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (index, place) in places.iter().enumerate() {
        let path = folder.path().join(place);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a writable folder");
        GrayImage::from_pixel(48, 48, Luma([index as u8]))
            .save(path)
            .expect("a writable folder");
    }
    folder
}

#[test]
fn copies_of_known_data_sets_are_read_as_they_come() {
    for (places, expected) in [
        // CK+.
        (
            vec!["contempt/S138_008_7.png", "sadness/S011_002_4.png"],
            vec![Expression::Contempt, Expression::Sad],
        ),
        // FERG.
        (
            vec![
                "aia/aia_anger/aia_anger_1.png",
                "jules/jules_joy/jules_joy_9.png",
            ],
            vec![Expression::Angry, Expression::Happy],
        ),
        // Oulu-CASIA.
        (
            vec![
                "NI/Strong/P001/Happiness/000.jpeg",
                "VL/Dark/P002/Fear/007.jpeg",
            ],
            vec![Expression::Happy, Expression::Fear],
        ),
        // JAFFE.
        (
            vec!["KA.AN1.39.tiff", "YM.NE3.51.tiff"],
            vec![Expression::Angry, Expression::Neutral],
        ),
    ] {
        let folder = images(&places);
        fs::write(folder.path().join("README.txt"), b"no image").expect("a writable folder");
        let splits = data::read(folder.path()).expect("a known layout");
        assert_eq!(splits.training.labels(), expected, "{places:?}");
    }
}

#[test]
fn folders_named_after_splits_hold_them() {
    let folder = images(&["train/Anger/1.png", "val/anger/2.png", "test/happy/3.png"]);
    let splits = data::read(folder.path()).expect("three faces");
    assert_eq!(splits.training.labels(), [Expression::Angry]);
    assert_eq!(splits.public_test.labels(), [Expression::Angry]);
    assert_eq!(splits.private_test.labels(), [Expression::Happy]);
    let (data, split) = data::load(folder.path(), None).expect("a face");
    assert_eq!((data.len(), split), (1, Split::PublicTest));
}

#[test]
fn numbered_folders_are_read_where_they_can_be_told() {
    let places: Vec<String> = (0..8).map(|class| format!("train/{class}/a.png")).collect();
    let places: Vec<&str> = places.iter().map(String::as_str).collect();
    let folder = images(&places);
    let splits = data::read(folder.path()).expect("AffectNet's eight folders");
    let labels = splits.training.labels();
    assert_eq!(labels[0], Expression::Neutral);
    assert_eq!(labels[7], Expression::Contempt);

    let folder = images(&places[..7]);
    let error = data::read(folder.path()).expect_err("seven folders are ambiguous");
    assert!(
        matches!(error, DataError::NumberedClasses { .. }),
        "{error}"
    );
}

#[test]
fn a_table_names_images() {
    let folder = images(&["one.png", "deep/two.png", "three, four.png"]);
    let table = folder.path().join("faces.csv");
    let write = |text: &str| fs::write(&table, text).expect("a writable folder");
    write(
        "path,label,split\none.png,Anger,train\ndeep/two.png,joy,Val\n\"three, four.png\",sad,\n",
    );
    let splits = data::read(&table).expect("valid rows");
    assert_eq!(
        splits.training.labels(),
        [Expression::Angry, Expression::Sad]
    );
    assert_eq!(splits.training.face(1), [2; FACE_PIXELS]);
    assert_eq!(splits.public_test.labels(), [Expression::Happy]);

    write("path,label\none.png,fear\n");
    let splits = data::read(&table).expect("valid rows");
    assert_eq!(splits.training.labels(), [Expression::Fear]);

    write("path,label,split\none.png,bored,train\none.png,sad,later\none.png\n");
    let error = data::read(&table).expect_err("malformed rows");
    let DataError::Table { rows, .. } = &error else {
        panic!("another error: {error}");
    };
    let found: Vec<_> = rows
        .iter()
        .map(|row| (row.line, row.fault.clone()))
        .collect();
    let [label, split] = ["bored", "later"].map(str::to_owned);
    assert_eq!(
        found,
        [
            (2, TableFault::ClassName { found: label }),
            (3, TableFault::SplitName { found: split }),
            (4, TableFault::ManifestColumns { found: 1 }),
        ]
    );

    write("path,label\nmissing.png,fear\n");
    let error = data::read(&table).expect_err("a missing image");
    assert!(error.to_string().contains("missing.png"), "{error}");
}

const VOTES_HEADER: &str = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,\
                            fear,contempt,unknown,NF";

#[test]
fn votes_soften_the_labels_of_training_faces() {
    let rows = [
        row("3", "Training"),
        row("2", "Training"),
        row("3", "PublicTest"),
        row("4", "PrivateTest"),
    ];
    let (folder, path) = file(&rows);
    let votes = [
        "Training,a.png,0,10,0,0,0,0,0,0,0,0",
        "Training,b.png,0,0,10,0,0,0,0,0,0,0",
        "PublicTest,c.png,0,0,0,0,0,2,0,8,0,0",
        "PrivateTest,d.png,5,5,0,0,0,0,0,0,0,0",
    ];
    let text = format!("{VOTES_HEADER}\n{}\n", votes.join("\n"));
    fs::write(folder.path().join("fer2013new.csv"), text).expect("a writable folder");
    let config = DataConfig {
        votes_share: 0.5,
        ..DataConfig::default()
    };
    let splits = data::prepare(&path, None, &config, 7)
        .expect("votes")
        .splits;
    let labels = [Expression::Happy, Expression::Fear];
    assert_eq!(splits.training.labels(), labels);
    for (index, label) in labels.into_iter().enumerate() {
        let shares = splits.training.distribution(index).expect("soft targets");
        assert!((shares.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        let share = shares[label.index()];
        assert!((0.5..1.0).contains(&share), "{label:?}: {shares:?}");
    }
    assert_eq!(splits.public_test.labels(), [Expression::Happy]);
    assert_eq!(splits.public_test.distribution(0), None);
}

#[test]
fn votes_replace_the_labels() {
    let rows = [
        row("3", "Training"),
        row("3", "Training"),
        row("3", "Training"),
        row("3", "PublicTest"),
        row("3", "PrivateTest"),
    ];
    let (folder, path) = file(&rows);
    let votes = folder.path().join("fer2013new.csv");
    let write = |rows: &[&str]| {
        let text = format!("{VOTES_HEADER}\n{}\n", rows.join("\n"));
        fs::write(&votes, text).expect("a writable folder");
    };
    write(&[
        "Training,a.png,0,10,0,0,0,0,0,0,0,0",
        "Training,b.png,0,6,0,0,0,0,0,4,0,0",
        "Training,,0,0,0,0,0,0,0,0,0,10",
        "PublicTest,c.png,0,0,0,0,0,2,0,8,0,0",
        "PrivateTest,d.png,5,5,0,0,0,0,0,0,0,0",
    ]);
    let prepare = |labels, classes| {
        let config = DataConfig {
            labels,
            ..DataConfig::default()
        };
        data::prepare(&path, None, &config, classes).map(|prepared| prepared.splits)
    };
    let splits = prepare(Labels::FerPlusMajority, 8).expect("votes for every face");
    assert_eq!(splits.training.labels(), [Expression::Happy; 2]);
    assert_eq!(splits.public_test.labels(), [Expression::Contempt]);
    assert!(splits.private_test.is_empty());
    assert_eq!(splits.training.distribution(0), None);

    let splits = prepare(Labels::FerPlusDistribution, 8).expect("votes for every face");
    let shares = splits.training.distribution(1).expect("shares");
    assert_eq!((shares[3], shares[7]), (0.6, 0.4));
    assert_eq!(splits.public_test.distribution(0), None);

    let splits = prepare(Labels::FerPlusDistribution, 7).expect("votes for every face");
    let shares = splits.training.distribution(1).expect("shares");
    assert_eq!((shares[3], shares[7]), (1.0, 0.0));
    assert!(splits.public_test.is_empty());

    write(&["Training,a.png,0,10,0,0,0,0,0,0,0,0"]);
    let error = prepare(Labels::FerPlusMajority, 8).expect_err("rows are missing");
    assert!(
        matches!(
            error,
            DataError::VotesRows {
                faces: 3,
                votes: 1,
                ..
            }
        ),
        "{error}"
    );
    write(&["Training,a.png,0,ten,0,0,0,0,0,0,0,0"]);
    let error = prepare(Labels::FerPlusMajority, 8).expect_err("no number");
    assert!(error.to_string().contains("line 2"), "{error}");
    fs::write(&votes, "Usage,label\n").expect("a writable folder");
    let error = prepare(Labels::FerPlusMajority, 8).expect_err("another table");
    assert!(matches!(error, DataError::VotesHeader { .. }), "{error}");
}

#[test]
fn training_faces_of_other_splits_are_dropped() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let slope = |step: usize| -> Vec<u8> {
        (0..FACE_PIXELS)
            .map(|i| (i % 48 * step + i / 48) as u8)
            .collect()
    };
    let mut splits = data::Splits::default();
    for step in [0, 1, 3] {
        splits.training.push(&slope(step), Expression::Sad);
    }
    splits.training.push(&[9; FACE_PIXELS], Expression::Fear);
    // A near duplicate of the third, an exact one of the fourth.
    let darker: Vec<u8> = slope(3).iter().map(|pixel| pixel / 2).collect();
    splits.private_test.push(&darker, Expression::Sad);
    splits.public_test.push(&[9; FACE_PIXELS], Expression::Fear);
    let path = folder.path().join("all.csv");
    data::write_fer2013(&path, &splits).expect("a writable folder");
    assert_eq!(data::read(&path).expect("the same faces"), splits);

    let config = DataConfig {
        drop_cross_split: true,
        ..DataConfig::default()
    };
    let prepared = data::prepare(&path, None, &config, 7).expect("faces");
    assert_eq!(prepared.repeated, 2);
    assert_eq!(prepared.splits.training.len(), 2);
    assert_eq!(prepared.splits.private_test, splits.private_test);
}
