//! The page's end of the protocol: starts the worker, sends requests, hands out answers.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use futures::channel::oneshot;
use mien_app::judging::{self, Job};
use mien_app::protocol::{
    EngineReport, Failure, PhotoReading, PictureKind, Reply, Request, RequestId, Source, StopReason,
};
use mien_app::wire;
use mien_engine::backend::Backend;
use mien_engine::crop::FaceCrop;
use mien_engine::explain::{Answer, Question};
use mien_engine::geometry::Point;
use wasm_bindgen::JsValue;

use crate::program::Program;

/// What the worker needs to begin.
#[derive(Clone)]
pub struct StartUp {
    /// URL of the worker's JavaScript.
    pub script: String,
    /// The face detector.
    pub detector: Source,
    /// The expression network.
    pub classifier: Source,
    /// The backend that the visitor asks for.
    pub backend: Option<Backend>,
}

impl StartUp {
    /// The length of both models.
    fn bytes(&self) -> usize {
        self.detector.bytes + self.classifier.bytes
    }
}

/// What the worker says about itself.
pub enum News {
    /// Models are arriving.
    Loading {
        /// Bytes so far.
        loaded: usize,
        /// Bytes in the end.
        total: usize,
    },
    /// The engine can work, or has moved to another backend.
    Ready(EngineReport),
    /// The worker is gone; [`Client::start`] starts another.
    Stopped(StopReason),
}

/// The worker and the requests it has not answered yet.
pub struct Client {
    start_up: RefCell<StartUp>,
    on_news: Box<dyn Fn(News)>,
    next_id: Cell<u32>,
    /// What the model's card says; see [`set_uncertain_below`](Self::set_uncertain_below).
    uncertain_below: Cell<f32>,
    pending: RefCell<HashMap<RequestId, oneshot::Sender<Reply>>>,
    program: RefCell<Option<Program>>,
}

impl Client {
    /// Starts a worker; `on_news` is told how it is.
    pub fn new(start_up: StartUp, on_news: impl Fn(News) + 'static) -> Rc<Self> {
        let client = Rc::new(Self {
            start_up: RefCell::new(start_up),
            on_news: Box::new(on_news),
            next_id: Cell::new(0),
            uncertain_below: Cell::new(0.0),
            pending: RefCell::default(),
            program: RefCell::default(),
        });
        client.start();
        client
    }

    /// Starts a worker anew. What was asked of the last one fails.
    pub fn start(self: &Rc<Self>) {
        self.program.take();
        self.pending.take();
        (self.on_news)(News::Loading {
            loaded: 0,
            total: self.start_up.borrow().bytes(),
        });
        match self.connect() {
            Ok(program) => *self.program.borrow_mut() = Some(program),
            Err(error) => (self.on_news)(News::Stopped(StopReason::Crash(format!("{error:?}")))),
        }
    }

    /// From now on, readings below this probability are called uncertain. The worker does not know
    /// the model's card: the page reads it meanwhile.
    pub fn set_uncertain_below(&self, probability: f32) {
        self.uncertain_below.set(probability);
    }

    /// Finds and reads the faces of a picture: a `Blob` or an `ImageBitmap`.
    pub async fn analyze(
        &self,
        picture: &JsValue,
        kind: PictureKind,
    ) -> Result<PhotoReading, Failure> {
        let id = self.new_id();
        match self.ask(id, &Request::Analyze { id, kind }, picture).await {
            Reply::Analyzed { mut reading, .. } => {
                for face in &mut reading.faces {
                    face.uncertain_below = self.uncertain_below.get();
                }
                Ok(reading)
            }
            other => Err(failure(other)),
        }
    }

    /// Answers a question about a face whose landmarks lie at these places of its photo; also says
    /// how many milliseconds that took the engine.
    pub async fn answer(
        &self,
        crop: FaceCrop,
        landmarks: [Point; 5],
        question: Question,
    ) -> Result<(Answer, f64), Failure> {
        let id = self.new_id();
        let request = Request::Ask {
            id,
            crop,
            landmarks,
            question,
        };
        match self.ask(id, &request, &JsValue::UNDEFINED).await {
            Reply::Answered {
                answer,
                milliseconds,
                ..
            } => Ok((answer, milliseconds)),
            other => Err(failure(other)),
        }
    }

