//! A worker with its program: starts it, hands messages over, ends it.

use std::cell::RefCell;

use js_sys::Array;
use mien_app::protocol::StopReason;
use mien_app::wire::{self, Parcel};
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag, Event, MessageEvent, Url, Worker, WorkerOptions, WorkerType};

/// A running worker. Dropping it ends the worker.
pub struct Program {
    worker: Worker,
    /// URL of the blob that the worker was started from.
    bootstrap: String,
    /// What waits until the worker listens; nothing once it does.
    outbox: RefCell<Option<Vec<Parcel>>>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(Event)>,
}

impl Program {
    /// Starts the program of a script, whose full URL is given. `receive` is told its messages, and
    /// why it has stopped where it did not say so itself.
    pub fn start<T: DeserializeOwned>(
        script: &str,
        name: &str,
        receive: impl Fn(Result<T, StopReason>) + Clone + 'static,
    ) -> Result<Self, JsValue> {
        let bootstrap = bootstrap(script)?;
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name(name);
        let worker = Worker::new_with_options(&bootstrap, &options)?;
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new({
            let receive = receive.clone();
            move |event: MessageEvent| {
                let message = wire::unpack(&event.data());
                receive(message.map_or(Err(StopReason::Version), |(message, _)| Ok(message)));
            }
        });
        let on_error = Closure::<dyn FnMut(Event)>::new(move |_| receive(Err(StopReason::Script)));
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Self {
            worker,
            bootstrap,
            outbox: RefCell::new(Some(Vec::new())),
            _on_message: on_message,
            _on_error: on_error,
        })
    }

    /// Hands a message over as soon as the worker listens.
    pub fn send(&self, parcel: Parcel) {
        match self.outbox.borrow_mut().as_mut() {
            Some(outbox) => outbox.push(parcel),
            None => self.deliver(&parcel),
        }
    }

    /// Hands a message over at once.
    pub fn deliver(&self, parcel: &Parcel) {
        // Refused only where something cannot be cloned or was handed over before; then the
        // worker's next answer tells.
        let _ = self
            .worker
            .post_message_with_transfer(&parcel.message, &parcel.transfer);
    }

    /// The worker listens: what has waited is handed over.
    pub fn listens(&self) {
        for parcel in self.outbox.take().into_iter().flatten() {
            self.deliver(&parcel);
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.worker.terminate();
        let _ = Url::revoke_object_url(&self.bootstrap);
    }
}

/// A blob that imports the worker's script. A worker made from a blob inherits the page's
/// Content-Security-Policy; one made from a URL has only what the host's headers say, and plain
/// hosts say nothing.
fn bootstrap(script: &str) -> Result<String, JsValue> {
    let script = js_sys::JSON::stringify(&script.into())?;
    let options = BlobPropertyBag::new();
    options.set_type("text/javascript");
    let source = Array::of1(&format!("import {script};").into());
    let blob = Blob::new_with_str_sequence_and_options(&source, &options)?;
    Url::create_object_url_with_blob(&blob)
}
