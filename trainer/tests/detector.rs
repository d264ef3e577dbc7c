//! The shipped face detector: what it finds in photos, and that it gives what onnxruntime gives
//! for the original one.

use std::fs;
use std::path::{Path, PathBuf};

use image::imageops::{self, FilterType};
use image::{RgbaImage, imageops::crop_imm};
use mien_engine::cpu;
use mien_engine::crop::FRAMING;
use mien_engine::detect::{DetectOptions, Detector, Face};
use mien_engine::geometry::Rect;
use mien_engine::photo::Photo;
use mien_engine::plan::Plan;
use mien_engine::runner::{Batch, Runner};
use mien_trainer::cli::import_detector;
use mien_trainer::photo::read_photo;
use serde::Deserialize;

/// As `tests/golden/centerface.py` writes it.
#[derive(Deserialize)]
struct Golden {
    cuts: Vec<Cut>,
}

#[derive(Deserialize)]
struct Cut {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
    means: Vec<f32>,
    places: Vec<Place>,
}

#[derive(Deserialize)]
struct Place {
    row: usize,
    column: usize,
    values: Vec<f32>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The largest differences at the recorded places and of the recorded means.
fn differences(plan: Plan) -> (f32, f32) {
    let golden = fs::read(root().join("tests/golden/centerface.json")).expect("golden outputs");
    let golden: Golden = serde_json::from_slice(&golden).expect("golden outputs");
    let photo = read_photo(&root().join("tests/photos/astronaut.png")).expect("a photo");
    let mut runner = cpu::Runner::new(plan).expect("a valid plan");
    let (mut at_places, mut of_means) = (0.0_f32, 0.0_f32);
    for cut in golden.cuts {
        let data = cut.pixels(&photo);
        let outputs = runner.run(Batch {
            data: &data,
            count: 1,
            height: cut.height,
            width: cut.width,
        });
        let outputs = outputs.expect("a valid batch");
        let (columns, area) = (cut.width / 4, cut.width * cut.height / 16);
        let channels = |index: usize| outputs[index].len() / area;
        // All channels of all outputs, in the order in which they were recorded.
        let all: Vec<(usize, usize)> = (0..outputs.len())
            .flat_map(|output| (0..channels(output)).map(move |channel| (output, channel)))
            .collect();
        for (&(output, channel), expected) in all.iter().zip(&cut.means) {
            let values = outputs[output]
                .iter()
                .skip(channel)
                .step_by(channels(output));
            let mean = (values.map(|&value| f64::from(value)).sum::<f64>() / area as f64) as f32;
            of_means = of_means.max((mean - expected).abs());
        }
        for place in &cut.places {
            let index = place.row * columns + place.column;
            for (&(output, channel), expected) in all.iter().zip(&place.values) {
                let found = outputs[output][index * channels(output) + channel];
                at_places = at_places.max((found - expected).abs());
            }
        }
    }
    (at_places, of_means)
}

impl Cut {
    fn pixels(&self, photo: &Photo) -> Vec<f32> {
        let rows = photo.rgba().chunks_exact(4 * photo.width());
        let rows = rows.skip(self.top).take(self.height);
        let pixels = rows.flat_map(|row| row[4 * self.left..][..4 * self.width].chunks_exact(4));
        pixels
            .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]].map(f32::from))
            .collect()
    }
}

fn shipped() -> Plan {
    let bytes = fs::read(root().join("public/models/centerface.mien")).expect("the detector");
    Plan::from_bytes(&bytes).expect("a model")
}

fn photo(name: &str) -> RgbaImage {
    let photo = read_photo(&root().join("tests/photos").join(name)).expect("a photo");
    let size = (photo.width() as u32, photo.height() as u32);
    RgbaImage::from_raw(size.0, size.1, photo.rgba().to_vec()).expect("a picture")
}

