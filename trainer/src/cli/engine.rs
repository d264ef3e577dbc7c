//! The networks that read photos.

use clap::Args;
use mien_engine::cpu;
use mien_engine::detect::Detector;
use mien_engine::pipeline::Engine;
use mien_engine::runner::Runner;

use super::{OrFail, Outcome};
use crate::models::{DEFAULT_CLASSIFIER, DETECTOR, Model};

/// Which networks to use.
#[derive(Debug, Args)]
pub struct Models {
    /// Path of a .mien file, or name of a shipped model.
    #[arg(long, default_value = DEFAULT_CLASSIFIER)]
    model: String,
    /// Path of a face detector, or name of a shipped one.
    #[arg(long, default_value = DETECTOR)]
    detector: String,
}

impl Models {
    /// Loads both networks.
    pub fn load(&self) -> Outcome<Engine> {
        let (detector, classifier) = (runner(&self.detector)?, runner(&self.model)?);
        Engine::new(detector, classifier).or_user()
    }
}

/// Loads a face detector by path or name.
pub fn load_detector(name: &str) -> Outcome<Detector> {
    Detector::new(runner(name)?).or_user()
}

fn runner(name: &str) -> Outcome<Runner> {
    let model = Model::load(name).or_user()?;
    let runner = cpu::Runner::new(model.plan).or_user()?;
    Ok(Runner::Cpu(Box::new(runner)))
}
