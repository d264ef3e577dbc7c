//! Frames read one after the other, always the newest, and faces followed through them.

use std::sync::Arc;

use gloo::timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::tick;
use mien_app::live::{Pace, Search, Stages, Timeline};
use mien_app::protocol::{Failure, PhotoReading, PictureKind};
use mien_engine::explain::{Answer, Fill, Method, OcclusionOptions, Question, Score, Target};
use mien_engine::expression::Expression;
use mien_engine::track::{TrackOptions, TrackedFace, Tracker};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlMediaElement, HtmlVideoElement, ImageBitmap, ImageBitmapOptions, ResizeQuality};

use super::state::{LiveState, Source};
use crate::client::Client;
use crate::clock::{animation_frame, now};

/// Frames of films are scaled down to this many pixels on the longer side: a face that fills a
/// fortieth of it is still as wide as the network's input.
const LONGEST_SIDE: u32 = 1280;

/// A face that went out of sight keeps its card for so long, so that the page does not jump.
const LINGER_S: f64 = 3.0;

/// A face that is not in the frame counts as seen for so long.
const SIGHT_S: f64 = 1.0;

/// While the engine is away.
const PAUSE_MS: u32 = 100;

/// A coarser grid than that of a photo's map, so that it keeps up with the face.
const OCCLUSION: OcclusionOptions = OcclusionOptions {
    patch: 8,
    stride: 4,
    fill: Fill::Mean,
    approximate: false,
};

/// One frame, read.
#[derive(Clone)]
pub struct Frame {
    /// Width and height in pixels.
    pub size: [usize; 2],
    /// The largest first.
    pub faces: Vec<Arc<TrackedFace>>,
}

/// A face as it has been seen so far. Clones show the same.
#[derive(Clone)]
pub struct SeenFace {
    /// Its number.
    pub track: u32,
    /// As it was when it was seen last.
    pub newest: ArcRwSignal<Arc<TrackedFace>>,
    /// Its probabilities over time.
    pub timeline: ArcRwSignal<Timeline>,
    /// Whether it was seen within the last second: a detector's blinking is not worth a word.
    pub is_in_sight: ArcRwSignal<bool>,
}

/// Why the network thinks so of one face.
#[derive(Clone)]
pub struct FaceMap {
    /// The face's track.
    pub track: u32,
    /// The class that it speaks of.
    pub class: Expression,
    /// `[48, 48, 4]` RGBA.
    pub colours: Arc<[u8]>,
}

/// What is known of a running source. A handle: copies show the same.
#[derive(Clone, Copy)]
pub struct Watch {
    /// The newest frame.
    pub frame: RwSignal<Option<Frame>>,
    /// The faces with a card, by track.
    pub faces: RwSignal<Vec<SeenFace>>,
    /// Frames a second, and the stages of each.
    pub pace: RwSignal<Option<(f64, Stages)>>,
    /// The track that the visitor chose to have explained.
    pub chosen: RwSignal<Option<u32>>,
    /// The newest map.
    pub map: RwSignal<Option<FaceMap>>,
    /// How long the newest map took, the way to the worker and back included, in milliseconds.
    pub map_ms: RwSignal<Option<f64>>,
}

/// The share of the frame's longer side that each face takes.
fn face_shares(reading: &PhotoReading) -> Vec<f32> {
    let long_side = reading.width.max(reading.height) as f32;
    let extents = reading.faces.iter().map(|reading| &reading.face.extent);
    extents
        .map(|extent| extent.width.max(extent.height) / long_side)
        .collect()
}

