//! What the live view knows. It outlives the view where that is worth something to the visitor: a
//! recording is not lost by looking at another view.

use std::sync::Arc;

use gloo::file::{File, ObjectUrl};
use leptos::prelude::*;
use mien_app::live::{Recording, SourceKind};
use mien_engine::expression::Expression;
use mien_engine::track::{TrackOptions, TrackedFace};
use send_wrapper::SendWrapper;

use super::camera::{Camera, Device};
use super::fault::Fault;
use crate::clock;
use crate::settings;

const SMOOTHING: &str = "smoothing";
/// The setting under which the class that maps explain is kept and shared.
const CLASS: &str = "class";
/// The strongest smoothing that can be chosen, in seconds.
pub const MOST_SMOOTHING_S: f64 = 3.0;

/// What is going on.
#[derive(Clone, Default)]
pub enum Phase {
    /// Nothing.
    #[default]
    Off,
    /// The browser asks the visitor for the camera; the number tells one time from another.
    Asking(u32),
    /// Frames are read.
    Running(Source),
    /// Nothing, and this is why.
    Fault(Fault),
}

/// A video file in place of the camera.
pub struct Film {
    /// The file's name.
    pub name: String,
    url: ObjectUrl,
}

impl Film {
    /// Where the browser finds it.
    pub fn url(&self) -> String {
        self.url.to_string()
    }
}

/// Where frames come from. Clones are the same; the last one that is dropped turns it off.
#[derive(Clone)]
pub enum Source {
    /// The camera.
    Camera(Arc<SendWrapper<Camera>>),
    /// A video file.
    Film(Arc<SendWrapper<Film>>),
}

impl Source {
    /// A camera that runs.
    pub fn camera(camera: Camera) -> Self {
        Self::Camera(Arc::new(SendWrapper::new(camera)))
    }

    /// A video file.
    pub fn film(file: File) -> Self {
        let film = Film {
            name: file.name(),
            url: ObjectUrl::from(file),
        };
        Self::Film(Arc::new(SendWrapper::new(film)))
    }

    /// The film, if it is one.
    pub fn as_film(&self) -> Option<&Film> {
        match self {
            Self::Film(film) => Some(film),
            Self::Camera(_) => None,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Camera(camera) => &camera.name,
            Self::Film(film) => &film.name,
        }
    }

    /// Whether its picture is shown as in a mirror, as one knows oneself. What is read never is.
    pub fn is_mirrored(&self) -> bool {
        matches!(self, Self::Camera(camera) if !camera.faces_away)
    }

    /// The time of a frame that is grabbed now, in seconds; `current_s` is the video element's.
    pub fn time_s(&self, current_s: f64) -> f64 {
        match self {
            Self::Camera(camera) => (clock::now() - camera.start_ms) / 1000.0,
            Self::Film(_) => current_s,
        }
    }

    fn new_recording(&self) -> Recording {
        match self {
            Self::Camera(camera) => Recording::new(
                SourceKind::Camera,
                camera.name.clone(),
                Some(camera.start_utc.clone()),
            ),
            Self::Film(film) => Recording::new(SourceKind::Video, film.name.clone(), None),
        }
    }
}

/// The live view's state. A handle: copies show the same.
#[derive(Clone, Copy)]
pub struct LiveState {
    /// What is going on.
    pub phase: RwSignal<Phase>,
    /// The cameras that can be chosen.
    pub devices: RwSignal<Vec<Device>>,
    /// The time constant of the smoothing, in seconds.
    pub smoothing_s: RwSignal<f64>,
    /// Whether the map of the current face is made and shown.
    pub shows_saliency: RwSignal<bool>,
    /// The class that the map explains; where there is none, the most probable one.
    pub explained: RwSignal<Option<Expression>>,
    /// Whether frames are being recorded.
    pub is_recording: RwSignal<bool>,
    /// How many frames have been recorded.
    pub recorded: RwSignal<usize>,
    recording: StoredValue<Option<Recording>>,
    times_asked: StoredValue<u32>,
}

