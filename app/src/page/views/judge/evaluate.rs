//! An evaluation: one piece after the other goes to the worker, and what comes back is counted.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use gloo::file::Blob;
use leptos::prelude::*;
use leptos::task::spawn_local;
use mien_app::judging::{Answer, Cropping, Job, JudgedFace, ModelId, Refusal};
use mien_app::problems::Problems;
use mien_app::protocol::Failure;
use mien_app::tally::{FaceName, Tally};
use mien_engine::expression::Expression;
use mien_engine::fer2013::{Cursor, Usage};
use wasm_bindgen::JsValue;

use super::state::{Data, End, Fault, JudgeState, ModelSource, Outcome, Progress, Run, RunFault};
use crate::client::Client;
use crate::store::Store;

/// What an evaluation has and does.
struct Evaluation {
    client: Rc<Client>,
    state: JudgeState,
    models: Vec<ModelId>,
    is_cancelled: Rc<Cell<bool>>,
    tally: Tally,
    problems: Problems,
    progress: Progress,
    passed_over: usize,
    has_training: bool,
}

/// Begins an evaluation of the data with the models that are chosen.
pub fn start(store: Store) {
    let state = store.judge;
    let (Some(data), models) = (state.data.get_untracked(), state.chosen()) else {
        return;
    };
    let is_cancelled = state.begin();
    state.run.set(Run::Working(Progress::default()));
    spawn_local(async move {
        let mut evaluation = Evaluation {
            client: store.client(),
            state,
            models: models.iter().map(|model| model.id).collect(),
            is_cancelled: is_cancelled.clone(),
            tally: Tally::new(models.iter().map(|model| model.name.to_string()).collect()),
            problems: Problems::default(),
            progress: Progress::default(),
            passed_over: 0,
            has_training: false,
        };
        let clock = window().performance();
        let now = || clock.as_ref().map_or(0.0, web_sys::Performance::now);
        let begin = now();
        for model in models {
            let (source, attachment) = match &model.source {
                ModelSource::Site(name) => {
                    let source = store.assets.with_value(|assets| assets.source(name));
                    (Some(source), JsValue::UNDEFINED)
                }
                ModelSource::File(file) => (None, blob(file)),
            };
            let job = Job::AddModel {
                model: model.id,
                source,
            };
            let fault = match evaluation.client.judge(job, &attachment).await {
                Ok(Answer::Refused(refusal)) => RunFault::Model {
                    name: model.name,
                    why: refusal,
                },
                Ok(_) => continue,
                Err(failure) => RunFault::Engine(failure),
            };
            state.run.set(Run::Failed(fault));
            return;
        }
        let name = data.name();
        let end = evaluation.run(data).await;
        if !state.is_current(&is_cancelled) {
            // Other data were chosen meanwhile: nobody asks for these any more.
            return;
        }
        let run = match end {
            Ok(end) => Run::Done(Arc::new(Outcome {
                data: name,
                tally: evaluation.tally,
                problems: evaluation.problems,
                passed_over: evaluation.passed_over,
                has_training: evaluation.has_training,
                end,
                seconds: (now() - begin) / 1000.0,
            })),
            Err(fault) => Run::Failed(fault),
        };
        state.run.set(run);
    });
}

