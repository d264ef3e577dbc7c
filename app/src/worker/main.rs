//! The worker that owns the engine. It answers the page's requests one after the other; the
//! messages are described in [`mien_app::protocol`].

mod jobs;
mod judge;
mod pixels;
mod post;

use std::panic;

use futures::channel::mpsc;
use mien_app::host::say_hello;
use mien_app::protocol::{Reply, Request, StopReason};
use mien_app::wire;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::MessageEvent;

use jobs::Cancelled;
use post::post;

fn main() {
    // A panic ends the wasm instance: whoever waits for an answer has to be told.
    panic::set_hook(Box::new(|panic| {
        post(&Reply::Stopped(StopReason::Crash(panic.to_string())));
    }));

    let cancelled = Cancelled::default();
    let (sender, requests) = mpsc::unbounded();
    let on_message = {
        let cancelled = cancelled.clone();
        Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            match wire::unpack::<Request>(&event.data()) {
                Ok((Request::Cancel { id }, _)) => cancelled.add(id),
                // Sending fails only after `serve` has ended, and then it has said why.
                Ok(request) => drop(sender.unbounded_send(request)),
                Err(_) => post(&Reply::Stopped(StopReason::Version)),
            }
        })
    };
    post::scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // Needed as long as the worker lives.
    on_message.forget();

    wasm_bindgen_futures::spawn_local(async move {
        if let Err(reason) = jobs::serve(requests, cancelled).await {
            post(&Reply::Stopped(reason));
        }
    });
    let name = post::scope().name();
    say_hello(&name, || post(&Reply::Hello));
}
