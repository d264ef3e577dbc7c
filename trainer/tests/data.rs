//! What the readers of data sets accept, and what they say about the rest.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use image::{GrayImage, Luma};
use mien_engine::expression::Expression;
use mien_trainer::data::{self, DataError, FACE_PIXELS, RowFault, Split};
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

    let error = data::load(folder.path(), Some(Split::Training)).expect_err("no splits");
    assert!(matches!(error, DataError::FolderSplit { .. }));
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
