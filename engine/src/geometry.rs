//! Points, rectangles and similarity transforms.
//!
//! Coordinates are in pixels, x to the right and y down. Pixel `i` covers `i..i + 1`, so its
//! centre is at `i + 0.5` and a picture covers `0..width` by `0..height`.

use serde::{Deserialize, Serialize};

/// A place in a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// To the right, in pixels.
    pub x: f32,
    /// Down, in pixels.
    pub y: f32,
}

impl Point {
    /// The point at (`x`, `y`).
    #[must_use]
    pub fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }

    /// Half-way between two points.
    #[must_use]
    pub fn midpoint(self, other: Self) -> Self {
        Self::new(self.x.midpoint(other.x), self.y.midpoint(other.y))
    }
}

/// An upright rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rect {
    /// The left edge, in pixels.
    pub x: f32,
    /// The upper edge, in pixels.
    pub y: f32,
    /// Not negative, in pixels.
    pub width: f32,
    /// Not negative, in pixels.
    pub height: f32,
}

impl Rect {
    /// The rectangle of this size around `center`.
    #[must_use]
    pub fn around(center: Point, width: f32, height: f32) -> Self {
        Self {
            x: center.x - width / 2.0,
            y: center.y - height / 2.0,
            width,
            height,
        }
    }

    /// The right edge.
    #[must_use]
    pub fn right(&self) -> f32 {
        self.x + self.width
    }

    /// The lower edge.
    #[must_use]
    pub fn bottom(&self) -> f32 {
        self.y + self.height
    }

    /// The middle.
    #[must_use]
    pub fn center(&self) -> Point {
        Point::new(self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    /// Width times height.
    #[must_use]
    pub fn area(&self) -> f32 {
        self.width * self.height
    }

    /// What both rectangles cover; of size zero where they do not meet.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let x = self.x.max(other.x);
        let y = self.y.max(other.y);
        Self {
            x,
            y,
            width: (self.right().min(other.right()) - x).max(0.0),
            height: (self.bottom().min(other.bottom()) - y).max(0.0),
        }
    }

    /// Intersection over union, 0 to 1: how much of what either covers both cover.
    #[must_use]
    pub fn iou(&self, other: &Self) -> f32 {
        let both = self.intersection(other).area();
        let either = self.area() + other.area() - both;
        if either > 0.0 {
            (both / either).clamp(0.0, 1.0)
        } else {
            0.0
        }
    }
}

/// A rotation with uniform scaling and a shift: `(x, y)` goes to
/// `(a x - b y + shift.x, b x + a y + shift.y)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Similarity {
    /// Scale times the cosine of the angle.
    pub a: f32,
    /// Scale times the sine of the angle.
    pub b: f32,
    /// Where the origin goes.
    pub shift: Point,
}

impl Similarity {
    /// The transform that turns by the direction `(cos, sin)`, scales by `scale` and takes `from`
    /// to `to`.
    #[must_use]
    pub fn new(scale: f32, [cos, sin]: [f32; 2], from: Point, to: Point) -> Self {
        let turned = Self {
            a: scale * cos,
            b: scale * sin,
            shift: Point::default(),
        };
        let moved = turned.apply(from);
        Self {
            shift: Point::new(to.x - moved.x, to.y - moved.y),
            ..turned
        }
    }

    /// Where a point goes.
    #[must_use]
    pub fn apply(&self, point: Point) -> Point {
        Point {
            x: self.a * point.x - self.b * point.y + self.shift.x,
            y: self.b * point.x + self.a * point.y + self.shift.y,
        }
    }

    /// How much longer a line gets.
    #[must_use]
    pub fn scale(&self) -> f32 {
        (self.a * self.a + self.b * self.b).sqrt()
    }

    /// The angle in radians, clockwise on the screen.
    #[must_use]
    pub fn angle(&self) -> f32 {
        self.b.atan2(self.a)
    }

    /// The transform back. The scale must not be zero.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let square = self.a * self.a + self.b * self.b;
        let back = Self {
            a: self.a / square,
            b: -self.b / square,
            shift: Point::default(),
        };
        let origin = back.apply(self.shift);
        Self {
            shift: Point::new(-origin.x, -origin.y),
            ..back
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rect() -> impl Strategy<Value = Rect> {
        (
            -50.0..50.0_f32,
            -50.0..50.0_f32,
            0.0..40.0_f32,
            0.0..40.0_f32,
        )
            .prop_map(|(x, y, width, height)| Rect {
                x,
                y,
                width,
                height,
            })
    }

    #[test]
    fn half_overlapping_squares_share_a_third() {
        let left = Rect::around(Point::new(1.0, 1.0), 2.0, 2.0);
        let right = Rect::around(Point::new(2.0, 1.0), 2.0, 2.0);
        assert!((left.iou(&right) - 1.0 / 3.0).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn iou_is_symmetric_and_one_for_itself(one in rect(), other in rect()) {
            prop_assert_eq!(one.iou(&other).to_bits(), other.iou(&one).to_bits());
            prop_assert!((0.0..=1.0).contains(&one.iou(&other)));
            if one.area() > 1.0 {
                prop_assert!((one.iou(&one) - 1.0).abs() < 1e-3);
            }
        }

        #[test]
        fn a_similarity_goes_there_and_back(
            scale in 0.1..10.0_f32, angle in -3.0..3.0_f32,
            x in -100.0..100.0_f32, y in -100.0..100.0_f32,
        ) {
            let to = Point::new(7.0, -9.0);
            let there = Similarity::new(scale, [angle.cos(), angle.sin()], Point::new(x, y), to);
            let arrived = there.apply(Point::new(x, y));
            prop_assert!((arrived.x - to.x).abs() < 1e-2 && (arrived.y - to.y).abs() < 1e-2);
            let back = there.inverse().apply(to);
            prop_assert!((back.x - x).abs() < 1e-2 && (back.y - y).abs() < 1e-2);
            prop_assert!((there.scale() - scale).abs() < 1e-4 * scale);
            prop_assert!((there.angle() - angle).abs() < 1e-4);
        }
    }
}
