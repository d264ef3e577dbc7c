//! Photos as the page holds them: the file, what is known of it, and a small picture to show. The
//! browser's full bitmap of a photo is let go as soon as that picture is made, so that a thousand
//! photos take no more memory than their previews.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use futures::future::{AbortHandle, abortable};
use gloo::file::{Blob, ObjectUrl};
use leptos::prelude::*;
use leptos::task::spawn_local;
use mien_app::protocol::{Failure, PhotoReading, PictureKind};
use send_wrapper::SendWrapper;
use wasm_bindgen::JsValue;

use crate::preview::Preview;
use crate::store::Store;

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
    preview: RefCell<Option<Preview>>,
}

impl Photo {
    fn new(id: u32, name: &str, blob: Blob) -> Self {
        Self {
            id,
            name: name.into(),
            file: SendWrapper::new(Rc::new(PhotoFile {
                blob,
                reading: RefCell::default(),
                preview: RefCell::default(),
            })),
            state: ArcRwSignal::new(PhotoState::Working),
        }
    }

    /// A URL of the picture to show, once the photo has been read.
    pub fn picture(&self) -> Option<String> {
        self.preview_url(|preview| &preview.picture)
    }

    /// A URL of the picture to show among many, once the photo has been read.
    pub fn thumbnail(&self) -> Option<String> {
        self.preview_url(|preview| &preview.thumbnail)
    }

    fn preview_url(&self, url: fn(&Preview) -> &ObjectUrl) -> Option<String> {
        let preview = self.file.preview.borrow();
        preview.as_ref().map(|preview| url(preview).to_string())
    }

    /// Ends its reading. Whether there was one to end.
    fn stop_reading(&self) -> bool {
        let reading = self.file.reading.take();
        if let Some(reading) = &reading {
            reading.abort();
        }
        reading.is_some()
    }
}

impl Store {
    /// Adds a photo and has it read. The first one is selected.
    pub fn add_photo(self, name: &str, blob: Blob) {
        let id = self.new_photo_id();
        let photo = Photo::new(id, name, blob);
        self.photos.update(|photos| photos.push(photo.clone()));
        if self.selected.get_untracked().is_none() {
            self.selected.set(Some(id));
        }
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
                Ok(reading) => {
                    let size = [reading.width, reading.height];
                    let preview = Preview::new(photo.file.blob.as_ref(), size).await;
                    photo.file.preview.replace(preview);
                    PhotoState::Done(Arc::new(reading))
                }
                Err(failure) => PhotoState::Failed(failure),
            };
            photo.file.reading.take();
            photo.state.set(state);
        });
        file.reading.replace(Some(handle));
        spawn_local(async move {
            // Aborted: nobody wants the reading any more.
            let _ = reading.await;
        });
    }

    /// Has all photos read again.
    pub fn read_all(self) {
        for photo in self.photos.get_untracked() {
            photo.stop_reading();
            self.read(photo);
        }
    }

    /// Ends all readings that are under way; the photos stay.
    pub fn cancel_readings(self) {
        for photo in self.photos.get_untracked() {
            if photo.stop_reading() {
                photo.state.set(PhotoState::Failed(Failure::Cancelled));
            }
        }
    }

    /// Has the photos read whose reading failed for a reason that passes.
    pub fn read_failed(self, passes: fn(&Failure) -> bool) {
        for photo in self.photos.get_untracked() {
            let failed = match photo.state.get_untracked() {
                PhotoState::Failed(failure) => passes(&failure),
                PhotoState::Working | PhotoState::Done(_) => false,
            };
            if failed {
                self.read(photo);
            }
        }
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
        let selected = self.selected.get_untracked();
        let place = self
            .photos
            .with_untracked(|photos| photos.iter().position(|photo| Some(photo.id) == selected));
        self.photos.update(|photos| {
            for photo in photos.extract_if(.., |photo| !keep(photo)) {
                photo.stop_reading();
            }
        });
        let next = self.photos.with_untracked(|photos| {
            let stays = photos.iter().find(|photo| Some(photo.id) == selected);
            // Its neighbour takes the place of a selected photo that goes.
            let last = photos.len().saturating_sub(1);
            let next = stays.or_else(|| photos.get(place.unwrap_or(0).min(last)));
            next.map(|photo| photo.id)
        });
        if next != selected {
            self.selected.set(next);
        }
    }
}
