//! Which pixels of a crop are which part of the face, from the detector's five landmarks.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::PIXELS;
use crate::crop::{FaceCrop, SIDE};
use crate::geometry::Point;

/// A part of a face. Left and right as in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The eye on the left of the picture, with its lids.
    LeftEye,
    /// The eye on the right of the picture, with its lids.
    RightEye,
    /// Both brows and what lies between them.
    Brows,
    /// From between the eyes to the nostrils.
    Nose,
    /// The lips and the skin around them.
    Mouth,
    /// Both cheeks.
    Cheeks,
    /// What lies below the mouth.
    Chin,
    /// Forehead, hair, ears and all that is not the face.
    Surroundings,
}

impl Part {
    /// How many parts there are.
    pub const COUNT: usize = 8;

    /// Every part, from top to bottom of the face; last what is around it.
    pub const ALL: [Self; Self::COUNT] = [
        Self::LeftEye,
        Self::RightEye,
        Self::Brows,
        Self::Nose,
        Self::Mouth,
        Self::Cheeks,
        Self::Chin,
        Self::Surroundings,
    ];

    /// Its place in [`ALL`](Self::ALL).
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }

    /// Its English name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LeftEye => "left eye",
            Self::RightEye => "right eye",
            Self::Brows => "brows",
            Self::Nose => "nose",
            Self::Mouth => "mouth",
            Self::Cheeks => "cheeks",
            Self::Chin => "chin",
            Self::Surroundings => "surroundings",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The landmarks of FER2013's faces in pixels of a crop, where those of a face are not known: the
/// medians over 321 Training faces, evenly spread, in which the detector finds them, made
/// symmetric.
pub const TYPICAL_LANDMARKS: [Point; 5] = [
    Point { x: 15.0, y: 19.2 },
    Point { x: 33.0, y: 19.2 },
    Point { x: 24.0, y: 28.8 },
    Point { x: 17.0, y: 36.5 },
    Point { x: 31.0, y: 36.5 },
];

/// The part of each pixel of a crop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaceParts {
    /// `[SIDE, SIDE]`.
    parts: Vec<Part>,
}

impl FaceParts {
    /// The parts of a face in its crop; its landmarks lie at these places of the photo.
    #[must_use]
    pub fn of(landmarks: &[Point; 5], crop: &FaceCrop) -> Self {
        let back = crop.transform.inverse();
        Self::new(&landmarks.map(|landmark| back.apply(landmark)))
    }

    /// The parts of a face whose landmarks lie at these places of the upright crop: left eye,
    /// right eye, tip of the nose, left and right corner of the mouth.
    #[must_use]
    pub fn new(landmarks: &[Point; 5]) -> Self {
        let layout = Layout::new(landmarks);
        let part = |index: usize| {
            layout.part(Point {
                x: (index % SIDE) as f32 + 0.5,
                y: (index / SIDE) as f32 + 0.5,
            })
        };
        Self {
            parts: (0..PIXELS).map(part).collect(),
        }
    }

    /// The parts of a typical face of FER2013.
    #[must_use]
    pub fn typical() -> Self {
        Self::new(&TYPICAL_LANDMARKS)
    }

    /// The part of each pixel, `[SIDE, SIDE]`.
    #[must_use]
    pub fn pixels(&self) -> &[Part] {
        &self.parts
    }

    /// How many pixels a part has; none where it lies outside the crop.
    #[must_use]
    pub fn count(&self, part: Part) -> usize {
        self.parts.iter().filter(|it| **it == part).count()
    }

    /// Where one of the parts is, `[SIDE, SIDE]`.
    #[must_use]
    pub fn mask(&self, parts: &[Part]) -> Vec<bool> {
        self.parts.iter().map(|it| parts.contains(it)).collect()
    }
}

/// Where the parts lie. All lengths are in multiples of `unit`, about the distance of the eyes;
/// the limits are those of an average face.
struct Layout {
    eyes: [Point; 2],
    nose: Point,
    corners: [Point; 2],
    /// Mean of the distances between the eyes and from the eyes to the mouth, which are alike
    /// from the front; in profile the second is left.
    unit: f32,
}

impl Layout {
    fn new(landmarks: &[Point; 5]) -> Self {
        let [left_eye, right_eye, nose, left_corner, right_corner] = *landmarks;
        let across = (right_eye.x - left_eye.x).abs();
        let down = left_corner.midpoint(right_corner).y - left_eye.midpoint(right_eye).y;
        Self {
            eyes: [left_eye, right_eye],
            nose,
            corners: [left_corner, right_corner],
            unit: f32::midpoint(across, down.abs()).max(down.abs()).max(1.0),
        }
    }

