//! The engine with what is needed to build it again.

use mien_app::protocol::{EngineReport, Source, StopReason};
use mien_engine::backend::{self, Backend, BackendError, Choice, Reason};
use mien_engine::classify::{Classifier, ClassifyError};
use mien_engine::gpu::{self, GpuError};
use mien_engine::pipeline::{Engine, EngineError};
use mien_engine::plan::Plan;
use thiserror::Error;

use crate::post::now;

/// Why an engine or a classifier could not be built.
#[derive(Debug, Error)]
pub enum BuildError {
    /// No backend runs a network.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The networks are not those of an engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The network is no classifier.
    #[error(transparent)]
    Classify(#[from] ClassifyError),
}

/// Builds a classifier on a backend.
pub async fn build_classifier(plan: &Plan, backend: Backend) -> Result<Classifier, BuildError> {
    let device = match backend {
        Backend::Cpu => Err(GpuError::NoWebGpu),
        Backend::WebGpu => gpu::Device::request().await,
    };
    let device = device.as_ref().map_err(GpuError::clone);
    let (runner, _) = backend::select(plan, device, Some(backend), now).await?;
    Ok(Classifier::new(runner)?)
}

/// Both networks, from which engines are built.
pub struct Models {
    detector: Plan,
    classifier: Plan,
}

impl Models {
    /// Reads the model files. The sources name them in errors.
    pub fn read(sources: [&Source; 2], files: &[Vec<u8>]) -> Result<Self, StopReason> {
        let read = |index: usize| {
            Plan::from_bytes(&files[index]).map_err(|error| StopReason::Model {
                url: sources[index].url.clone(),
                detail: error.to_string(),
            })
        };
        Ok(Self {
            detector: read(0)?,
            classifier: read(1)?,
        })
    }

    /// Engines are built with another expression network from now on.
    pub fn set_classifier(&mut self, plan: Plan) {
        self.classifier = plan;
    }

    /// Builds an engine on the backend that is asked for, or else on the faster one. Where WebGPU
    /// is asked for and not to be had, on the CPU: it can always do the work.
    pub async fn build(
        &self,
        asked: Option<Backend>,
    ) -> Result<(Engine, EngineReport), StopReason> {
        let device = match asked {
            // Asking for a device nobody wants would only take time.
            Some(Backend::Cpu) => Err(GpuError::NoWebGpu),
            _ => gpu::Device::request().await,
        };
        match self.build_on(device.as_ref(), asked).await {
            Err(BuildError::Backend(BackendError::Gpu(error)))
                if asked == Some(Backend::WebGpu) =>
            {
                let built = self.build_on(Err(&error), Some(Backend::Cpu)).await;
                built.map(|(engine, report)| {
                    let reason = Reason::NoGpu(error.to_string());
                    let choice = Choice {
                        reason,
                        ..report.choice
                    };
                    (engine, EngineReport { choice, ..report })
                })
            }
            built => built,
        }
        .map_err(|error| StopReason::Engine(error.to_string()))
    }

    async fn build_on(
        &self,
        device: Result<&gpu::Device, &GpuError>,
        asked: Option<Backend>,
    ) -> Result<(Engine, EngineReport), BuildError> {
        let gpu = || device.map_err(GpuError::clone);
        // The detector is the heavy one; the small network goes where it goes.
        let (detector, choice) = backend::select(&self.detector, gpu(), asked, now).await?;
        let (classifier, _) =
            backend::select(&self.classifier, gpu(), Some(choice.backend), now).await?;
        let adapter = device.ok().map(|device| device.adapter().name.clone());
        let engine = Engine::new(detector, classifier)?;
        Ok((
            engine,
            EngineReport {
                choice,
                adapter,
                left_gpu: false,
            },
        ))
    }
}
