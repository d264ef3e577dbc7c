//! Faces followed from frame to frame: which face is which, and what each resembles over time.
//!
//! As in SORT (Bewley et al., "Simple online and realtime tracking", ICIP 2016,
//! <https://arxiv.org/abs/1602.00763>), each track foretells where its face is now, at constant
//! velocity, and an optimal assignment (`assign`) joins tracks and detections. Likeness is the
//! distance-IoU of Zheng et al., "Distance-IoU loss", AAAI 2020,
//! <https://arxiv.org/abs/1911.08287>: it still tells near from far where boxes no longer meet, as
//! between the few frames of a slow machine. Only places are compared, never what a face looks
//! like.

mod assign;
#[cfg(test)]
mod tests;

pub use assign::assign;

use serde::{Deserialize, Serialize};

use crate::classify::Probabilities;
use crate::geometry::{Point, Rect};
use crate::pipeline::FaceReading;

/// How faces are followed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackOptions {
    /// A face that has been missing for longer is forgotten; should it come back, it is a new one.
    /// In seconds, from the first frame without it: time without any frame does not count.
    pub max_lost_s: f64,
    /// The time constant of the smoothing of probabilities, in seconds; 0 leaves them as they are.
    pub smoothing_s: f64,
}

impl Default for TrackOptions {
    fn default() -> Self {
        Self {
            max_lost_s: 1.0,
            smoothing_s: 0.3,
        }
    }
}

/// A face with the number of its track.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackedFace {
    /// The same from frame to frame; counts from 1, and is not given twice.
    pub track: u32,
    /// The face as it is in this frame, its probabilities smoothed over time.
    pub reading: FaceReading,
    /// The probabilities of this frame alone.
    pub unsmoothed: Probabilities,
}

/// A box and a detection are not joined below this distance-IoU (-1 to 1): at one box's width away from
/// where the face was expected.
const MIN_LIKENESS: f32 = -0.2;

/// The time constant with which a track's velocity follows what is measured, in seconds: long
/// enough that a detector's trembling averages out, short enough to follow a turn of the head.
const VELOCITY_TIME_S: f64 = 0.25;

/// Follows faces from frame to frame.
#[derive(Clone, Debug)]
pub struct Tracker {
    /// May be changed at any time.
    pub options: TrackOptions,
    tracks: Vec<Track>,
    last_number: u32,
}

#[derive(Clone, Debug)]
struct Track {
    number: u32,
    /// Where the face was seen last.
    bounds: Rect,
    /// Of the box's middle, pixels a second.
    velocity: Point,
    seen_s: f64,
    /// The first frame without it since then.
    missing_since_s: Option<f64>,
    smoothed: Probabilities,
}

impl Tracker {
    /// A tracker that has seen nothing yet.
    #[must_use]
    pub fn new(options: TrackOptions) -> Self {
        Self {
            options,
            tracks: Vec::new(),
            last_number: 0,
        }
    }

    /// Takes the faces of the next frame, in any order, and gives them back in that order, each
    /// with its track.
    ///
    /// `time_s` is the frame's time in seconds on any clock. Where it goes back, as in a film that
    /// is rewound, every face is a new one.
    pub fn update(&mut self, time_s: f64, readings: Vec<FaceReading>) -> Vec<TrackedFace> {
        let max_lost_s = self.options.max_lost_s;
        self.tracks.retain(|track| {
            let missing_s = time_s - track.missing_since_s.unwrap_or(time_s);
            time_s >= track.seen_s && missing_s <= max_lost_s
        });
        let pairs = self.pair(time_s, &readings);
        for (index, track) in self.tracks.iter_mut().enumerate() {
            if !pairs.contains(&Some(index)) {
                track.missing_since_s.get_or_insert(time_s);
            }
        }
        let faces = readings.into_iter().zip(pairs);
        faces
            .map(|(reading, track)| match track {
                Some(index) => self.follow(index, time_s, reading),
                None => self.begin(time_s, reading),
            })
            .collect()
    }

