//! The requests, one after the other.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use futures::StreamExt;
use futures::channel::mpsc::UnboundedReceiver;
use mien_app::host::engine::{Models, Running};
use mien_app::host::loading::{fetch, fetch_all};
use mien_app::host::now;
use mien_app::protocol::{
    Failure, PhotoReading, PictureKind, Reply, Request, RequestId, Source, StopReason, Timing,
};
use mien_engine::backend::Backend;
use mien_engine::crop::FaceCrop;
use mien_engine::detect::DetectOptions;
use mien_engine::explain::Question;
use mien_engine::geometry::Point;
use mien_engine::photo::Photo;
use mien_engine::pipeline::{Engine, EngineError, FaceReading};
use mien_engine::plan::Plan;
use wasm_bindgen::JsValue;

use crate::judge::Judges;
use crate::pixels;
use crate::post::post;

/// Requests that the page has taken back.
#[derive(Clone, Default)]
pub struct Cancelled(Rc<RefCell<HashSet<RequestId>>>);

impl Cancelled {
    /// The page wants no answer any more.
    pub fn add(&self, id: RequestId) {
        self.0.borrow_mut().insert(id);
    }

    /// Fails for a request that was taken back.
    pub fn check(&self, id: RequestId) -> Result<(), Failure> {
        if self.0.borrow_mut().remove(&id) {
            return Err(Failure::Cancelled);
        }
        Ok(())
    }
}

/// Loads the models, then answers requests for as long as the worker lives.
pub async fn serve(
    mut requests: UnboundedReceiver<(Request, JsValue)>,
    cancelled: Cancelled,
) -> Result<(), StopReason> {
    let Some((
        Request::Start {
            detector,
            classifier,
            backend,
        },
        _,
    )) = requests.next().await
    else {
        return Err(StopReason::Version);
    };
    let total = detector.bytes + classifier.bytes;
    let sources = [&detector, &classifier];
    let files = fetch_all(&sources, |loaded| post(&Reply::Loading { loaded, total })).await?;
    let models = Models::read(sources, &files)?;
    drop(files);
    let running = Running::start(models, backend).await?;
    post(&Reply::Ready(running.report.clone()));

    let mut jobs = Jobs {
        running,
        judges: Judges::default(),
        cancelled,
    };
    while let Some((request, attachment)) = requests.next().await {
        let (id, reply) = match request {
            Request::Analyze { id, kind } => (id, jobs.analyze(id, kind, attachment).await),
            Request::Ask {
                id,
                crop,
                landmarks,
                question,
            } => (id, jobs.ask(id, &crop, &landmarks, &question).await),
            Request::UseClassifier { id, classifier } => {
                (id, jobs.use_classifier(id, &classifier).await)
            }
            Request::Judge { id, job } => {
                let answer = jobs.judge(id, job, attachment).await;
                (id, answer.map(|answer| Reply::Judged { id, answer }))
            }
            // Cancelling does not wait its turn, and nobody starts twice.
            Request::Cancel { .. } | Request::Start { .. } => continue,
        };
        post(&reply.unwrap_or_else(|failure| Reply::Failed { id, failure }));
    }
    Ok(())
}

/// What requests are worked off with.
pub struct Jobs {
    /// Reads photos.
    pub running: Running,
    /// The models that judge labelled faces.
    pub judges: Judges,
    /// What the page wants no more.
    pub cancelled: Cancelled,
}

impl Jobs {
    async fn use_classifier(&mut self, id: RequestId, source: &Source) -> Result<Reply, Failure> {
        self.cancelled.check(id)?;
        let bytes = fetch(source, &|_| ()).await?;
        let plan = Plan::from_bytes(&bytes).map_err(|error| StopReason::Model {
            url: source.url.clone(),
            detail: error.to_string(),
        })?;
        let used = self.running.use_classifier(plan).await;
        used.map_err(|error| in_words(&error))?;
        Ok(Reply::Changed { id })
    }

    async fn analyze(
        &mut self,
        id: RequestId,
        kind: PictureKind,
        picture: JsValue,
    ) -> Result<Reply, Failure> {
        self.cancelled.check(id)?;
        let start = now();
        let photo = pixels::read(picture).await?;
        let decode = now() - start;
        self.cancelled.check(id)?;
        let options = match kind {
            PictureKind::Photo => DetectOptions::PHOTO,
            PictureKind::Frame { smallest_face } => {
                smallest_face.map_or(DetectOptions::CAMERA, DetectOptions::following)
            }
        };
        let (faces, timing) = self
            .work(async |engine| read_timed(engine, &photo, &options).await)
            .await?;
        let reading = PhotoReading {
            width: photo.width(),
            height: photo.height(),
            faces,
            timing: Timing { decode, ..timing },
        };
        Ok(Reply::Analyzed { id, reading })
    }

    async fn ask(
        &mut self,
        id: RequestId,
        crop: &FaceCrop,
        landmarks: &[Point; 5],
        question: &Question,
    ) -> Result<Reply, Failure> {
        self.cancelled.check(id)?;
        let start = now();
        let answer = self
            .work(async |engine| engine.answer(crop, landmarks, question).await)
            .await?;
        Ok(Reply::Answered {
            id,
            answer,
            milliseconds: now() - start,
        })
    }

    /// Does some work, and again on the CPU when the GPU fails.
    pub async fn work<T>(
        &mut self,
        work: impl AsyncFn(&mut Engine) -> Result<T, EngineError>,
    ) -> Result<T, Failure> {
        let done = match work(&mut self.running.engine).await {
            Err(error) if self.leave_gpu(&error).await => work(&mut self.running.engine).await,
            done => done,
        };
        done.map_err(|error| in_words(&error))
    }

    /// After a failure on the GPU: moves to the CPU, where the same work can be tried again.
    /// Whether there was a GPU to leave.
    pub async fn leave_gpu(&mut self, error: &EngineError) -> bool {
        if !self.running.leave_gpu(error).await {
            return false;
        }
        self.judges.move_to(Backend::Cpu).await;
        post(&Reply::Ready(self.running.report.clone()));
        true
    }
}

/// Finds and reads the faces of a photo, with the time of both steps.
async fn read_timed(
    engine: &mut Engine,
    photo: &Photo,
    options: &DetectOptions,
) -> Result<(Vec<FaceReading>, Timing), EngineError> {
    let start = now();
    let faces = engine.detect(photo, options).await?;
    let detected = now();
    let readings = engine.read(photo, faces).await?;
    let timing = Timing {
        detect: detected - start,
        classify: now() - detected,
        ..Timing::default()
    };
    Ok((readings, timing))
}

/// An error of the engine, as the page is told of it.
pub fn in_words(error: &impl std::error::Error) -> Failure {
    Failure::Engine(error.to_string())
}
