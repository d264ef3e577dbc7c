//! What the page knows, each field a signal of its own.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use futures::future::{AbortHandle, abortable};
use gloo::file::{Blob, ObjectUrl};
use leptos::prelude::*;
use leptos::task::spawn_local;
use mien_app::protocol::{EngineReport, Failure, PhotoReading, PictureKind, StopReason};
use send_wrapper::SendWrapper;
use wasm_bindgen::JsValue;

use crate::assets::Assets;
use crate::client::{Client, News, StartUp};
use crate::settings;
use crate::views::live::CameraState;

/// Plain names of the models that the page uses.
const DETECTOR: &str = "models/centerface.mien";
const CLASSIFIER: &str = "models/student-fer2013.mien";
/// What the expression network is and is worth.
pub const CARD: &str = "models/student-fer2013.json";

/// How the engine is.
#[derive(Clone, PartialEq)]
pub enum EngineState {
    /// Models are arriving.
    Loading {
        /// Bytes so far.
        loaded: usize,
        /// Bytes in the end.
        total: usize,
    },
    /// It works.
    Ready(EngineReport),
    /// It does not.
    Stopped(StopReason),
}

/// What is known of a photo.
#[derive(Clone)]
pub enum PhotoState {
    /// The engine has it.
    Working,
    /// It has been read.
    Done(Arc<PhotoReading>),
    /// It could not be read.
    Failed(Failure),
}

/// A photo on the page.
#[derive(Clone)]
pub struct Photo {
    /// Unique on this page.
    pub id: u32,
    /// The file's name, or words for where it came from.
    pub name: Arc<str>,
    file: SendWrapper<Rc<PhotoFile>>,
    /// What is known of it.
    pub state: ArcRwSignal<PhotoState>,
}

struct PhotoFile {
    blob: Blob,
    /// Ends the reading that is under way.
    reading: RefCell<Option<AbortHandle>>,
    /// Given back when the last clone of the photo goes.
    url: ObjectUrl,
}

impl Photo {
    /// A URL under which the browser shows it.
    pub fn url(&self) -> String {
        self.file.url.to_string()
    }
}

/// The page's state. A handle: copies show the same.
#[derive(Clone, Copy)]
pub struct Store {
    /// Where the site's files are.
    pub assets: StoredValue<Rc<Assets>, LocalStorage>,
    /// How the engine is.
    pub engine: RwSignal<EngineState>,
    /// Photos in the order in which they came.
    pub photos: RwSignal<Vec<Photo>>,
    /// How the camera is.
    pub camera: RwSignal<CameraState>,
    client: StoredValue<Rc<Client>, LocalStorage>,
    next_photo: StoredValue<u32>,
}

impl Store {
    /// Starts the engine.
    pub fn new() -> Self {
        let assets = Assets::read();
        let start_up = StartUp {
            script: assets.url("mien-worker.js"),
            detector: assets.source(DETECTOR),
            classifier: assets.source(CLASSIFIER),
            backend: settings::asked_backend(),
        };
        let engine = RwSignal::new(EngineState::Loading {
            loaded: 0,
            total: 0,
        });
        let client = Client::new(start_up, move |news| {
            engine.set(match news {
                News::Loading { loaded, total } => EngineState::Loading { loaded, total },
                News::Ready(report) => EngineState::Ready(report),
                News::Stopped(reason) => EngineState::Stopped(reason),
            });
        });
        Self {
            assets: StoredValue::new_local(Rc::new(assets)),
            engine,
            photos: RwSignal::new(Vec::new()),
            camera: RwSignal::new(CameraState::Off),
            client: StoredValue::new_local(client),
            next_photo: StoredValue::new(0),
        }
    }

    /// The worker.
    pub fn client(self) -> Rc<Client> {
        self.client.get_value()
    }

    /// Starts the engine anew and reads again what failed because it had stopped.
    pub fn restart(self) {
        self.client().start();
        for photo in self.photos.get_untracked() {
            let has_stopped = matches!(
                photo.state.get_untracked(),
                PhotoState::Failed(Failure::Stopped)
            );
            if has_stopped {
                self.read(photo);
            }
        }
    }

    /// Adds a photo and has it read.
    pub fn add_photo(self, name: &str, blob: Blob) {
        let id = self.next_photo.get_value();
        self.next_photo.set_value(id + 1);
        let url = ObjectUrl::from(blob.clone());
        let photo = Photo {
            id,
            name: name.into(),
            file: SendWrapper::new(Rc::new(PhotoFile {
                blob,
                reading: RefCell::default(),
                url,
            })),
            state: ArcRwSignal::new(PhotoState::Working),
        };
        self.photos.update(|photos| photos.push(photo.clone()));
        self.read(photo);
    }

    /// Has a photo read, or read again.
    pub fn read(self, photo: Photo) {
        photo.state.set(PhotoState::Working);
        let client = self.client();
        let file = photo.file.clone();
        let (reading, handle) = abortable(async move {
            let picture: &JsValue = photo.file.blob.as_ref();
            let state = match client.analyze(picture, PictureKind::Photo).await {
                Ok(reading) => PhotoState::Done(Arc::new(reading)),
                Err(failure) => PhotoState::Failed(failure),
            };
            photo.state.set(state);
        });
        file.reading.replace(Some(handle));
        spawn_local(async move {
            // Aborted: nobody wants the reading any more.
            let _ = reading.await;
        });
    }

    /// Takes a photo off the page, read or not.
    pub fn remove_photo(self, id: u32) {
        self.retain_photos(|photo| photo.id != id);
    }

    /// Takes all photos off the page.
    pub fn remove_photos(self) {
        self.retain_photos(|_| false);
    }

    fn retain_photos(self, keep: impl Fn(&Photo) -> bool) {
        self.photos.update(|photos| {
            for photo in photos.extract_if(.., |photo| !keep(photo)) {
                if let Some(reading) = photo.file.reading.take() {
                    reading.abort();
                }
            }
        });
    }
}

/// The store, from inside a component.
pub fn use_store() -> Store {
    expect_context::<Store>()
}