fn detect(picture: RgbaImage, options: &DetectOptions) -> Vec<Face> {
    let size = (picture.width() as usize, picture.height() as usize);
    let photo = Photo::new(size.0, size.1, picture.into_raw()).expect("a photo");
    let runner = cpu::Runner::new(shipped()).expect("a valid plan");
    let mut detector = Detector::new(Runner::Cpu(Box::new(runner))).expect("a detector");
    pollster::block_on(detector.detect(&photo, options)).expect("a valid photo")
}

/// The astronaut's face.
const FACE: Rect = Rect {
    x: 179.0,
    y: 59.0,
    width: 90.0,
    height: 117.0,
};

/// The part of the astronaut that is `times` as long as the face, around it, and the face in it.
fn around_the_face(times: f32) -> (RgbaImage, Rect) {
    let side = FACE.height * times;
    let cut = Rect::around(FACE.center(), side, side);
    let [left, top, side] = [cut.x, cut.y, side].map(|value| value.max(0.0) as u32);
    let picture = crop_imm(&photo("astronaut.png"), left, top, side, side).to_image();
    let face = Rect {
        x: FACE.x - left as f32,
        y: FACE.y - top as f32,
        ..FACE
    };
    (picture, face)
}

fn scaled(face: &Rect, scale: f32) -> Rect {
    Rect {
        x: face.x * scale,
        y: face.y * scale,
        width: face.width * scale,
        height: face.height * scale,
    }
}

#[test]
fn the_astronaut_has_one_face() {
    for options in [DetectOptions::PHOTO, DetectOptions::CAMERA] {
        let [face] = detect(photo("astronaut.png"), &options)[..] else {
            panic!("one face");
        };
        assert!(face.bounds.iou(&FACE) > 0.8, "{face:?}");
        let expected = [
            (204.0, 102.0),
            (248.0, 105.0),
            (225.0, 125.0),
            (205.0, 144.0),
            (241.0, 146.0),
        ];
        for (found, (x, y)) in face.landmarks.iter().zip(expected) {
            assert!((found.x - x).hypot(found.y - y) < 6.0, "{face:?}");
        }
    }
}

#[test]
fn pictures_without_people_have_no_face_however_they_are_cut_and_turned() {
    for name in ["chelsea.png", "coffee.jpg", "rocket.jpg", "gravel.jpg"] {
        let whole = photo(name);
        assert_eq!(
            detect(imageops::rotate90(&whole), &DetectOptions::PHOTO),
            []
        );
        let side = whole.height() / 2;
        for (left, top) in [(0, 0), (side, 0), (0, side), (side, side)] {
            let part = crop_imm(&whole, left, top, side, side).to_image();
            assert_eq!(
                detect(part, &DetectOptions::PHOTO),
                [],
                "{name} {left} {top}"
            );
        }
        assert_eq!(detect(whole, &DetectOptions::PHOTO), [], "{name}");
    }
}

#[test]
fn a_face_is_found_in_a_turned_photo_and_set_upright() {
    let upright = photo("../../public/samples/camera.jpg");
    let (width, height) = (upright.width() as f32, upright.height() as f32);
    let [face] = detect(upright.clone(), &DetectOptions::PHOTO)[..] else {
        panic!("one face");
    };
    let middle = face.extent.center();
    for (turned, degrees, expected) in [
        (
            imageops::rotate90(&upright),
            90.0_f32,
            (height - middle.y, middle.x),
        ),
        (
            imageops::rotate180(&upright),
            180.0,
            (width - middle.x, height - middle.y),
        ),
    ] {
        let [found] = detect(turned, &DetectOptions::PHOTO)[..] else {
            panic!("one face at {degrees} degrees");
        };
        let center = found.extent.center();
        let distance = (center.x - expected.0).hypot(center.y - expected.1);
        assert!(distance < 0.2 * face.extent.height, "{degrees}: {distance}");
        let angle = FRAMING.transform(&found).angle() - FRAMING.transform(&face).angle();
        let off = (angle.to_degrees() - degrees + 540.0).rem_euclid(360.0) - 180.0;
        assert!(off.abs() < 20.0, "{degrees}: {off}");
    }
}

