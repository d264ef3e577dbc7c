//! The networks that read photos.

use clap::Args;
use mien_engine::classify::Classifier;
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
        let model = Model::load(&self.model).or_user()?;
        let card = model.card.as_ref();
        let uncertainty = card.and_then(|card| card.uncertainty.as_ref());
        let uncertain_below = uncertainty.map_or(0.0, |uncertainty| uncertainty.below);
        let engine = Engine::new(runner(&self.detector)?, run(model)?).or_user()?;
        Ok(engine.with_uncertain_below(uncertain_below))
    }
}

/// Loads a face detector by path or name.
pub fn load_detector(name: &str) -> Outcome<Detector> {
    Detector::new(runner(name)?).or_user()
}

/// Loads a classifier by path or name; its card's name or else its own.
pub fn load_classifier(name: &str) -> Outcome<(Classifier, String)> {
    let model = Model::load(name).or_user()?;
    let title = model.card.map_or_else(|| name.to_owned(), |card| card.name);
    let runner = cpu::Runner::new(model.plan).or_user()?;
    let classifier = Classifier::new(Runner::Cpu(Box::new(runner))).or_user()?;
    Ok((classifier, title))
}

fn runner(name: &str) -> Outcome<Runner> {
    run(Model::load(name).or_user()?)
}

fn run(model: Model) -> Outcome<Runner> {
    let runner = cpu::Runner::new(model.plan).or_user()?;
    Ok(Runner::Cpu(Box::new(runner)))
}