    /// Reads faces with another expression network from now on, also after a restart.
    pub async fn use_classifier(&self, classifier: Source) -> Result<(), Failure> {
        let id = self.new_id();
        let request = Request::UseClassifier {
            id,
            classifier: classifier.clone(),
        };
        match self.ask(id, &request, &JsValue::UNDEFINED).await {
            Reply::Changed { .. } => {
                self.start_up.borrow_mut().classifier = classifier;
                Ok(())
            }
            other => Err(failure(other)),
        }
    }

    /// Does something about labelled faces; what is attached depends on the job.
    pub async fn judge(&self, job: Job, attachment: &JsValue) -> Result<judging::Answer, Failure> {
        let id = self.new_id();
        match self.ask(id, &Request::Judge { id, job }, attachment).await {
            Reply::Judged { answer, .. } => Ok(answer),
            other => Err(failure(other)),
        }
    }

    fn new_id(&self) -> RequestId {
        RequestId(self.next_id.replace(self.next_id.get().wrapping_add(1)))
    }

    /// Sends a request and waits for its answer. When the waiting is given up, the request is
    /// taken back.
    async fn ask(&self, id: RequestId, request: &Request, attachment: &JsValue) -> Reply {
        let (sender, receiver) = oneshot::channel();
        self.pending.borrow_mut().insert(id, sender);
        let recall = Recall { client: self, id };
        self.send(request, attachment);
        let stopped = |_| Reply::Failed {
            id,
            failure: Failure::Stopped,
        };
        let reply = receiver.await.unwrap_or_else(stopped);
        drop(recall);
        reply
    }

    fn send(&self, request: &Request, attachment: &JsValue) {
        let program = self.program.borrow();
        let parcel = wire::pack(request, attachment);
        if let (Some(program), Ok(parcel)) = (program.as_ref(), parcel) {
            program.send(parcel);
        } else {
            drop(program);
            // Nobody will answer: whoever waits is told so.
            self.pending.take();
        }
    }

    fn connect(self: &Rc<Self>) -> Result<Program, JsValue> {
        let client = Rc::downgrade(self);
        let script = self.start_up.borrow().script.clone();
        Program::start(&script, "mien-worker", move |message| {
            if let Some(client) = client.upgrade() {
                match message {
                    Ok(reply) => client.receive(reply),
                    Err(reason) => client.stop(reason),
                }
            }
        })
    }

    fn receive(&self, reply: Reply) {
        match reply {
            Reply::Hello => self.begin(),
            Reply::Loading { loaded, total } => (self.on_news)(News::Loading { loaded, total }),
            Reply::Ready(engine) => (self.on_news)(News::Ready(engine)),
            Reply::Stopped(reason) => self.stop(reason),
            Reply::Analyzed { id, .. }
            | Reply::Answered { id, .. }
            | Reply::Changed { id }
            | Reply::Judged { id, .. }
            | Reply::Failed { id, .. } => {
                let sender = self.pending.borrow_mut().remove(&id);
                if let Some(sender) = sender {
                    // An answer that nobody waits for any more may be lost.
                    let _ = sender.send(reply);
                }
            }
        }
    }

    /// The worker listens: send what it needs, then what has waited.
    fn begin(&self) {
        let start_up = self.start_up.borrow().clone();
        let start = Request::Start {
            detector: start_up.detector,
            classifier: start_up.classifier,
            backend: start_up.backend,
        };
        if let Some(program) = self.program.borrow().as_ref() {
            if let Ok(parcel) = wire::pack(&start, &JsValue::UNDEFINED) {
                program.deliver(&parcel);
            }
            program.listens();
        }
    }

    fn stop(&self, reason: StopReason) {
        self.program.take();
        self.pending.take();
        (self.on_news)(News::Stopped(reason));
    }
}

/// Takes a request back when nobody waits for its answer any more.
struct Recall<'a> {
    client: &'a Client,
    id: RequestId,
}

impl Drop for Recall<'_> {
    fn drop(&mut self) {
        let Self { client, id } = self;
        if client.pending.borrow_mut().remove(id).is_some() {
            client.send(&Request::Cancel { id: *id }, &JsValue::UNDEFINED);
        }
    }
}

fn failure(reply: Reply) -> Failure {
    match reply {
        Reply::Failed { failure, .. } => failure,
        _ => Failure::Engine("the answer belongs to another request".to_owned()),
    }
}