    /// The track of each reading, as an index.
    fn pair(&self, time_s: f64, readings: &[FaceReading]) -> Vec<Option<usize>> {
        let expected: Vec<_> = self
            .tracks
            .iter()
            .map(|track| track.bounds_at(time_s))
            .collect();
        let gains: Vec<Vec<f64>> = readings
            .iter()
            .map(|reading| {
                let bounds = &reading.face.extent;
                let gain = |expected| f64::from(diou(bounds, expected) - MIN_LIKENESS);
                expected.iter().map(gain).collect()
            })
            .collect();
        assign(&gains, expected.len())
    }

    fn begin(&mut self, time_s: f64, reading: FaceReading) -> TrackedFace {
        self.last_number += 1;
        let track = Track {
            number: self.last_number,
            bounds: reading.face.extent,
            velocity: Point::default(),
            seen_s: time_s,
            missing_since_s: None,
            smoothed: reading.probabilities,
        };
        let number = track.number;
        self.tracks.push(track);
        TrackedFace {
            track: number,
            unsmoothed: reading.probabilities,
            reading,
        }
    }

    fn follow(&mut self, index: usize, time_s: f64, reading: FaceReading) -> TrackedFace {
        let smoothing_s = self.options.smoothing_s;
        let track = &mut self.tracks[index];
        let elapsed_s = time_s - track.seen_s;
        let [from, to] = [&track.bounds, &reading.face.extent].map(Rect::center);
        if elapsed_s > 0.0 {
            let weight = newest_weight(elapsed_s, VELOCITY_TIME_S);
            let toward =
                |old: f32, distance: f32| old + weight * (distance / elapsed_s as f32 - old);
            track.velocity = Point {
                x: toward(track.velocity.x, to.x - from.x),
                y: toward(track.velocity.y, to.y - from.y),
            };
        }
        track.bounds = reading.face.extent;
        track.seen_s = time_s;
        track.missing_since_s = None;
        let weight = newest_weight(elapsed_s, smoothing_s);
        track.smoothed = reading
            .probabilities
            .zip_with(&track.smoothed, |new, old| old + weight * (new - old));
        TrackedFace {
            track: track.number,
            unsmoothed: reading.probabilities,
            reading: FaceReading {
                probabilities: track.smoothed,
                ..reading
            },
        }
    }
}

impl Track {
    /// Where the face should be.
    fn bounds_at(&self, time_s: f64) -> Rect {
        let elapsed_s = (time_s - self.seen_s) as f32;
        Rect {
            x: self.bounds.x + self.velocity.x * elapsed_s,
            y: self.bounds.y + self.velocity.y * elapsed_s,
            ..self.bounds
        }
    }
}

/// The weight of the newest value in exponential smoothing with a time constant, both times in
/// seconds: `1 - exp(-elapsed / constant)`. Two short steps weigh as much as one long one, so the
/// rate of frames does not matter (Wright, "Forecasting data published at irregular time intervals
/// using an extension of Holt's method", Management Science 32, 1986).
fn newest_weight(elapsed_s: f64, constant_s: f64) -> f32 {
    if constant_s > 0.0 {
        -(-elapsed_s / constant_s).exp_m1() as f32
    } else {
        1.0
    }
}

/// Intersection over union less the squared distance of the middles, as a part of the squared
/// diagonal of the box around both: 1 for the same box, towards -1 the farther apart.
fn diou(one: &Rect, other: &Rect) -> f32 {
    let [first, second] = [one, other].map(Rect::center);
    let distance = (first.x - second.x).powi(2) + (first.y - second.y).powi(2);
    let width = one.right().max(other.right()) - one.x.min(other.x);
    let height = one.bottom().max(other.bottom()) - one.y.min(other.y);
    let diagonal = width.powi(2) + height.powi(2);
    if diagonal > 0.0 {
        one.iou(other) - distance / diagonal
    } else {
        1.0
    }
}
