//! The engine as a module that the benches in the browser call: networks one by one, occlusion
//! maps, and photos. Nothing here measures; see `page/mien.js`.

#![cfg(target_arch = "wasm32")]

use mien_engine::backend::{self, Backend, Choice};
use mien_engine::detect::DetectOptions;
use mien_engine::explain::thinned;
use mien_engine::gpu::{self, GpuError};
use mien_engine::photo::Photo;
use mien_engine::pipeline::Engine;
use mien_engine::plan::Plan;
use mien_engine::runner::{Batch, Covered, Runner};
use serde_json::json;
use wasm_bindgen::prelude::*;

/// One network on a backend.
#[wasm_bindgen]
pub struct Network {
    runner: Runner,
}

#[wasm_bindgen]
impl Network {
    /// Prepares the network of a `.mien` file on `cpu` or `webgpu`.
    pub async fn load(file: Vec<u8>, backend: String) -> Result<Network, JsError> {
        Ok(Self {
            runner: runner(&file, &backend).await?,
        })
    }

    /// All outputs one behind the other, for `count` inputs `[height, width, channels]`, normalised.
    pub async fn run(
        &mut self,
        data: Vec<f32>,
        count: usize,
        height: usize,
        width: usize,
    ) -> Result<Vec<f32>, JsError> {
        let batch = Batch {
            data: &data,
            count,
            height,
            width,
        };
        Ok(self.runner.run(batch).await?.concat())
    }

    /// The same for one input as it is, then with each of `places` covered by `fill`: four numbers a
    /// place, its first row, the row after its last, its first column, the column after its last.
    /// The places are those of a square map, which may be approximated.
    pub async fn covered(
        &mut self,
        data: Vec<f32>,
        height: usize,
        width: usize,
        places: Vec<usize>,
        fill: f32,
        approximate: bool,
    ) -> Result<Vec<f32>, JsError> {
        let (places, _) = places.as_chunks();
        let size = [places.len().isqrt(); 2];
        let places: Vec<_> = (places.iter().enumerate())
            .filter(|&(place, _)| !approximate || thinned::is_asked(place, size))
            .map(|(_, &[top, bottom, left, right])| [top..bottom, left..right])
            .collect();
        let covered = Covered {
            data: &data,
            height,
            width,
            places: &places,
            fill,
        };
        let mut outputs = self.runner.run_covered(covered).await?.concat();
        if approximate {
            let values = outputs.len() / (places.len() + 1);
            let asked = outputs.split_off(values);
            let asked = asked.chunks(values).map(<[f32]>::to_vec);
            outputs.extend(thinned::complete(asked, size).concat());
        }
        Ok(outputs)
    }

    /// The network's layers with their weights as JSON, for runtimes that read no file of ours.
    pub fn layers(&self) -> Result<String, JsError> {
        Ok(serde_json::to_string(self.runner.plan())?)
    }
}

/// The whole way from a photo to labelled faces.
#[wasm_bindgen]
pub struct Reader {
    engine: Engine,
}

#[wasm_bindgen]
impl Reader {
    /// Prepares detector and expression network on `cpu` or `webgpu`.
    pub async fn load(
        detector: Vec<u8>,
        classifier: Vec<u8>,
        backend: String,
    ) -> Result<Reader, JsError> {
        let detector = runner(&detector, &backend).await?;
        let classifier = runner(&classifier, &backend).await?;
        Ok(Self {
            engine: Engine::new(detector, classifier)?,
        })
    }

    /// The faces of a photo, RGBA, as JSON: box `[x, y, width, height]` and label.
    pub async fn read(
        &mut self,
        rgba: Vec<u8>,
        width: usize,
        height: usize,
    ) -> Result<String, JsError> {
        let photo = Photo::new(width, height, rgba)?;
        let readings = self.engine.analyze(&photo, &DetectOptions::PHOTO).await?;
        let faces = readings.iter().map(|reading| {
            let bounds = reading.face.bounds;
            json!({
                "box": [bounds.x, bounds.y, bounds.width, bounds.height],
                "label": reading.label().name(),
            })
        });
        Ok(faces.collect::<serde_json::Value>().to_string())
    }
}

/// The name of the WebGPU adapter, and whether it is a program on the CPU.
#[wasm_bindgen]
pub async fn adapter() -> Result<String, JsError> {
    let device = gpu::Device::request().await?;
    let adapter = device.adapter();
    Ok(json!({ "name": adapter.name, "software": adapter.software }).to_string())
}

async fn runner(file: &[u8], backend: &str) -> Result<Runner, JsError> {
    let plan = Plan::from_bytes(file)?;
    let backend =
        Backend::from_name(backend).ok_or_else(|| JsError::new("there is no such backend"))?;
    let device = match backend {
        Backend::Cpu => Err(GpuError::NoWebGpu),
        Backend::WebGpu => gpu::Device::request().await,
    };
    let device = device.as_ref().map_err(GpuError::clone);
    let (runner, Choice { .. }) =
        backend::select(&plan, device, Some(backend), js_sys::Date::now).await?;
    Ok(runner)
}