    fn part(&self, point: Point) -> Part {
        let [left_eye, right_eye] = self.eyes;
        let (eyes, mouth) = (
            left_eye.midpoint(right_eye),
            self.corners[0].midpoint(self.corners[1]),
        );
        let within = |center: Point, half_width: f32, half_height: f32| {
            let x = (point.x - center.x) / (half_width * self.unit);
            let y = (point.y - center.y) / (half_height * self.unit);
            x * x + y * y <= 1.0
        };
        let half_mouth = (self.corners[1].x - self.corners[0].x).abs() / 2.0;
        let below_eyes = (point.y - eyes.y) / self.unit;
        let below_mouth = (point.y - mouth.y) / self.unit;
        // The middle line runs from between the eyes to the middle of the mouth.
        let part_way = ((point.y - eyes.y) / (mouth.y - eyes.y).abs().max(1.0)).clamp(0.0, 1.0);
        let aside = (point.x - eyes.x - part_way * (mouth.x - eyes.x)).abs() / self.unit;
        let is_left = (point.x - left_eye.x).abs() <= (point.x - right_eye.x).abs();

        if within(left_eye, 0.36, 0.22) && is_left {
            return Part::LeftEye;
        }
        if within(right_eye, 0.36, 0.22) {
            return Part::RightEye;
        }
        let mouth_width = half_mouth / self.unit + 0.22;
        if within(mouth, mouth_width, 0.32) {
            return Part::Mouth;
        }
        let nose_end = (self.nose.y - eyes.y) / self.unit + 0.17;
        // The nose widens from its root to the nostrils.
        let nose_width = 0.12 + 0.2 * (below_eyes / nose_end.max(0.1)).clamp(0.0, 1.0);
        let nose_aside = (point.x - eyes.x - (self.nose.x - eyes.x) * part_way).abs() / self.unit;
        if (-0.2..=nose_end).contains(&below_eyes) && nose_aside <= nose_width {
            return Part::Nose;
        }
        let reach = (right_eye.x - left_eye.x).abs() / 2.0 / self.unit;
        if (-0.55..0.0).contains(&below_eyes) && aside <= reach + 0.42 {
            return Part::Brows;
        }
        if (0.0..0.75).contains(&below_mouth) && aside <= 0.6 - 0.3 * below_mouth {
            return Part::Chin;
        }
        if below_eyes >= 0.0 && below_mouth <= 0.45 && aside <= reach + 0.4 - 0.15 * part_way {
            return Part::Cheeks;
        }
        Part::Surroundings
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::geometry::Similarity;

    fn at(parts: &FaceParts, point: Point) -> Part {
        parts.pixels()[point.y as usize * SIDE + point.x as usize]
    }

    #[test]
    fn a_typical_face_has_every_part_where_it_belongs() {
        let parts = FaceParts::typical();
        for part in Part::ALL {
            assert!(parts.count(part) >= 20, "{part}: {}", parts.count(part));
        }
        let [left_eye, right_eye, nose, left, right] = TYPICAL_LANDMARKS;
        assert_eq!(at(&parts, left_eye), Part::LeftEye);
        assert_eq!(at(&parts, right_eye), Part::RightEye);
        assert_eq!(at(&parts, nose), Part::Nose);
        assert_eq!(at(&parts, left.midpoint(right)), Part::Mouth);
        assert_eq!(at(&parts, left), Part::Mouth);
        assert_eq!(at(&parts, Point::new(24.0, 46.5)), Part::Chin);
        assert_eq!(at(&parts, Point::new(12.0, 29.0)), Part::Cheeks);
        assert_eq!(at(&parts, Point::new(15.0, 13.0)), Part::Brows);
        for corner in [0.5, 47.5] {
            assert_eq!(at(&parts, Point::new(corner, 0.5)), Part::Surroundings);
        }
    }

    #[test]
    fn a_face_in_a_photo_has_the_parts_of_its_crop() {
        // The crop lies turned and enlarged in its photo.
        let (middle, place) = (Point::new(24.0, 24.0), Point::new(300.0, 120.0));
        let transform = Similarity::new(3.0, [0.8, 0.6], middle, place);
        let crop = FaceCrop {
            pixels: vec![0.0; PIXELS],
            transform,
        };
        let in_photo = TYPICAL_LANDMARKS.map(|landmark| transform.apply(landmark));
        let found = FaceParts::of(&in_photo, &crop);
        let typical = FaceParts::typical();
        let pairs = found.parts.iter().zip(&typical.parts);
        // Rounding may tip a pixel on a border.
        let same = pairs.filter(|(one, other)| one == other).count();
        assert!(same > PIXELS - 10, "{same}");
    }

    #[test]
    fn a_symmetric_face_has_symmetric_parts() {
        let parts = FaceParts::typical();
        for (index, &part) in parts.pixels().iter().enumerate() {
            let mirrored = parts.pixels()[index - index % SIDE + SIDE - 1 - index % SIDE];
            let expected = match part {
                Part::LeftEye => Part::RightEye,
                Part::RightEye => Part::LeftEye,
                part => part,
            };
            assert_eq!(mirrored, expected, "{index}");
        }
    }

    proptest! {
        #[test]
        fn any_landmarks_give_a_part_for_each_pixel(
            places in proptest::array::uniform10(-100.0..150.0_f32),
        ) {
            let landmarks = [0, 2, 4, 6, 8].map(|i| Point::new(places[i], places[i + 1]));
            let parts = FaceParts::new(&landmarks);
            let counts: usize = Part::ALL.iter().map(|&part| parts.count(part)).sum();
            prop_assert_eq!(counts, PIXELS);
            prop_assert_eq!(parts.mask(&Part::ALL), vec![true; PIXELS]);
        }
    }
}