impl LiveState {
    /// Nothing going on, with the settings of the last visit.
    pub fn new() -> Self {
        let smoothing_s = settings::setting(SMOOTHING)
            .and_then(|text| text.parse().ok())
            .filter(|seconds| (0.0..=MOST_SMOOTHING_S).contains(seconds))
            .unwrap_or(TrackOptions::default().smoothing_s);
        let explained = settings::setting(CLASS).and_then(|name| Expression::from_name(&name));
        Self {
            phase: RwSignal::new(Phase::Off),
            devices: RwSignal::new(Vec::new()),
            smoothing_s: RwSignal::new(smoothing_s),
            shows_saliency: RwSignal::new(false),
            explained: RwSignal::new(explained),
            is_recording: RwSignal::new(false),
            recorded: RwSignal::new(0),
            recording: StoredValue::new(None),
            times_asked: StoredValue::new(0),
        }
    }

    /// Turns off what is running.
    pub fn stop(self) {
        if let Phase::Running(Source::Camera(camera)) = self.phase.get_untracked() {
            // At once, and not only when the last frame in flight has let go of it.
            camera.stop();
        }
        self.is_recording.set(false);
        self.phase.set(Phase::Off);
    }

    /// Turns off the camera because of a fault.
    pub fn fail(self, fault: Fault) {
        self.stop();
        self.phase.set(Phase::Fault(fault));
    }

    /// Whether a camera runs.
    pub fn has_camera(self) -> bool {
        self.phase
            .with_untracked(|phase| matches!(phase, Phase::Running(Source::Camera(_))))
    }

    /// Shows a video file.
    pub fn play(self, file: File) {
        self.stop();
        self.phase.set(Phase::Running(Source::film(file)));
    }

    /// From now on the visitor is asked for a camera; gives the number of this time.
    pub fn ask(self) -> u32 {
        let number = self.times_asked.get_value() + 1;
        self.times_asked.set_value(number);
        self.phase.set(Phase::Asking(number));
        number
    }

    /// Whether the visitor is still being asked for the time of that number.
    pub fn is_asking(self, number: u32) -> bool {
        self.phase
            .with_untracked(|phase| matches!(phase, Phase::Asking(other) if *other == number))
    }

    /// Has the smoothing kept as it is.
    pub fn keep_smoothing(self) {
        let seconds = self.smoothing_s.get_untracked();
        settings::choose(SMOOTHING, &seconds.to_string());
    }

    /// Has another class explained, or the most probable one, and has that kept.
    pub fn explain(self, class: Option<Expression>) {
        settings::choose(CLASS, class.map_or("best", Expression::name));
        self.explained.set(class);
    }

    /// Begins a recording of what runs; the last one is replaced.
    pub fn start_recording(self) {
        if let Phase::Running(source) = self.phase.get_untracked() {
            self.recording.set_value(Some(source.new_recording()));
            self.recorded.set(0);
            self.is_recording.set(true);
        }
    }

    /// Records a frame of `[width, height]` pixels, if it is wanted.
    pub fn record(self, time_s: f64, size: [usize; 2], faces: &[TrackedFace]) {
        if !self.is_recording.get_untracked() {
            return;
        }
        let smoothing_s = self.smoothing_s.get_untracked();
        self.recording.update_value(|recording| {
            if let Some(recording) = recording {
                recording.push(time_s, size, smoothing_s, faces);
                self.recorded.set(recording.len());
                if recording.is_full() {
                    self.is_recording.set(false);
                }
            }
        });
    }

    /// The recording, if there is one with frames.
    pub fn with_recording<T>(self, read: impl FnOnce(&Recording) -> T) -> Option<T> {
        self.recording.with_value(|recording| {
            let recording = recording
                .as_ref()
                .filter(|recording| !recording.is_empty())?;
            Some(read(recording))
        })
    }

    /// Throws the recording away.
    pub fn discard_recording(self) {
        self.is_recording.set(false);
        self.recording.set_value(None);
        self.recorded.set(0);
    }
}
