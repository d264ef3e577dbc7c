//! What a system is worth and what it costs.

use burn::module::Module;
use burn::tensor::Device;
use cpu_time::ProcessTime;
use half::f16;
use mien_engine::metrics::{Evaluation, Predictions, interval};
use mien_engine::nets;
use mien_engine::random::Random;
use mien_engine::study_report::{StudyFigures, StudyRow};

use super::config::{Method, SystemConfig};
use super::system::System;
use crate::data::{DataSet, Splits};
use crate::evaluate::{self, EvaluateError};
use crate::ops::FastOps;
use crate::train::Checkpoint;

/// Where the resamples and the small samples come from.
const SEED: u64 = 2013;

/// How often a face is timed; the fastest counts.
const TIMINGS: usize = 20;

/// Measures a system made of `members`. The private test split is scored here.
pub fn row(
    config: &SystemConfig,
    system: &System,
    members: &[Checkpoint],
    splits: &Splits,
) -> Result<StudyRow, EvaluateError> {
    let classes = splits.training.classes()[..system.classes()].iter();
    let labels: Vec<String> = classes.map(|class| class.name().to_owned()).collect();
    let private = system.predict(&splits.private_test)?;
    let hits: Vec<bool> = private.hits().collect();
    let small_sample = match config.small_sample {
        Some(faces) => Some(figures(
            &system.predict(&balanced(&splits.private_test, faces, labels.len()))?,
            &labels,
        )),
        None => None,
    };
    let parameters = system.networks.iter().map(Module::num_params).sum();
    let device = Device::flex();
    let macs = |network| nets::macs(network, &device);
    Ok(StudyRow {
        study: config.study.clone(),
        name: config.name.clone(),
        title: config.title.clone(),
        members: match &config.how {
            Method::Train { .. } => Vec::new(),
            Method::Ensemble { members, .. } => members.clone(),
        },
        parameters,
        macs: system.networks.iter().map(macs).sum(),
        bytes: (parameters * size_of::<f16>()) as u64,
        epochs: members
            .iter()
            .map(|run| epochs(run, &splits.training))
            .sum(),
        cpu_minutes: members.iter().map(cpu_minutes).sum(),
        milliseconds: milliseconds(system, &splits.public_test),
        public_test: figures(&system.predict(&splits.public_test)?, &labels),
        private_test: figures(&private, &labels),
        hits: StudyRow::pack_hits(&hits),
        small_sample,
        reported: config.reported.clone(),
        file: None,
        labels,
    })
}

fn figures(predictions: &Predictions, labels: &[String]) -> StudyFigures {
    let hits: Vec<bool> = predictions.hits().collect();
    StudyFigures::new(&Evaluation::new(predictions, labels), interval(&hits, SEED))
}

/// Passes over the training faces until the last epoch.
fn epochs(run: &Checkpoint, training: &DataSet) -> f64 {
    let config = &run.header.config;
    let visited = config.steps(training.len()) * config.batch * run.header.history.len();
    visited as f64 / training.len() as f64
}

fn cpu_minutes(run: &Checkpoint) -> f64 {
    let seconds = run.header.history.iter().map(|epoch| epoch.cpu_seconds);
    seconds.sum::<f64>() / 60.0
}

/// CPU time of one face on the first core that is free.
fn milliseconds(system: &System, data: &DataSet) -> f64 {
    let pixels = data.pixels(0);
    let time = || {
        let start = ProcessTime::now();
        for network in &system.networks {
            evaluate::logits(network, &pixels, &FastOps::default());
        }
        1000.0 * start.elapsed().as_secs_f64()
    };
    (0..TIMINGS).map(|_| time()).fold(f64::INFINITY, f64::min)
}

/// So many faces, as many of each class, drawn at random.
fn balanced(data: &DataSet, faces: usize, classes: usize) -> DataSet {
    let mut order: Vec<usize> = (0..data.len()).collect();
    Random::new(SEED).shuffle(&mut order);
    let of_class = |class| {
        let all = order.iter().copied();
        all.filter(move |&face| data.target(face) == class)
            .take(faces / classes)
    };
    data.select((0..classes).flat_map(of_class))
}