#[test]
fn a_small_gray_picture_that_is_a_face_has_one() {
    let (picture, _) = around_the_face(1.0);
    for (side, noise) in [(48, 0), (48, 40), (96, 40), (224, 0)] {
        let mut small = imageops::resize(&picture, side, side, FilterType::Triangle);
        for (index, pixel) in small.pixels_mut().enumerate() {
            let [r, g, b, _] = pixel.0.map(u32::from);
            // Some grain, and half the light.
            let grain = (index as u32).wrapping_mul(2_654_435_761) >> 16 & 0xff;
            let luma = (r + 2 * g + b) / 8 + grain * noise / 255;
            pixel.0[..3].fill(luma as u8);
        }
        let faces = detect(small, &DetectOptions::PHOTO);
        assert_eq!(faces.len(), 1, "{side} pixels, grain {noise}: {faces:?}");
    }
}

#[test]
fn a_face_is_found_at_every_size() {
    // Tight, with some surroundings, and the whole photo; from a thumbnail to twelve megapixels.
    for times in [1.0, 1.3, 2.0, 4.0] {
        let (picture, truth) = around_the_face(times);
        for side in [48, 100, 200, 640, 3000] {
            let scale = side as f32 / picture.width() as f32;
            if FACE.height * scale < 20.0 {
                continue;
            }
            let resized = imageops::resize(&picture, side, side, FilterType::Triangle);
            let faces = detect(resized, &DetectOptions::PHOTO);
            assert_eq!(
                faces.len(),
                1,
                "{times} times the face at {side} pixels: {faces:?}"
            );
            let iou = faces[0].extent.iou(&scaled(&truth, scale));
            assert!(iou > 0.6, "{times} times the face at {side} pixels: {iou}");
        }
    }
}

#[test]
fn the_shipped_detector_gives_what_the_original_gives() {
    let (at_places, of_means) = differences(shipped());
    println!("shipped: {at_places} at faces, {of_means} of means");
    // The weights are bytes.
    assert!(at_places < 0.1 && of_means < 0.05, "{at_places} {of_means}");
}

/// Needs the original: set `CENTERFACE_ONNX` to `centerface.onnx` or to the package that holds it.
#[test]
fn the_conversion_is_exact() {
    let Some(path) = std::env::var_os("CENTERFACE_ONNX") else {
        println!("skipped: CENTERFACE_ONNX is not set");
        return;
    };
    let onnx = import_detector::read_onnx(Path::new(&path)).expect("the original detector");
    let plan = import_detector::convert(&onnx).expect("a plan");
    let (at_places, of_means) = differences(plan);
    println!("f32: {at_places} at faces, {of_means} of means");
    assert!(
        at_places < 1e-4 && of_means < 1e-4,
        "{at_places} {of_means}"
    );
}

#[test]
fn a_small_face_makes_smaller_ones_looked_for() {
    // A picture without people, and on it a face of a thirtieth of its length and one of a fiftieth.
    let mut scene = imageops::resize(&photo("gravel.jpg"), 1600, 1200, FilterType::Triangle);
    let (picture, face) = around_the_face(2.0);
    let mut truths = Vec::new();
    for (height, [left, top]) in [(56.0, [300_u32, 250_u32]), (32.0, [1150, 820])] {
        let scale = height / face.height;
        let side = (picture.width() as f32 * scale) as u32;
        let small = imageops::resize(&picture, side, side, FilterType::Triangle);
        imageops::overlay(&mut scene, &small, left.into(), top.into());
        let face = scaled(&face, scale);
        truths.push(Rect {
            x: face.x + left as f32,
            y: face.y + top as f32,
            ..face
        });
    }
    let faces = detect(scene, &DetectOptions::PHOTO);
    assert_eq!(faces.len(), truths.len(), "{faces:?}");
    for truth in truths {
        let found = faces.iter().any(|face| face.extent.iou(&truth) > 0.5);
        assert!(found, "{truth:?}: {faces:?}");
    }
}