impl Evaluation {
    async fn run(&mut self, data: Data) -> Result<End, RunFault> {
        match data {
            Data::Csv { file, .. } => {
                let wanted = self.state.usage.get_untracked();
                self.rows(&file, wanted).await
            }
            Data::Folder(folder) => {
                self.problems.append((*folder.problems).clone());
                let is_cropped = self.state.is_cropped.get_untracked();
                let count = folder.pictures.len();
                for (index, picture) in folder.pictures.iter().enumerate() {
                    let job = Job::Picture {
                        models: self.models.clone(),
                        is_cropped,
                    };
                    let name = FaceName::Picture(picture.path.clone());
                    let answer = self.client.judge(job, &blob(&picture.file)).await;
                    if let Some(end) = self.face(name, picture.label, answer) {
                        return Ok(end);
                    }
                    self.tell((index + 1) as f64 / count as f64);
                }
                Ok(End::Complete)
            }
            Data::Cards(cards) => {
                for (index, card) in cards.iter().enumerate() {
                    let job = Job::Crop {
                        models: self.models.clone(),
                        crop: card.crop.clone(),
                    };
                    let name = FaceName::Picture(card.name.clone());
                    let answer = self.client.judge(job, &JsValue::UNDEFINED).await;
                    if let Some(end) = self.face(name, card.label, answer) {
                        return Ok(end);
                    }
                    self.tell((index + 1) as f64 / cards.len() as f64);
                }
                Ok(End::Complete)
            }
        }
    }

    async fn rows(&mut self, file: &Blob, wanted: Option<Usage>) -> Result<End, RunFault> {
        let mut from = Cursor::default();
        loop {
            let job = Job::Rows {
                models: self.models.clone(),
                from,
                wanted,
            };
            let rows = match self.client.judge(job, &blob(file)).await {
                Ok(Answer::Rows(rows)) => rows,
                Ok(Answer::Refused(refusal)) if from == Cursor::default() => {
                    return Err(RunFault::Data(refusal));
                }
                Ok(Answer::Refused(refusal)) => return Ok(End::Broken(Fault::Refused(refusal))),
                Ok(_) => return Ok(End::Broken(Fault::Failed(Failure::Stopped))),
                Err(failure) => return Ok(End::Broken(Fault::Failed(failure))),
            };
            for row in rows.rows {
                self.has_training |= row.usage == Usage::Training;
                self.count(
                    FaceName::Line(row.line),
                    row.label,
                    Cropping::Given,
                    row.face,
                );
            }
            for row in &rows.faulty {
                self.problems.add_row(row);
            }
            self.passed_over += rows.passed_over;
            self.tell(rows.end.byte as f64 / file.size().max(1) as f64);
            if rows.is_last {
                return Ok(End::Complete);
            }
            if self.is_cancelled.get() {
                return Ok(End::Cancelled);
            }
            from = rows.end;
        }
    }

    /// Counts the answer about one picture; how the evaluation ends if it does.
    fn face(
        &mut self,
        name: FaceName,
        label: Expression,
        answer: Result<Answer, Failure>,
    ) -> Option<End> {
        match answer {
            Ok(Answer::Picture { face, cropping }) => self.count(name, label, cropping, face),
            Ok(Answer::Crop(face)) => self.count(name, label, Cropping::Found, face),
            Ok(Answer::Refused(Refusal::NoModel)) | Err(Failure::Stopped) => {
                return Some(End::Broken(Fault::Failed(Failure::Stopped)));
            }
            Ok(Answer::Refused(refusal)) => self.problems.add_refused(&name.to_string(), &refusal),
            Ok(_) => return Some(End::Broken(Fault::Failed(Failure::Stopped))),
            Err(failure) => self.problems.add_failed(&name.to_string(), &failure),
        }
        self.is_cancelled.get().then_some(End::Cancelled)
    }

    fn count(&mut self, name: FaceName, label: Expression, cropping: Cropping, face: JudgedFace) {
        self.tally.add(name, label, cropping, face);
        self.progress.judged += 1;
        let is_right = |last: &mien_app::tally::Sample| last.prediction(0).0 == last.truth;
        self.progress.right += usize::from(self.tally.samples().last().is_some_and(is_right));
    }

    fn tell(&mut self, share: f64) {
        self.progress.share = share;
        self.progress.problems = self.problems.count();
        if self.state.is_current(&self.is_cancelled) {
            self.state.run.set(Run::Working(self.progress));
        }
    }
}

fn blob(file: &Blob) -> JsValue {
    AsRef::<JsValue>::as_ref(file).clone()
}
