//! The page's end of the messages to the worker that runs the networks.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures::channel::oneshot;
use futures::lock::Mutex;
use leptos::prelude::*;
use mien_app::comparing::{Answer, Question, Reply, Request};
use mien_app::protocol::{Failure, RequestId, Source, StopReason};
use mien_app::wire;
use mien_engine::backend::Backend;
use wasm_bindgen::JsValue;

use super::state::{Progress, Worker, backend};
use crate::program::Program;
use crate::store::Store;
use crate::words;

/// The worker, and the request that it has.
pub struct Client {
    worker: RwSignal<Worker>,
    next_id: Cell<u32>,
    program: RefCell<Option<(Program, Backend)>>,
    /// One request at a time: those that wait can be given up without a message.
    turn: Mutex<()>,
    pending: RefCell<Option<Pending>>,
}

struct Pending {
    id: RequestId,
    sender: oneshot::Sender<Result<Reply, StopReason>>,
}

impl Client {
    /// The worker starts when it is first asked. The signal is told how it is.
    pub fn new(worker: RwSignal<Worker>) -> Rc<Self> {
        Rc::new(Self {
            worker,
            next_id: Cell::new(0),
            program: RefCell::default(),
            turn: Mutex::new(()),
            pending: RefCell::default(),
        })
    }

    /// Asks a network about a face; also says how many milliseconds that took. Where the GPU fails,
    /// the CPU answers.
    pub async fn ask(
        self: &Rc<Self>,
        store: Store,
        network: Source,
        pixels: Vec<f32>,
        question: Question,
    ) -> Result<(Answer, f64), Failure> {
        let _turn = self.turn.lock().await;
        loop {
            let had_left_gpu = self.has_left_gpu();
            let request = Request {
                id: self.new_id(),
                network: network.clone(),
                pixels: pixels.clone(),
                question,
            };
            match self.send(store, &request).await {
                Ok(Reply::Answered {
                    answer,
                    milliseconds,
                    ..
                }) => return Ok((answer, milliseconds)),
                Ok(Reply::Failed { failure, .. }) => return Err(failure),
                Ok(Reply::Ready | Reply::Stopped(_)) => return Err(Failure::Stopped),
                // The same on the CPU.
                Err(_) if !had_left_gpu && self.has_left_gpu() => {}
                Err(reason) => return Err(Failure::Engine(words::stop_reason(&reason))),
            }
        }
    }

    fn new_id(&self) -> RequestId {
        RequestId(self.next_id.replace(self.next_id.get().wrapping_add(1)))
    }

    /// Sends a request, to a worker of its own where there is none, and waits for the answer.
    async fn send(self: &Rc<Self>, store: Store, request: &Request) -> Result<Reply, StopReason> {
        let (sender, receiver) = oneshot::channel();
        let id = request.id;
        self.pending.replace(Some(Pending { id, sender }));
        self.keep_running(store)?;
        let parcel = wire::pack(request, &JsValue::UNDEFINED).map_err(|_| StopReason::Version)?;
        if let Some((program, _)) = self.program.borrow().as_ref() {
            program.send(parcel);
        }
        receiver.await.unwrap_or(Err(StopReason::Script))
    }

    /// Starts the program for the backend, unless one runs.
    fn keep_running(self: &Rc<Self>, store: Store) -> Result<(), StopReason> {
        if self.program.borrow().is_some() {
            return Ok(());
        }
        let backend = if self.has_left_gpu() {
            Backend::Cpu
        } else {
            backend(store)
        };
        let script = match backend {
            Backend::Cpu => "mien-compare.js",
            Backend::WebGpu => "mien-compare-webgpu.js",
        };
        let script = store.assets.with_value(|assets| assets.url(script));
        self.set(Progress::Loading);
        let client = Rc::downgrade(self);
        let program = Program::start(&script, "mien-compare", move |message| {
            if let Some(client) = client.upgrade() {
                client.receive(message, backend);
            }
        });
        let program = program.map_err(|error| StopReason::Crash(format!("{error:?}")))?;
        self.program.replace(Some((program, backend)));
        Ok(())
    }

    fn receive(&self, message: Result<Reply, StopReason>, backend: Backend) {
        match message {
            Ok(Reply::Ready) => {
                self.set(Progress::Ready(backend));
                if let Some((program, _)) = self.program.borrow().as_ref() {
                    program.listens();
                }
            }
            Ok(reply @ (Reply::Answered { id, .. } | Reply::Failed { id, .. })) => {
                // The answer to a request that was given up is not that of the next one.
                let pending = self
                    .pending
                    .borrow_mut()
                    .take_if(|pending| pending.id == id);
                if let Some(pending) = pending {
                    let _ = pending.sender.send(Ok(reply));
                }
            }
            Ok(Reply::Stopped(reason)) | Err(reason) => {
                // Dropped later: the closure that is running belongs to it.
                let program = self.program.take();
                leptos::task::spawn_local(async move { drop(program) });
                self.worker.update(|worker| {
                    worker.progress = Progress::Absent;
                    if backend == Backend::WebGpu {
                        worker.left_gpu = Some(words::stop_reason(&reason).into());
                    }
                });
                if let Some(pending) = self.pending.take() {
                    let _ = pending.sender.send(Err(reason));
                }
            }
        }
    }

    fn set(&self, progress: Progress) {
        self.worker.update(|worker| worker.progress = progress);
    }

    fn has_left_gpu(&self) -> bool {
        self.worker
            .with_untracked(|worker| worker.left_gpu.is_some())
    }
}
