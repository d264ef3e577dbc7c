//! The engine, ready for calls.

use js_sys::Function;
use mien_app::host::engine::{Models, Running};
use mien_app::host::loading::fetch_all;
use mien_engine::detect::{self, DetectOptions};
use mien_engine::explain::{Answer, Question};
use mien_engine::photo::Photo;
use mien_engine::pipeline::{Engine, EngineError, FaceReading};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::ImageBitmap;

use crate::answers::{Reading, explanation, write};
use crate::arguments::{Explain, Search, Setup, read, read_options};
use crate::face::{Face, Picture};
use crate::fault::Fault;

/// The engine with its networks. It does one thing at a time: whoever calls has to wait for the
/// answer before the next call. Bitmaps are closed.
#[wasm_bindgen]
pub struct Session {
    running: Running,
    uncertain_below: f32,
}

#[wasm_bindgen]
impl Session {
    /// Loads the networks that a [`Setup`] names. `progress` is told the bytes that have come, and
    /// those that will have.
    pub async fn start(setup: JsValue, progress: Option<Function>) -> Result<Session, JsValue> {
        let setup: Setup = read("options", &setup)?;
        let total = setup.detector.bytes + setup.classifier.bytes;
        let tell = |loaded: usize| {
            if let Some(progress) = &progress {
                // What goes wrong over there does not stop the loading.
                let _ = progress.call2(&JsValue::UNDEFINED, &loaded.into(), &total.into());
            }
        };
        let sources = [&setup.detector, &setup.classifier];
        let files = fetch_all(&sources, tell).await.map_err(Fault::from)?;
        let models = Models::read(sources, &files).map_err(Fault::from)?;
        drop(files);
        let running = Running::start(models, setup.backend).await;
        Ok(Self {
            running: running.map_err(Fault::from)?,
            uncertain_below: setup.uncertain_below,
        })
    }

    /// The name of the backend.
    #[wasm_bindgen(getter)]
    pub fn backend(&self) -> String {
        self.running.report.choice.backend.name().to_owned()
    }

    /// The faces of a picture. `search` is a [`Search`].
    pub async fn detect(
        &mut self,
        picture: ImageBitmap,
        search: JsValue,
    ) -> Result<JsValue, JsValue> {
        let options = read_options::<Search>(&search)?.options();
        let picture = Picture::new(picture).await?;
        let faces = self.find(&picture.photo, &options).await?;
        let faces: Vec<_> = faces.iter().map(|face| picture.outward(face)).collect();
        Ok(write(&faces)?)
    }

    /// What faces resemble; without any, those of the picture.
    pub async fn classify(
        &mut self,
        picture: ImageBitmap,
        faces: JsValue,
    ) -> Result<JsValue, JsValue> {
        let faces: Option<Vec<Face>> = read("faces", &faces)?;
        for face in faces.iter().flatten() {
            face.check("faces")?;
        }
        let picture = Picture::new(picture).await?;
        let found = match &faces {
            Some(faces) => faces.iter().map(|face| picture.inward(*face)).collect(),
            None => self.find(&picture.photo, &DetectOptions::PHOTO).await?,
        };
        let readings = self.read(&picture.photo, found).await?;
        // The callers' own faces, not what scaling made of them.
        let outward = |index: usize, reading: &FaceReading| match &faces {
            Some(faces) => faces[index],
            None => picture.outward(&reading.face),
        };
        let readings: Vec<_> = readings
            .iter()
            .enumerate()
            .map(|(index, reading)| Reading {
                face: outward(index, reading),
                label: reading.label(),
                confidence: reading.confidence(),
                uncertain: reading.is_uncertain(),
                probabilities: reading.probabilities,
            })
            .collect();
        Ok(write(&readings)?)
    }

    /// Why a face is read as it is. `options` are an [`Explain`].
    pub async fn explain(
        &mut self,
        picture: ImageBitmap,
        face: JsValue,
        options: JsValue,
    ) -> Result<JsValue, JsValue> {
        let face: Face = read("face", &face)?;
        face.check("face")?;
        let options: Explain = read_options(&options)?;
        let method = options.method()?;
        let picture = Picture::new(picture).await?;
        let face = picture.inward(face);
        let reading = self.read(&picture.photo, vec![face]).await?.pop();
        let reading = reading.ok_or_else(|| Fault::Engine("the face was not read".to_owned()))?;
        let class = options.class.unwrap_or_else(|| reading.label());
        let target = options.target(class);
        let question = Question::Map { method, target };
        let crop = &reading.crop;
        let answer = self
            .work(async |engine| engine.answer(crop, &face.landmarks, &question).await)
            .await?;
        match answer {
            Answer::Map(saliency) => Ok(explanation(&saliency, picture.transform(crop))?),
            other => Err(Fault::Engine(format!("a map was asked for, not {other:?}")).into()),
        }
    }
}

impl Session {
    async fn find(
        &mut self,
        photo: &Photo,
        options: &DetectOptions,
    ) -> Result<Vec<detect::Face>, Fault> {
        self.work(async |engine| engine.detect(photo, options).await)
            .await
    }

    async fn read(
        &mut self,
        photo: &Photo,
        faces: Vec<detect::Face>,
    ) -> Result<Vec<FaceReading>, Fault> {
        let uncertain_below = self.uncertain_below;
        let readings = self
            .work(async |engine| engine.read(photo, faces.clone()).await)
            .await?;
        let readings = readings.into_iter().map(|reading| FaceReading {
            uncertain_below,
            ..reading
        });
        Ok(readings.collect())
    }

    /// Does some work, and again on the CPU when the GPU fails.
    async fn work<T>(
        &mut self,
        work: impl AsyncFn(&mut Engine) -> Result<T, EngineError>,
    ) -> Result<T, Fault> {
        let done = match work(&mut self.running.engine).await {
            Err(error) if self.running.leave_gpu(&error).await => {
                work(&mut self.running.engine).await
            }
            done => done,
        };
        Ok(done?)
    }
}