impl Watch {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self {
            frame: RwSignal::new(None),
            faces: RwSignal::new(Vec::new()),
            pace: RwSignal::new(None),
            chosen: RwSignal::new(None),
            map: RwSignal::new(None),
            map_ms: RwSignal::new(None),
        }
    }

    /// How many faces are in sight.
    pub fn in_sight(self) -> usize {
        self.faces.with(|faces| {
            let in_sight = faces.iter().filter(|face| face.is_in_sight.get());
            in_sight.count()
        })
    }

    /// The face that is explained: the chosen one while it is in the frame, or else the largest.
    pub fn current(self) -> Option<Arc<TrackedFace>> {
        let chosen = self.chosen.get();
        self.frame.with(|frame| {
            let faces = &frame.as_ref()?.faces;
            let face = faces.iter().find(|face| Some(face.track) == chosen);
            face.or(faces.first()).cloned()
        })
    }

    /// The classes of the network that reads the faces; until it has read one, FER2013's.
    pub fn classes(self) -> &'static [Expression] {
        let face = self
            .faces
            .with(|faces| faces.last().map(|face| face.newest.clone()));
        face.map_or(&Expression::FER2013, |newest| {
            newest.with(|face| face.reading.probabilities.classes())
        })
    }

    /// Reads frame after frame from the element that shows the source, for ever.
    pub async fn read_frames(
        self,
        client: &Client,
        live: LiveState,
        source: &Source,
        video: &HtmlVideoElement,
    ) {
        let mut tracker = Tracker::new(TrackOptions::default());
        let mut pace = Pace::default();
        let mut search = Search::default();
        let mut last_s = None;
        loop {
            let current_s = new_frame(video, last_s).await;
            let start = now();
            let time_s = source.time_s(current_s);
            let Some(picture) = grab(video).await else {
                TimeoutFuture::new(PAUSE_MS).await;
                continue;
            };
            last_s = Some(current_s);
            let smallest_face = search.expected();
            let kind = PictureKind::Frame { smallest_face };
            let reading = match client.analyze(&picture, kind).await {
                Ok(reading) => reading,
                Err(Failure::Stopped) => {
                    TimeoutFuture::new(PAUSE_MS).await;
                    continue;
                }
                // One frame that failed is nothing to a live picture; the next one follows.
                Err(_) => continue,
            };
            let read = now();
            let timing = reading.timing;
            search.saw(&face_shares(&reading));
            tracker.options.smoothing_s = live.smoothing_s.get_untracked();
            self.show(live, &mut tracker, time_s, reading);
            // What depends on the signals has been brought up to date after that.
            tick().await;
            let stages = Stages {
                transfer: read - start - timing.engine(),
                detect: timing.detect,
                classify: timing.classify,
                draw: now() - read,
            };
            if let Some(news) = pace.take(now(), &stages) {
                self.pace.set(Some(news));
            }
        }
    }

    fn show(self, live: LiveState, tracker: &mut Tracker, time_s: f64, reading: PhotoReading) {
        let size = [reading.width, reading.height];
        let faces = tracker.update(time_s, reading.faces);
        live.record(time_s, size, &faces);
        let faces: Vec<_> = faces.into_iter().map(Arc::new).collect();
        for face in &faces {
            self.see(time_s, face);
        }
        self.let_go(time_s, &faces);
        self.frame.set(Some(Frame { size, faces }));
    }

    /// Keeps what a frame shows of one face.
    fn see(self, time_s: f64, face: &Arc<TrackedFace>) {
        let known = self.faces.with_untracked(|faces| {
            let known = faces.iter().find(|known| known.track == face.track);
            known.cloned()
        });
        let known = known.unwrap_or_else(|| {
            let new = SeenFace {
                track: face.track,
                newest: ArcRwSignal::new(Arc::clone(face)),
                timeline: ArcRwSignal::new(Timeline::default()),
                is_in_sight: ArcRwSignal::new(true),
            };
            self.faces.update(|faces| faces.push(new.clone()));
            new
        });
        known.newest.set(Arc::clone(face));
        let probabilities = face.reading.probabilities;
        known
            .timeline
            .update(|timeline| timeline.push(time_s, probabilities));
    }

    /// Marks faces that are not in the frame, and forgets those that have been away for long.
    fn let_go(self, time_s: f64, in_frame: &[Arc<TrackedFace>]) {
        let is_in_frame = |track| in_frame.iter().any(|face| face.track == track);
        // How long it has been away; less than none where a film was rewound.
        let away_s = |face: &SeenFace| time_s - face.timeline.with_untracked(Timeline::end_s);
        let is_away = |face: &SeenFace, for_s: f64| {
            !is_in_frame(face.track) && !(0.0..for_s).contains(&away_s(face))
        };
        let is_gone = |face: &SeenFace| is_away(face, LINGER_S);
        self.faces.with_untracked(|faces| {
            for face in faces {
                let is_in_sight = !is_away(face, SIGHT_S);
                if face.is_in_sight.get_untracked() != is_in_sight {
                    face.is_in_sight.set(is_in_sight);
                }
            }
        });
        if self.faces.with_untracked(|faces| faces.iter().any(is_gone)) {
            self.faces
                .update(|faces| faces.retain(|face| !is_gone(face)));
        }
    }

    /// Explains the current face again and again, for ever. It rests for as long as it works, so
    /// that the frames get half of the engine's time.
    pub async fn explain(self, client: &Client, live: LiveState) {
        let mut last = None::<(Arc<TrackedFace>, Expression)>;
        loop {
            animation_frame().await;
            let current = untrack(|| self.current());
            let Some(face) = current else {
                if self.map.with_untracked(Option::is_some) {
                    self.map.set(None);
                }
                continue;
            };
            let reading = &face.reading;
            // Another network, used when the class was chosen, may have known more classes.
            let chosen = live.explained.get_untracked();
            let known = reading.probabilities.classes();
            let class = chosen
                .filter(|class| known.contains(class))
                .unwrap_or(reading.label());
            let is_known =
                |(known, of): &(Arc<TrackedFace>, _)| Arc::ptr_eq(known, &face) && *of == class;
            if last.as_ref().is_some_and(is_known) {
                continue;
            }
            let question = Question::Map {
                method: Method::Occlusion(OCCLUSION),
                target: Target::new(class, Score::Probability),
            };
            let landmarks = reading.face.landmarks;
            let start = now();
            let answer = client
                .answer(reading.crop.clone(), landmarks, question)
                .await;
            if let Ok((Answer::Map(map), _)) = answer {
                self.map.set(Some(FaceMap {
                    track: face.track,
                    class,
                    colours: map.scale().paint(&map.values).into(),
                }));
                self.map_ms.set(Some(now() - start));
            }
            last = Some((face, class));
            TimeoutFuture::new((now() - start) as u32).await;
        }
    }
}

