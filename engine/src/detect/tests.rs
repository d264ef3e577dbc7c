//! The detector around a network of our own making, which takes a red spot for a face.

use proptest::prelude::*;

use super::*;
use crate::cpu;
use crate::plan::{Activation, InputSpec, Layer, LayerKind, Window};

/// Height and width of the faces that the network below reports, in its input.
const BOX: [f32; 2] = [40.0, 32.0];

fn layer(input: TensorId, kind: LayerKind, activation: Activation) -> Layer {
    Layer {
        input,
        kind,
        residual: None,
        activation,
    }
}

/// The mean colour of each square of 4 x 4 pixels, and heads of which only the score looks at it.
pub fn red_spots() -> Plan {
    red_spots_in(BOX)
}

/// The same with another box around each spot.
fn red_spots_in(size: [f32; 2]) -> Plan {
    let colour = TensorId(1);
    let head = |weight: Vec<f32>, bias: Vec<f32>, activation| {
        let kind = LayerKind::Conv {
            window: Window::square(1, 1, 0),
            out_channels: bias.len(),
            weight,
            bias,
        };
        layer(colour, kind, activation)
    };
    let mean = LayerKind::AveragePool(Window::square(4, 4, 0));
    let size = size.map(|side| (side / 4.0).ln());
    // Down and right, as parts of the box.
    let landmarks = vec![0.4, 0.3, 0.4, 0.7, 0.6, 0.5, 0.8, 0.3, 0.8, 0.7];
    Plan {
        input: InputSpec {
            channels: 3,
            size: None,
            multiple: 32,
            scale: 1.0,
            offset: 0.0,
        },
        layers: vec![
            layer(TensorId::INPUT, mean, Activation::Identity),
            head(vec![0.03, -0.03, 0.0], vec![-3.0], Activation::Sigmoid),
            head(vec![0.0; 6], size.to_vec(), Activation::Identity),
            head(vec![0.0; 6], vec![0.0; 2], Activation::Identity),
            head(vec![0.0; 30], landmarks, Activation::Identity),
        ],
        outputs: vec![TensorId(2), TensorId(3), TensorId(4), TensorId(5)],
    }
}

fn detect_with(plan: Plan, photo: &Photo, options: &DetectOptions) -> Vec<Face> {
    let runner = cpu::Runner::new(plan).expect("a valid plan");
    let mut detector = Detector::new(Runner::Cpu(Box::new(runner))).expect("a detector");
    pollster::block_on(detector.detect(photo, options)).expect("a valid photo")
}

fn detect(photo: &Photo, options: &DetectOptions) -> Vec<Face> {
    detect_with(red_spots(), photo, options)
}

/// A black photo with red squares of `size` pixels around the centres.
pub fn spots(width: usize, height: usize, centers: &[Point], size: f32) -> Photo {
    let mut rgba = [0, 0, 0, 255].repeat(width * height);
    for (index, pixel) in rgba.chunks_exact_mut(4).enumerate() {
        let x = (index % width) as f32 + 0.5;
        let y = (index / width) as f32 + 0.5;
        let near = |center: &Point| (x - center.x).abs().max((y - center.y).abs()) < size / 2.0;
        if centers.iter().any(near) {
            pixel[0] = 255;
        }
    }
    Photo::new(width, height, rgba).expect("a valid photo")
}

#[test]
fn another_network_is_refused() {
    let refused = |change: fn(&mut Plan)| {
        let mut plan = red_spots();
        change(&mut plan);
        let runner = cpu::Runner::new(plan).expect("a valid plan");
        let detector = Detector::new(Runner::Cpu(Box::new(runner)));
        assert!(matches!(detector, Err(DetectError::NotADetector)));
    };
    refused(|plan| plan.outputs.truncate(3));
    refused(|plan| plan.outputs.swap(1, 3));
    refused(|plan| plan.outputs[0] = TensorId(1));
    refused(|plan| plan.input.multiple = 64);
    refused(|plan| plan.input.size = Some([64, 64]));
}

