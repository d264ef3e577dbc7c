//! Labelled faces, judged by any number of models.

use std::collections::HashMap;

use js_sys::Uint8Array;
use mien_app::host::engine::build_classifier;
use mien_app::host::loading::fetch;
use mien_app::judging::{
    Answer, Cropping, Job, JudgedFace, JudgedRow, JudgedRows, ModelFacts, ModelId, Refusal,
    SMALL_SIDE,
};
use mien_app::protocol::{Failure, RequestId, Source};
use mien_engine::backend::Backend;
use mien_engine::classify::{Classifier, Probabilities};
use mien_engine::crop::{FaceCrop, SIDE};
use mien_engine::detect::DetectOptions;
use mien_engine::fer2013::{self, Cursor, Usage};
use mien_engine::photo::Photo;
use mien_engine::pipeline::EngineError;
use mien_engine::plan::{FormatError, MAX_FILE_BYTES, Plan};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use crate::jobs::{Jobs, in_words};
use crate::pixels;

/// Bytes of a file that are in memory at a time: some sixty rows of FER2013, a tenth of a second's
/// work.
const PIECE: f64 = 512.0 * 1024.0;

/// The models that judge, beside the one that reads photos.
#[derive(Default)]
pub struct Judges(HashMap<ModelId, Judge>);

struct Judge {
    /// From which the classifier is built anew when the GPU is lost.
    plan: Plan,
    classifier: Classifier,
}

/// Why a job is not done.
enum Fault {
    Refused(Refusal),
    Failed(Failure),
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unreadable => Self::Refused(Refusal::NotAPicture),
            other => Self::Failed(other),
        }
    }
}

impl Jobs {
    /// Does a job; `attachment` is what came with it.
    pub async fn judge(
        &mut self,
        id: RequestId,
        job: Job,
        attachment: JsValue,
    ) -> Result<Answer, Failure> {
        self.cancelled.check(id)?;
        let answer = match job {
            Job::AddModel { model, source } => self.add_model(model, source, attachment).await,
            Job::Rows {
                models,
                from,
                wanted,
            } => self.judge_rows(&models, from, wanted, attachment).await,
            Job::Picture { models, is_cropped } => {
                self.judge_picture(&models, is_cropped, attachment).await
            }
            Job::Crop { models, crop } => {
                let faces = self.judge_crops(&models, vec![crop]).await;
                faces.map(|mut faces| Answer::Crop(faces.remove(0)))
            }
        };
        answer.or_else(|fault| match fault {
            Fault::Refused(refusal) => Ok(Answer::Refused(refusal)),
            Fault::Failed(failure) => Err(failure),
        })
    }

    async fn add_model(
        &mut self,
        model: ModelId,
        source: Option<Source>,
        attachment: JsValue,
    ) -> Result<Answer, Fault> {
        let not_a_model = |error: &dyn ToString| Refusal::NotAModel(error.to_string());
        let bytes = match source {
            Some(source) => fetch(&source, &|_| ()).await.map_err(Refusal::Network)?,
            None => read_model(&blob(attachment)?).await?,
        };
        let plan = Plan::from_bytes(&bytes).map_err(|error| not_a_model(&error))?;
        let macs = plan.macs(SIDE, SIDE).map_err(|error| not_a_model(&error))?;
        let facts = ModelFacts {
            parameters: plan.parameters(),
            macs,
        };
        let classifier = build_classifier(&plan, self.running.report.choice.backend)
            .await
            .map_err(|error| not_a_model(&error))?;
        self.judges.0.insert(model, Judge { plan, classifier });
        Ok(Answer::Model(facts))
    }

    async fn judge_rows(
        &mut self,
        models: &[ModelId],
        from: Cursor,
        wanted: Option<Usage>,
        attachment: JsValue,
    ) -> Result<Answer, Fault> {
        let file = blob(attachment)?;
        let start = from.byte as f64;
        let is_last = start + PIECE >= file.size();
        let piece = file
            .slice_with_f64_and_f64(start, start + PIECE)
            .map_err(|_| Refusal::Gone)?;
        let bytes = read_blob(&piece).await?;
        let piece = fer2013::read_piece(&bytes, from, is_last, wanted).map_err(Refusal::Csv)?;
        drop(bytes);
        // Rows always hold as many pixels as a crop.
        let crops = (piece.faces.iter())
            .filter_map(|face| FaceCrop::from_gray(&face.pixels))
            .collect();
        let faces = self.judge_crops(models, crops).await?;
        let rows = piece.faces.into_iter().zip(faces);
        Ok(Answer::Rows(JudgedRows {
            rows: rows
                .map(|(row, face)| JudgedRow {
                    line: row.line,
                    label: row.label,
                    usage: row.usage,
                    face,
                })
                .collect(),
            passed_over: piece.passed_over,
            faulty: piece.faulty,
            end: piece.end,
            is_last,
        }))
    }

