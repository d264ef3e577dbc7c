//! The camera: started by a click, stopped visibly, and stopped when the page is hidden. One frame
//! is in flight at a time, always the newest.

use std::sync::Arc;

use gloo::events::EventListener;
use gloo::timers::future::TimeoutFuture;
use js_sys::Reflect;
use leptos::prelude::*;
use leptos::task::spawn_local;
use mien_app::protocol::{Failure, PhotoReading, PictureKind};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    HtmlVideoElement, MediaStream, MediaStreamConstraints, MediaStreamTrack, MediaTrackConstraints,
};

use crate::store::Store;

/// Width that the camera is asked for, in pixels: more is not looked at.
const WIDTH: u32 = 640;

/// How the camera is.
#[derive(Clone, Default)]
pub enum CameraState {
    /// Nobody has asked for it, or it was stopped.
    #[default]
    Off,
    /// The browser asks the visitor.
    Asking,
    /// It runs.
    Live(Session),
    /// It cannot be had.
    Refused(CameraFault),
}

impl CameraState {
    /// Whether it runs or is about to.
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Asking | Self::Live(_))
    }
}

/// Why there is no camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CameraFault {
    /// The page was not opened through https or localhost.
    InsecureOrigin,
    /// The visitor or the system said no.
    NotAllowed,
    /// There is none.
    Absent,
    /// Another program has it.
    Busy,
    /// It was unplugged or taken away while running.
    Ended,
    /// Something else.
    Other,
}

impl CameraFault {
    /// What happened and what to do, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::InsecureOrigin => {
                "The camera works only on pages opened through https or localhost. Open this page \
                 through one of these, or choose a photo."
            }
            Self::NotAllowed => {
                "The camera was refused. Allow it in the browser's site settings (beside the \
                 address), then start it again, or choose a photo."
            }
            Self::Absent => "No camera was found. Plug one in and start again, or choose a photo.",
            Self::Busy => {
                "The camera is in use by another program. Close that one and start again, or \
                 choose a photo."
            }
            Self::Ended => "The camera was taken away. Plug it in and start again.",
            Self::Other => "The camera could not be started. Try again, or choose a photo.",
        }
    }

    /// The meaning of the error that `getUserMedia` gives.
    fn from_js(error: &JsValue) -> Self {
        let name = Reflect::get(error, &"name".into())
            .ok()
            .and_then(|name| name.as_string());
        match name.as_deref() {
            Some("NotAllowedError" | "SecurityError") => Self::NotAllowed,
            Some("NotFoundError" | "OverconstrainedError") => Self::Absent,
            Some("NotReadableError" | "AbortError") => Self::Busy,
            _ => Self::Other,
        }
    }
}

/// A running camera. When its last clone is dropped, its tracks stop.
#[derive(Clone)]
pub struct Session {
    stream: Arc<SendWrapper<Stream>>,
    /// What the newest frame showed.
    pub reading: ArcRwSignal<Option<Arc<PhotoReading>>>,
}

struct Stream {
    stream: MediaStream,
    _listeners: Vec<EventListener>,
}

impl Stream {
    fn stop(&self) {
        for track in tracks(&self.stream) {
            track.stop();
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Session {
    /// The stream to show.
    pub fn stream(&self) -> &MediaStream {
        &self.stream.stream
    }

    fn is(&self, state: &CameraState) -> bool {
        matches!(state, CameraState::Live(other) if Arc::ptr_eq(&self.stream, &other.stream))
    }
}

/// Asks for the camera and starts it.
pub fn start(store: Store) {
    if store.camera.with_untracked(CameraState::is_live) {
        return;
    }
    store.camera.set(CameraState::Asking);
    spawn_local(async move {
        let state = match open(store).await {
            Ok(session) => CameraState::Live(session),
            Err(fault) => CameraState::Refused(fault),
        };
        // Stopped while the visitor was asked: the stream is dropped, and its tracks stop.
        if store.camera.with_untracked(CameraState::is_live) {
            store.camera.set(state);
        }
    });
}

/// Stops the camera, at once and not only when the frame in flight has been read.
pub fn stop(store: Store) {
    if let CameraState::Live(session) = store.camera.get_untracked() {
        session.stream.stop();
    }
    store.camera.set(CameraState::Off);
}

async fn open(store: Store) -> Result<Session, CameraFault> {
    if !window().is_secure_context() {
        return Err(CameraFault::InsecureOrigin);
    }
    let devices = window()
        .navigator()
        .media_devices()
        .map_err(|_| CameraFault::Absent)?;
    let video = MediaTrackConstraints::new();
    video.set_width(&WIDTH.into());
    video.set_facing_mode(&"user".into());
    let constraints = MediaStreamConstraints::new();
    constraints.set_audio(&false.into());
    constraints.set_video(&video);
    let promise = devices
        .get_user_media_with_constraints(&constraints)
        .map_err(|error| CameraFault::from_js(&error))?;
    let stream: MediaStream = JsFuture::from(promise)
        .await
        .map_err(|error| CameraFault::from_js(&error))?
        .unchecked_into();

    let hidden = EventListener::new(&document(), "visibilitychange", move |_| {
        if document().hidden() {
            stop(store);
        }
    });
    let ended = tracks(&stream).map(|track| {
        EventListener::new(&track, "ended", move |_| {
            store.camera.set(CameraState::Refused(CameraFault::Ended));
        })
    });
    let listeners = ended.chain([hidden]).collect();
    Ok(Session {
        stream: Arc::new(SendWrapper::new(Stream {
            stream,
            _listeners: listeners,
        })),
        reading: ArcRwSignal::new(None),
    })
}

/// Reads frame after frame from the element that shows the session, until the session ends.
pub async fn read_frames(store: Store, session: Session, video: HtmlVideoElement) {
    /// While the camera warms up or the engine is away.
    const PAUSE_MS: u32 = 100;
    let client = store.client();
    while store.camera.with_untracked(|state| session.is(state)) {
        let Some(frame) = grab(&video).await else {
            TimeoutFuture::new(PAUSE_MS).await;
            continue;
        };
        match client.analyze(&frame, PictureKind::Frame).await {
            Ok(reading) => session.reading.set(Some(Arc::new(reading))),
            Err(Failure::Stopped) => TimeoutFuture::new(PAUSE_MS).await,
            // One frame that failed is nothing to a live picture; the next one follows.
            Err(_) => {}
        }
    }
}

/// The frame that the element shows now, if it shows one.
async fn grab(video: &HtmlVideoElement) -> Option<JsValue> {
    if video.video_width() == 0 {
        return None;
    }
    let promise = window()
        .create_image_bitmap_with_html_video_element(video)
        .ok()?;
    JsFuture::from(promise).await.ok()
}

fn tracks(stream: &MediaStream) -> impl Iterator<Item = MediaStreamTrack> + use<> {
    stream
        .get_tracks()
        .iter()
        .map(JsCast::unchecked_into::<MediaStreamTrack>)
        .collect::<Vec<_>>()
        .into_iter()
}