/// Waits until the element shows another frame than that of `last_s`; gives its place in seconds.
async fn new_frame(video: &HtmlVideoElement, last_s: Option<f64>) -> f64 {
    loop {
        let current_s = video.current_time();
        let has_frame = video.video_width() > 0
            && video.ready_state() >= HtmlMediaElement::HAVE_CURRENT_DATA
            && !video.seeking();
        if has_frame && last_s != Some(current_s) {
            return current_s;
        }
        animation_frame().await;
    }
}

/// The frame that the element shows now.
async fn grab(video: &HtmlVideoElement) -> Option<JsValue> {
    let [width, height] = [video.video_width(), video.video_height()];
    let long = width.max(height);
    let promise = if long > LONGEST_SIDE {
        let options = ImageBitmapOptions::new();
        options.set_resize_width((width * LONGEST_SIDE / long).max(1));
        options.set_resize_height((height * LONGEST_SIDE / long).max(1));
        options.set_resize_quality(ResizeQuality::Medium);
        window()
            .create_image_bitmap_with_html_video_element_and_image_bitmap_options(video, &options)
    } else {
        window().create_image_bitmap_with_html_video_element(video)
    };
    let bitmap = JsFuture::from(promise.ok()?).await.ok()?;
    bitmap.is_instance_of::<ImageBitmap>().then_some(bitmap)
}
