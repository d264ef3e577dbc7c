use proptest::prelude::*;

use super::*;
use crate::crop::FaceCrop;
use crate::detect::Face;
use crate::expression::Expression;
use crate::geometry::Similarity;

const HAPPY: usize = 3;
const CLASSES: usize = Expression::FER2013.len();

/// Side of the faces here, in pixels.
const SIDE: f32 = 80.0;

fn reading(center: Point, probabilities: impl Into<Probabilities>) -> FaceReading {
    let bounds = Rect::around(center, SIDE, SIDE);
    FaceReading {
        face: Face {
            bounds,
            extent: bounds,
            landmarks: [center; 5],
            score: 0.9,
        },
        crop: FaceCrop {
            pixels: Vec::new(),
            transform: Similarity::new(1.0, [1.0, 0.0], center, center),
        },
        probabilities: probabilities.into(),
        uncertain_below: 0.0,
    }
}

fn face_at(x: f32, y: f32) -> FaceReading {
    reading(Point::new(x, y), [1.0 / CLASSES as f32; CLASSES])
}

fn numbers(faces: &[TrackedFace]) -> Vec<u32> {
    faces.iter().map(|face| face.track).collect()
}

fn tracker() -> Tracker {
    Tracker::new(TrackOptions::default())
}

#[test]
fn new_faces_get_new_numbers() {
    let mut tracker = tracker();
    assert_eq!(
        numbers(&tracker.update(0.0, vec![face_at(100.0, 100.0)])),
        [1]
    );
    let both = vec![face_at(400.0, 100.0), face_at(102.0, 100.0)];
    assert_eq!(numbers(&tracker.update(0.1, both)), [2, 1]);
    assert!(tracker.update(0.2, vec![]).is_empty());
}

#[test]
fn a_face_is_forgotten_when_it_was_missing_for_too_long() {
    let mut tracker = tracker();
    let mut see = |time_s: f64, is_there: bool| {
        let faces = is_there.then(|| face_at(100.0, 100.0));
        numbers(&tracker.update(time_s, faces.into_iter().collect()))
    };
    assert_eq!(see(0.0, true), [1]);
    see(0.5, false);
    assert_eq!(see(1.5, true), [1]);
    see(2.0, false);
    see(3.0, false);
    assert_eq!(see(3.1, true), [2]);
    // A slow machine is no loss.
    assert_eq!(see(6.0, true), [2]);
}

#[test]
fn a_film_that_is_rewound_begins_anew() {
    let mut tracker = tracker();
    assert_eq!(
        numbers(&tracker.update(5.0, vec![face_at(100.0, 100.0)])),
        [1]
    );
    assert_eq!(
        numbers(&tracker.update(4.9, vec![face_at(100.0, 100.0)])),
        [2]
    );
}

/// Two faces pass each other, the right one behind the left one: while they overlap, the detector
/// sees only the one in front.
fn crossing_keeps_identities(rate: f32, speed: f32, drop: f32, trembling: &[f32]) -> bool {
    let mut tracker = tracker();
    let frames = (400.0 / speed * rate) as usize;
    let mut first = Vec::new();
    let mut last = Vec::new();
    for frame in 0..=frames {
        let way = frame as f32 / rate * speed;
        let tremble = trembling[frame % trembling.len()];
        let front = face_at(100.0 + way + tremble, 200.0);
        let behind = face_at(500.0 - way - tremble, 200.0 + drop);
        let is_hidden = front.face.extent.iou(&behind.face.extent) > 0.35;
        let time_s = f64::from(frame as f32 / rate);
        if is_hidden {
            tracker.update(time_s, vec![front]);
        } else {
            last = numbers(&tracker.update(time_s, vec![front, behind]));
            if first.is_empty() {
                first.clone_from(&last);
            }
        }
    }
    first == [1, 2] && last == first
}

