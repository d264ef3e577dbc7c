//! The shipped face detector, compared with what onnxruntime gives for the original one.

use std::fs;
use std::path::{Path, PathBuf};

use mien_engine::cpu;
use mien_engine::photo::Photo;
use mien_engine::plan::Plan;
use mien_engine::runner::Batch;
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

#[test]
fn the_shipped_detector_gives_what_the_original_gives() {
    let bytes = fs::read(root().join("public/models/centerface.mien")).expect("the detector");
    let (at_places, of_means) = differences(Plan::from_bytes(&bytes).expect("a model"));
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
