//! The engine with what is needed to build it again.

use mien_engine::backend::{self, Backend, BackendError, Choice, Reason};
use mien_engine::classify::{Classifier, ClassifyError};
use mien_engine::gpu::{self, GpuError};
use mien_engine::pipeline::{Engine, EngineError};
use mien_engine::plan::Plan;
use thiserror::Error;

use super::now;
use crate::protocol::{EngineReport, Source, StopReason};

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

/// An engine at work, with what it takes to build it anew.
pub struct Running {
    /// Reads photos.
    pub engine: Engine,
    /// What it runs on.
    pub report: EngineReport,
    models: Models,
}

impl Running {
    /// Builds an engine as [`Models::build`] does.
    pub async fn start(models: Models, asked: Option<Backend>) -> Result<Self, StopReason> {
        let (engine, report) = models.build(asked).await?;
        Ok(Self {
            engine,
            report,
            models,
        })
    }

    /// Reads faces with another expression network from now on. Where it cannot be used, the last
    /// one stays.
    pub async fn use_classifier(&mut self, plan: Plan) -> Result<(), BuildError> {
        let classifier = build_classifier(&plan, self.report.choice.backend).await?;
        self.engine.set_classifier(classifier);
        self.models.classifier = plan;
        Ok(())
    }

    /// After a failure on the GPU: moves to the CPU, where the same work can be tried again.
    /// Whether there was a GPU to leave.
    pub async fn leave_gpu(&mut self, error: &EngineError) -> bool {
        if self.report.choice.backend != Backend::WebGpu {
            return false;
        }
        let Ok((engine, report)) = self.models.build(Some(Backend::Cpu)).await else {
            return false;
        };
        self.engine = engine;
        self.report = EngineReport {
            choice: Choice {
                reason: Reason::NoGpu(error.to_string()),
                ..report.choice
            },
            left_gpu: true,
            ..report
        };
        true
    }
}