proptest! {
    #[test]
    fn crossing_faces_keep_their_identities(
        rate in 5.0..60.0_f32,
        speed in 120.0..300.0_f32,
        drop in -20.0..20.0_f32,
        trembling in proptest::collection::vec(-1.5..1.5_f32, 1..30),
    ) {
        prop_assert!(crossing_keeps_identities(rate, speed, drop, &trembling));
    }

    #[test]
    fn a_short_loss_keeps_the_identity(
        rate in 5.0..60.0_f32,
        velocity in (-150.0..150.0_f32, -150.0..150.0_f32),
        lost_s in 0.0..0.75_f32,
    ) {
        let mut tracker = tracker();
        let at = |time_s: f32| face_at(320.0 + velocity.0 * time_s, 240.0 + velocity.1 * time_s);
        let mut time_s = 0.0;
        while time_s < 1.5 {
            let faces = tracker.update(time_s.into(), vec![at(time_s)]);
            prop_assert_eq!(numbers(&faces), [1]);
            time_s += 1.0 / rate;
        }
        let back_s = time_s + lost_s;
        while time_s < back_s {
            tracker.update(time_s.into(), vec![]);
            time_s += 1.0 / rate;
        }
        prop_assert_eq!(numbers(&tracker.update(time_s.into(), vec![at(time_s)])), [1]);
    }

    #[test]
    fn the_order_of_detections_does_not_matter(
        places in proptest::collection::vec((0.0..600.0_f32, 0.0..400.0_f32), 1..8),
        steps in proptest::collection::vec(
            proptest::collection::vec((-15.0..15.0_f32, -15.0..15.0_f32), 8), 1..8,
        ),
        turn in 0..8_usize,
    ) {
        let (mut plain, mut turned) = (tracker(), tracker());
        let mut faces: Vec<_> = places.iter().map(|&(x, y)| face_at(x, y)).collect();
        let mut time_s = 0.0;
        let first = plain.update(time_s, faces.clone());
        prop_assert_eq!(first.clone(), turned.update(time_s, faces.clone()));
        for step in steps {
            time_s += 0.05;
            for (face, (x, y)) in faces.iter_mut().zip(step) {
                face.face.extent.x += x;
                face.face.extent.y += y;
            }
            let mut other = faces.clone();
            let turn = turn % faces.len();
            other.rotate_left(turn);
            let one = plain.update(time_s, faces.clone());
            let mut two = turned.update(time_s, other);
            two.rotate_right(turn);
            // Tracks that exist keep their numbers; those that begin are numbered as they come.
            let known = one.iter().zip(&two).filter(|(one, _)| one.track as usize <= places.len());
            for (one, two) in known {
                prop_assert_eq!(one, two);
            }
        }
    }

    #[test]
    fn no_two_faces_share_a_track(
        frames in proptest::collection::vec(
            proptest::collection::vec((0.0..300.0_f32, 0.0..300.0_f32), 0..6), 1..12,
        ),
    ) {
        let mut tracker = tracker();
        for (index, places) in frames.iter().enumerate() {
            let faces = places.iter().map(|&(x, y)| face_at(x, y)).collect();
            let mut numbers = numbers(&tracker.update(index as f64 * 0.1, faces));
            numbers.sort_unstable();
            numbers.dedup();
            prop_assert_eq!(numbers.len(), places.len());
        }
    }

    #[test]
    fn smoothing_does_not_depend_on_the_frame_rate(
        constant_s in 0.05..2.0_f64, frames in 1..60_usize,
    ) {
        let options = TrackOptions { smoothing_s: constant_s, ..TrackOptions::default() };
        let mut sure = [0.0; CLASSES];
        sure[HAPPY] = 1.0;
        let happy_after_half_a_second = |frames: usize| {
            let mut tracker = Tracker::new(options);
            tracker.update(0.0, vec![reading(Point::new(99.0, 99.0), [0.0; CLASSES])]);
            let mut happy = 0.0;
            for frame in 1..=frames {
                let time_s = 0.5 * frame as f64 / frames as f64;
                let faces = tracker.update(time_s, vec![reading(Point::new(99.0, 99.0), sure)]);
                happy = faces[0].reading.probabilities[HAPPY];
                assert_eq!(faces[0].unsmoothed, sure.into());
            }
            happy
        };
        let expected = 1.0 - (-0.5 / constant_s).exp();
        let found = f64::from(happy_after_half_a_second(frames));
        prop_assert!((found - expected).abs() < 1e-4, "{} instead of {}", found, expected);
    }

    #[test]
    fn smoothed_probabilities_sum_to_one(
        steps in proptest::collection::vec((0.001..1.0_f64, 0..CLASSES), 1..40),
        smoothing_s in 0.0..3.0_f64,
    ) {
        let mut tracker = Tracker::new(TrackOptions { smoothing_s, ..TrackOptions::default() });
        let mut time_s = 0.0;
        for (elapsed_s, class) in steps {
            time_s += elapsed_s;
            let mut sure = [0.0; CLASSES];
            sure[class] = 1.0;
            let faces = tracker.update(time_s, vec![reading(Point::new(50.0, 50.0), sure)]);
            let probabilities = faces[0].reading.probabilities;
            prop_assert!((probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-4);
            prop_assert!(probabilities.iter().all(|p| (0.0..=1.0).contains(p)));
            if smoothing_s == 0.0 {
                prop_assert_eq!(probabilities, sure.into());
            }
        }
    }
}

#[test]
fn likeness_falls_with_distance_also_where_boxes_do_not_meet() {
    let at = |x: f32| Rect::around(Point::new(x, 0.0), SIDE, SIDE);
    let likeness: Vec<_> = [0.0, 20.0, 90.0, 200.0, 2000.0]
        .iter()
        .map(|&x| diou(&at(0.0), &at(x)))
        .collect();
    assert!((likeness[0] - 1.0).abs() < 1e-6);
    assert!(likeness.is_sorted_by(|nearer, farther| nearer > farther));
    assert!(likeness[4] > -1.0);
    assert!((diou(&at(0.0), &at(SIDE)) - MIN_LIKENESS).abs() < 1e-6);
}