    async fn judge_picture(
        &mut self,
        models: &[ModelId],
        is_cropped: bool,
        attachment: JsValue,
    ) -> Result<Answer, Fault> {
        let photo = pixels::read(attachment).await?;
        let (crop, cropping) = if is_cropped {
            (FaceCrop::whole(&photo), Cropping::Given)
        } else {
            self.crop(&photo).await?
        };
        let mut faces = self.judge_crops(models, vec![crop]).await?;
        Ok(Answer::Picture {
            face: faces.remove(0),
            cropping,
        })
    }

    /// The largest face in a photo, or the photo itself if it is small.
    async fn crop(&mut self, photo: &Photo) -> Result<(FaceCrop, Cropping), Fault> {
        let options = DetectOptions::PHOTO;
        let readings = self
            .work(async |engine| engine.analyze(photo, &options).await)
            .await?;
        let mut readings = readings.into_iter();
        let is_small = photo.width().max(photo.height()) <= SMALL_SIDE;
        match (readings.next(), readings.next()) {
            (Some(face), None) => Ok((face.crop, Cropping::Found)),
            (Some(largest), Some(_)) => Ok((largest.crop, Cropping::Largest)),
            (None, _) if is_small => Ok((FaceCrop::whole(photo), Cropping::Small)),
            (None, _) => Err(Refusal::NoFace.into()),
        }
    }

    async fn judge_crops(
        &mut self,
        models: &[ModelId],
        crops: Vec<FaceCrop>,
    ) -> Result<Vec<JudgedFace>, Fault> {
        let pixels: Vec<f32> = crops.iter().flat_map(|crop| crop.pixels.clone()).collect();
        let mut faces: Vec<_> = (crops.iter())
            .map(|crop| JudgedFace {
                pixels: crop.to_gray(),
                probabilities: Vec::with_capacity(models.len()),
            })
            .collect();
        for model in models {
            let probabilities = self.probabilities(*model, &pixels, crops.len()).await?;
            for (face, probabilities) in faces.iter_mut().zip(probabilities) {
                face.probabilities.push(probabilities);
            }
        }
        Ok(faces)
    }

    /// What one model says of `[count, 48, 48]` pixels.
    async fn probabilities(
        &mut self,
        model: ModelId,
        pixels: &[f32],
        count: usize,
    ) -> Result<Vec<Probabilities>, Fault> {
        let judge = self.judges.0.get_mut(&model).ok_or(Refusal::NoModel)?;
        let error = match judge.classifier.classify(pixels, count).await {
            Ok(probabilities) => return Ok(probabilities),
            Err(error) => EngineError::from(error),
        };
        if !self.leave_gpu(&error).await {
            return Err(in_words(&error).into());
        }
        let judge = self.judges.0.get_mut(&model).ok_or(Refusal::NoModel)?;
        let again = judge.classifier.classify(pixels, count).await;
        again.map_err(|error| in_words(&error).into())
    }
}

impl Judges {
    /// Builds every classifier anew on another backend. One that cannot be built is dropped.
    pub async fn move_to(&mut self, backend: Backend) {
        for (model, judge) in std::mem::take(&mut self.0) {
            if let Ok(classifier) = build_classifier(&judge.plan, backend).await {
                let plan = judge.plan;
                self.0.insert(model, Judge { plan, classifier });
            }
        }
    }
}

fn blob(attachment: JsValue) -> Result<Blob, Refusal> {
    attachment.dyn_into().map_err(|_| Refusal::Gone)
}

/// Reads a model's file, unless it is too long: the memory for it would never be given back.
async fn read_model(file: &Blob) -> Result<Vec<u8>, Refusal> {
    if file.size() > MAX_FILE_BYTES as f64 {
        return Err(Refusal::NotAModel(FormatError::TooLarge.to_string()));
    }
    read_blob(file).await
}

async fn read_blob(blob: &Blob) -> Result<Vec<u8>, Refusal> {
    let buffer = JsFuture::from(blob.array_buffer()).await;
    let buffer = buffer.map_err(|_| Refusal::Gone)?;
    Ok(Uint8Array::new(&buffer).to_vec())
}