#[test]
fn each_spot_is_one_face_within_the_photo() {
    let centers = [Point::new(50.0, 50.0), Point::new(390.0, 120.0)];
    let photo = spots(400, 240, &centers, 6.0);
    let at_full_size = DetectOptions {
        long_side: 400,
        look_again: false,
    };
    let mut faces = detect(&photo, &at_full_size);
    faces.sort_by(|one, other| one.extent.x.total_cmp(&other.extent.x));
    assert_eq!(faces.len(), 2, "{faces:?}");
    for (face, center) in faces.iter().zip(centers) {
        let found = face.extent.center();
        assert!((found.x - center.x).abs() < 4.0 && (found.y - center.y).abs() < 4.0);
        let [height, width] = BOX;
        assert!((face.extent.height - height).abs() + (face.extent.width - width).abs() < 1e-3);
        assert!(face.bounds.x >= 0.0 && face.bounds.right() <= 400.0);
    }
    assert!(faces[1].extent.right() > 400.0);
    let nose = faces[0].landmarks[2];
    assert!((nose.y - faces[0].extent.y - 0.6 * BOX[0]).abs() < 1e-3);
}

#[test]
fn a_look_again_is_taken_only_where_it_is_asked_for() {
    // So small that the whole photo at 16 pixels turns it black; the close-up enlarges it.
    let photo = spots(400, 400, &[Point::new(200.0, 200.0)], 20.0);
    let mut options = DetectOptions {
        long_side: 16,
        look_again: false,
    };
    assert_eq!(detect(&photo, &options), []);
    options.look_again = true;
    let [face] = detect(&photo, &options)[..] else {
        panic!("one face");
    };
    let found = face.extent.center();
    assert!((found.x - 200.0).abs() < 12.0 && (found.y - 200.0).abs() < 12.0);
}

/// A black photo with a square of this red and size around its middle, a corner of four places
/// of the map.
fn red_square(red: u8, size: f32) -> Photo {
    dimmed(&spots(400, 400, &[Point::new(200.0, 200.0)], size), red)
}

/// A photo with no more red than this.
fn dimmed(photo: &Photo, red: u8) -> Photo {
    let mut rgba = photo.rgba().to_vec();
    for pixel in rgba.chunks_exact_mut(4) {
        pixel[0] = pixel[0].min(red);
    }
    Photo::new(photo.width(), photo.height(), rgba).expect("a valid photo")
}

#[test]
fn a_doubtful_face_is_one_if_a_closer_look_is_sure() {
    let options = DetectOptions {
        long_side: 400,
        look_again: true,
    };
    let first_look = DetectOptions {
        look_again: false,
        ..options
    };
    // Each place sees a quarter of it, which is too little; cut out and enlarged it fills one.
    let small = red_square(255, 4.0);
    assert_eq!(detect(&small, &first_look), []);
    let [face] = detect(&small, &options)[..] else {
        panic!("one face");
    };
    let found = face.extent.center();
    assert!((found.x - 200.0).abs() < 4.0 && (found.y - 200.0).abs() < 4.0);
    assert!(face.score > MIN_SCORE);
    // Faint at any size.
    let faint = red_square(60, 100.0);
    assert_eq!(detect(&faint, &options), []);
}

/// A black photo with a large spot in its middle and a small one elsewhere.
fn two_spots(size: [usize; 2], large: f32, smaller: Point, small: f32) -> Photo {
    let [width, height] = size;
    let middle = Point::new(width as f32 / 2.0, height as f32 / 2.0);
    let mut rgba = spots(width, height, &[middle], large).rgba().to_vec();
    let other = spots(width, height, &[smaller], small);
    for (value, other) in rgba.iter_mut().zip(other.rgba()) {
        *value = (*value).max(*other);
    }
    Photo::new(width, height, rgba).expect("a valid photo")
}

/// Whether a network that takes spots for faces of this size finds one near a point.
fn finds(point: Point, photo: &Photo, size: [f32; 2], options: DetectOptions) -> bool {
    let is_near = |face: &Face| {
        let center = face.extent.center();
        (center.x - point.x).abs().max((center.y - point.y).abs()) < 40.0
    };
    let faces = detect_with(red_spots_in(size), photo, &options);
    faces.iter().any(is_near)
}

