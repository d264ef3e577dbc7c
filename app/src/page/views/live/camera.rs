//! The camera: asked for, listed, and stopped when nobody holds it any more.

use gloo::events::EventListener;
use js_sys::{Array, Date, Object, Reflect};
use leptos::prelude::*;
use leptos::task::spawn_local;
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    MediaDeviceInfo, MediaDeviceKind, MediaDevices, MediaStream, MediaStreamConstraints,
    MediaStreamTrack, MediaTrackConstraints,
};

use super::fault::Fault;
use super::state::{LiveState, Phase, Source};
use crate::clock;

/// Width that the camera is asked for, in pixels: more is not looked at.
const WIDTH: u32 = 640;

/// A camera that can be chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// Names it to the browser.
    pub id: String,
    /// Names it to the visitor; empty where the browser does not tell.
    pub label: String,
}

/// A running camera. Its tracks stop when it is dropped.
pub struct Camera {
    stream: MediaStream,
    /// Which one it is, where the browser tells.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// Whether it looks away from the visitor, so that its picture is not mirrored.
    pub faces_away: bool,
    /// When it started, on the page's clock.
    pub start_ms: f64,
    /// The same in UTC, as ISO 8601.
    pub start_utc: String,
    _listeners: Vec<EventListener>,
}

impl Camera {
    /// What it shows.
    pub fn stream(&self) -> &MediaStream {
        &self.stream
    }

    /// Turns it off, at once.
    pub fn stop(&self) {
        for track in tracks(&self.stream) {
            track.stop();
        }
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Asks for a camera, that of the id or any, and starts it.
pub fn start(live: LiveState, id: Option<String>) {
    live.stop();
    let asking = live.ask();
    spawn_local(async move {
        let opened = open(live, id).await;
        // Something else was begun while the visitor was asked: the camera is dropped, and stops.
        if !live.is_asking(asking) {
            return;
        }
        live.phase.set(match opened {
            Ok(camera) => Phase::Running(Source::camera(camera)),
            Err(fault) => Phase::Fault(fault),
        });
        live.devices.set(list().await);
    });
}

async fn open(live: LiveState, id: Option<String>) -> Result<Camera, Fault> {
    if !window().is_secure_context() {
        return Err(Fault::InsecureOrigin);
    }
    let video = MediaTrackConstraints::new();
    video.set_width(&WIDTH.into());
    match id {
        Some(id) => {
            let exact = Object::new();
            // Fails for objects that are frozen only.
            let _ = Reflect::set(&exact, &"exact".into(), &id.into());
            video.set_device_id(&exact);
        }
        None => video.set_facing_mode(&"user".into()),
    }
    let constraints = MediaStreamConstraints::new();
    constraints.set_audio(&false.into());
    constraints.set_video(&video);
    let promise = devices()
        .ok_or(Fault::Absent)?
        .get_user_media_with_constraints(&constraints)
        .map_err(|error| fault_of(&error))?;
    let stream: MediaStream = JsFuture::from(promise)
        .await
        .map_err(|error| fault_of(&error))?
        .unchecked_into();

    let ended = tracks(&stream).into_iter().map(|track| {
        EventListener::new(&track, "ended", move |_| {
            live.phase.set(Phase::Fault(Fault::Ended));
        })
    });
    let listeners = ended.collect();
    let track = tracks(&stream).into_iter().next();
    let setting = |name: &str| {
        let settings = track.as_ref()?.get_settings();
        Reflect::get(&settings, &name.into()).ok()?.as_string()
    };
    Ok(Camera {
        id: setting("deviceId"),
        name: track
            .as_ref()
            .map(MediaStreamTrack::label)
            .unwrap_or_default(),
        faces_away: setting("facingMode").as_deref() == Some("environment"),
        start_ms: clock::now(),
        start_utc: Date::new_0().to_iso_string().into(),
        stream,
        _listeners: listeners,
    })
}

/// The cameras there are. Browsers tell only once one has been allowed.
async fn list() -> Vec<Device> {
    let Some(promise) = devices().and_then(|devices| devices.enumerate_devices().ok()) else {
        return Vec::new();
    };
    let Ok(list) = JsFuture::from(promise).await else {
        return Vec::new();
    };
    Array::from(&list)
        .iter()
        .map(JsCast::unchecked_into::<MediaDeviceInfo>)
        .filter(|device| device.kind() == MediaDeviceKind::Videoinput)
        .map(|device| Device {
            id: device.device_id(),
            label: device.label(),
        })
        .collect()
}

/// Keeps the list of cameras up to date while the calling component lives.
pub fn follow_devices(live: LiveState) {
    let Some(devices) = devices() else { return };
    let listener = EventListener::new(&devices, "devicechange", move |_| {
        spawn_local(async move { live.devices.set(list().await) });
    });
    let listener = SendWrapper::new(listener);
    on_cleanup(move || drop(listener));
}

fn devices() -> Option<MediaDevices> {
    // Absent on insecure origins.
    let devices = window().navigator().media_devices().ok()?;
    devices.is_object().then_some(devices)
}

/// The meaning of the error that `getUserMedia` gives.
fn fault_of(error: &JsValue) -> Fault {
    let name = Reflect::get(error, &"name".into())
        .ok()
        .and_then(|name| name.as_string());
    match name.as_deref() {
        Some("NotAllowedError" | "SecurityError") => Fault::NotAllowed,
        Some("NotFoundError" | "OverconstrainedError") => Fault::Absent,
        Some("NotReadableError" | "AbortError") => Fault::Busy,
        _ => Fault::Other,
    }
}

fn tracks(stream: &MediaStream) -> Vec<MediaStreamTrack> {
    stream
        .get_tracks()
        .iter()
        .map(JsCast::unchecked_into)
        .collect()
}
