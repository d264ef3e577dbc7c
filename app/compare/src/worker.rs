//! The worker. It answers the page's requests one after the other; the messages are described in
//! [`mien_app::comparing`].

use std::cell::RefCell;
use std::collections::HashMap;
use std::panic;
use std::rc::Rc;

use burn::tensor::Device;
use futures::StreamExt;
use futures::channel::mpsc::{self, UnboundedReceiver};
use mien_app::comparing::{Answer, Question, Reply, Request};
use mien_app::host::loading::fetch;
use mien_app::host::{now, say_hello};
use mien_app::protocol::{Failure, StopReason};
use mien_app::wire;
use mien_compare::device;
use mien_compare::network::Loaded;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::MessageEvent;

use crate::post::{post, scope};

/// Begins to listen.
pub fn start() {
    // A panic ends the wasm instance, and Burn panics where a GPU fails: the page has to be told.
    panic::set_hook(Box::new(|panic| {
        post(&Reply::Stopped(StopReason::Crash(panic.to_string())));
    }));

    let (sender, requests) = mpsc::unbounded();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        match wire::unpack::<Request>(&event.data()) {
            // Sending fails only after `serve` has ended.
            Ok((request, _)) => drop(sender.unbounded_send(request)),
            Err(_) => post(&Reply::Stopped(StopReason::Version)),
        }
    });
    scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // Needed as long as the worker lives.
    on_message.forget();

    // Only with its lock held: the page takes a free lock for the end of the worker.
    let requests = Rc::new(RefCell::new(Some(requests)));
    say_hello(&scope().name(), move || {
        let Some(requests) = requests.take() else {
            return;
        };
        wasm_bindgen_futures::spawn_local(async move {
            match device::start().await {
                Ok(device) => serve(requests, &device).await,
                Err(reason) => post(&Reply::Stopped(reason)),
            }
        });
    });
}

/// Answers requests for as long as the worker lives.
async fn serve(mut requests: UnboundedReceiver<Request>, device: &Device) {
    let mut networks = HashMap::new();
    post(&Reply::Ready);
    while let Some(request) = requests.next().await {
        let id = request.id;
        post(&match answer(&mut networks, request, device).await {
            Ok((answer, milliseconds)) => Reply::Answered {
                id,
                answer,
                milliseconds,
            },
            Err(failure) => Reply::Failed { id, failure },
        });
    }
}

/// The answer to a request, and how many milliseconds it took.
async fn answer(
    networks: &mut HashMap<String, Loaded>,
    request: Request,
    device: &Device,
) -> Result<(Answer, f64), Failure> {
    let url = &request.network.url;
    if !networks.contains_key(url) {
        let bytes = fetch(&request.network, &|_| ())
            .await
            .map_err(|error| Failure::Engine(error.to_string()))?;
        let loaded = Loaded::new(&bytes, device);
        let loaded = loaded.map_err(|error| Failure::Engine(error.to_string()))?;
        networks.insert(url.clone(), loaded);
    }
    let network = &networks[url];
    let start = now();
    let answer = match request.question {
        Question::Reading => network.read(&request.pixels).await.map(Answer::Reading),
        Question::Map(class) => network.map(&request.pixels, class).await.map(Answer::Map),
    };
    match answer {
        Ok(answer) => Ok((answer, now() - start)),
        Err(error) => Err(Failure::Engine(error.to_string())),
    }
}
