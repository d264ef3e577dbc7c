//! A worker with its program: starts it, hands messages over, ends it.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Array;
use leptos::task::spawn_local;
use mien_app::host::request_lock;
use mien_app::protocol::StopReason;
use mien_app::wire::{self, Parcel};
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, BlobPropertyBag, ErrorEvent, Event, MessageEvent, Url, Worker, WorkerOptions, WorkerType,
};

/// A running worker. Dropping it ends the worker.
pub struct Program {
    worker: Worker,
    /// The worker's name, which no other has: also that of the lock that it holds while it lives.
    name: String,
    /// URL of the blob that the worker was started from.
    bootstrap: String,
    /// What waits until the worker listens; nothing once it does.
    outbox: Rc<RefCell<Option<Vec<Parcel>>>>,
    /// Is told why the worker has stopped.
    stopped: Rc<dyn Fn(StopReason)>,
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
        let name = format!("{name} {}", js_sys::Math::random());
        options.set_name(&name);
        let worker = Worker::new_with_options(&bootstrap, &options)?;
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new({
            let receive = receive.clone();
            move |event: MessageEvent| {
                let message = wire::unpack(&event.data());
                receive(message.map_or(Err(StopReason::Version), |(message, _)| Ok(message)));
            }
        });
        let stopped: Rc<dyn Fn(StopReason)> = Rc::new(move |reason| receive(Err(reason)));
        let outbox = Rc::new(RefCell::new(Some(Vec::new())));
        let on_error = Closure::<dyn FnMut(Event)>::new({
            let (stopped, outbox) = (Rc::clone(&stopped), Rc::clone(&outbox));
            move |event: Event| stopped(fault(&event, outbox.borrow().is_none()))
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Self {
            worker,
            name,
            bootstrap,
            outbox,
            stopped,
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

    /// The worker listens and holds its lock: what has waited is handed over, and its end is noticed.
    pub fn listens(&self) {
        self.watch();
        for parcel in self.outbox.take().into_iter().flatten() {
            self.deliver(&parcel);
        }
    }

    /// Waits for the worker's lock: it is free when the worker has ended.
    fn watch(&self) {
        let stopped = Rc::downgrade(&self.stopped);
        let ended = Closure::once_into_js(move || {
            // Where the program is gone, the page has ended it.
            if let Some(stopped) = stopped.upgrade() {
                let why = "its worker ended without a word";
                stopped(StopReason::Crash(why.to_owned()));
            }
        });
        // Browsers without locks, and those that refuse them, do not say.
        if let Ok(lock) = request_lock(&self.name, ended.unchecked_ref()) {
            spawn_local(async move {
                let _ = JsFuture::from(lock).await;
            });
        }
    }
}

/// What an error means that the worker did not catch: one that listened has crashed, for instance
/// because memory ran out.
fn fault(event: &Event, is_listening: bool) -> StopReason {
    match event.dyn_ref::<ErrorEvent>() {
        Some(event) if is_listening => StopReason::Crash(event.message()),
        _ => StopReason::Script,
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