const SMALL_BOX: [f32; 2] = [20.0, 16.0];

#[test]
fn a_coarse_look_is_enough_where_its_faces_are_large() {
    // It fills a place of the fine look's map, and is too little of one of the coarse looks' to be seen
    // at all.
    let smaller = Point::new(122.0, 122.0);
    let photo = dimmed(&two_spots([1280, 1280], 100.0, smaller, 4.0), 120);
    let options = DetectOptions {
        long_side: 1280,
        look_again: true,
    };
    let finds_it = |size| finds(smaller, &photo, size, options);
    assert!(finds_it(SMALL_BOX));
    assert!(!finds_it(BOX.map(|side| 2.0 * side)));
}

#[test]
fn small_faces_are_looked_for_more_finely() {
    // The smaller spot lies where four places of the first look's map meet, and in the middle of one
    // of a quarter's.
    let smaller = Point::new(120.0, 120.0);
    let photo = two_spots([3200, 1600], 100.0, smaller, 18.0);
    let finds_it = |size, look_again| {
        let options = DetectOptions {
            long_side: 320,
            look_again,
        };
        finds(smaller, &photo, size, options)
    };
    assert!(!finds_it(SMALL_BOX, false));
    assert!(finds_it(SMALL_BOX, true));
    // Where the first look's faces are large, no smaller ones are looked for.
    assert!(!finds_it(BOX, true));
}

#[test]
fn the_camera_is_searched_as_finely_as_the_followed_faces_ask_for() {
    let long_side = |share| DetectOptions::following(share).long_side;
    assert_eq!(long_side(0.05), DetectOptions::CAMERA.long_side);
    assert_eq!(long_side(0.25), 256);
    assert_eq!(long_side(0.9), DetectOptions::CAMERA.long_side / 2);
    assert_eq!(
        long_side(f32::INFINITY),
        DetectOptions::CAMERA.long_side / 2
    );
    assert_eq!(long_side(0.0), DetectOptions::CAMERA.long_side);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_photo_of_any_size_can_be_searched(
        (width, height) in prop_oneof![
            (1..80_usize, 1..80_usize),
            (1..3_usize, 1..20_001_usize),
            (1..20_001_usize, 1..3_usize),
        ],
        (x, y) in (0.0..1.0_f32, 0.0..1.0_f32),
    ) {
        let center = Point::new(x * width as f32, y * height as f32);
        let photo = spots(width, height, &[center], width.max(height) as f32 / 10.0);
        for face in detect(&photo, &DetectOptions::PHOTO) {
            prop_assert!(face.bounds.area() > 0.0);
            prop_assert!(face.bounds.x >= 0.0 && face.bounds.y >= 0.0);
            prop_assert!(face.bounds.right() <= width as f32 * 1.000_1);
            prop_assert!(face.bounds.bottom() <= height as f32 * 1.000_1);
        }
    }

    #[test]
    fn places_are_those_of_the_photo_at_any_scale(
        (x, y) in (0.1..0.9_f32, 0.1..0.9_f32),
        (width, height) in (200..1500_usize, 200..1500_usize),
    ) {
        let long = width.max(height) as f32;
        let step = (long / 640.0).max(1.0);
        let center = Point::new(x * width as f32, y * height as f32);
        let photo = spots(width, height, &[center], 6.0 * step);
        let one_look = DetectOptions { look_again: false, ..DetectOptions::PHOTO };
        let faces = detect(&photo, &one_look);
        prop_assert_eq!(faces.len(), 1, "{:?}", faces);
        let found = faces[0].extent.center();
        prop_assert!((found.x - center.x).abs() < 5.0 * step, "{:?} {:?}", found, center);
        prop_assert!((found.y - center.y).abs() < 5.0 * step, "{:?} {:?}", found, center);
        prop_assert!((faces[0].extent.height / (BOX[0] * step) - 1.0).abs() < 0.01);
    }
}
