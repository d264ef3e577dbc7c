//! Training runs: from a [`RunConfig`] and faces to weights, with a checkpoint after each epoch.

mod ablation;
mod balance;
mod batch;
mod checkpoint;
mod config;
mod error;
mod freeze;
mod loss;
mod mixing;
mod optimizer;
mod schedule;
mod shard;
pub(crate) mod weights;

use std::path::{Path, PathBuf};
use std::time::Instant;

use burn::module::Module;
use burn::tensor::Device;
use cpu_time::ProcessTime;
use mien_engine::nets::{Network, Ops, face_input};
use mien_engine::plan::{InputSpec, Plan};
use sha2::{Digest, Sha256};

pub(crate) use ablation::merge;
pub use ablation::{
    AblationConfig, AblationError, AblationReport, AblationRow, Trial, Variant, mean_and_deviation,
    trials,
};
pub use balance::Balance;
pub use checkpoint::{Checkpoint, CheckpointError, EpochRecord, Header};
pub use config::{ConfigError, Distillation, RunConfig};
pub use error::TrainError;
pub use mixing::{Mix, Mixing};
pub use optimizer::{Optimizer, OptimizerConfig, OptimizerKind};
pub use schedule::{OneCycleSchedule, PlateauSchedule, Rates, Schedule, StepSchedule};

use crate::data::DataSet;
use crate::evaluate;
use crate::files::{FolderLock, write_atomically};
use crate::pretrained;
use crate::teacher::{SoftLabels, SoftLabelsError};
use shard::Step;

/// A run's state, in its folder.
pub const CHECKPOINT_FILE: &str = "checkpoint";
/// A line of JSON an epoch (see [`EpochRecord`]), in a run's folder.
pub const METRICS_FILE: &str = "metrics.jsonl";

/// What a run tells while it works.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// A step has been made.
    Step {
        /// Counted from 1.
        epoch: usize,
        /// Counted from 1.
        step: usize,
        /// Steps an epoch.
        steps: usize,
        /// The step's loss.
        loss: f32,
    },
    /// An epoch has ended and its checkpoint is written.
    Epoch(&'a EpochRecord),
}

/// What a run begins with, in place of fresh weights. Where it knows other classes, the last layer
/// begins afresh.
#[derive(Clone, Debug)]
pub enum Start {
    /// The best epoch of another run of the same network.
    Run(Box<Checkpoint>),
    /// A file that [`pretrained`] reads.
    Elsewhere(PathBuf),
}

/// A run's data and place.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The settings.
    pub config: &'a RunConfig,
    /// What is learned from.
    pub training: &'a DataSet,
    /// What the epoch is chosen on.
    pub validation: &'a DataSet,
    /// What the settings' `distillation` names.
    pub soft_labels: Option<&'a SoftLabels>,
    /// What the settings' `start` names.
    pub start: Option<&'a Start>,
    /// The existing folder that takes [`CHECKPOINT_FILE`] and [`METRICS_FILE`].
    pub out: &'a Path,
    /// Stops after so many epochs, to be resumed later.
    pub stop_after: Option<usize>,
}

/// Trains until the last epoch, going on from the checkpoint if there is one, and returns the
/// state at the end. Killed at any moment and started again, it ends with the same weights.
pub fn run(
    job: Job<'_>,
    ops: &(impl Ops + Sync),
    device: &Device,
    tell: impl FnMut(Progress<'_>),
) -> Result<Checkpoint, TrainError> {
    run_on(job, ops, std::slice::from_ref(device), tell)
}

/// The same on one device or several, which share each batch; on several the order in which
/// dropout's random numbers are drawn is not certain, nor are the last digits of the weights.
///
/// # Panics
/// If there is no device.
pub fn run_on(
    job: Job<'_>,
    ops: &(impl Ops + Sync),
    devices: &[Device],
    mut tell: impl FnMut(Progress<'_>),
) -> Result<Checkpoint, TrainError> {
    let config = job.config;
    if job.training.len() < config.batch || job.validation.is_empty() {
        return Err(TrainError::NoFaces);
    }
    if job.soft_labels.is_some_and(|labels| {
        !labels.are_for(job.training) || labels.header().classes != config.network.classes()
    }) {
        return Err(SoftLabelsError::OtherData.into());
    }
    let classes = config.network.classes();
    if let Some(Start::Run(start)) = job.start
        && start.header.config.network.clone().with_classes(classes) != config.network
    {
        return Err(TrainError::OtherNetwork);
    }
    let _lock = FolderLock::new(job.out)?;
    let last = job.stop_after.unwrap_or(config.epochs).min(config.epochs);
    let mut session = Session::start(job, ops, devices)?;
    while session.history().len() < last && !config.is_finished(&session.state.header) {
        let record = session.epoch(&mut tell)?;
        tell(Progress::Epoch(&record));
    }
    Ok(session.state)
}

/// What a face costs while training, and while validating, in CPU seconds: measured on a few steps
/// of a fresh network, which are not kept.
pub fn cost_a_face(
    job: Job<'_>,
    ops: &(impl Ops + Sync),
    device: &Device,
) -> Result<[f64; 2], TrainError> {
    const STEPS: usize = 6;
    let trial = RunConfig {
        epochs: 1,
        epoch_steps: Some(STEPS),
        ..job.config.clone()
    };
    let job = Job {
        config: &trial,
        ..job
    };
    let mut session = Session::start(job, ops, std::slice::from_ref(device))?;
    // The first steps also fill caches and memory.
    session.learn(&mut |_| ())?;
    let time = ProcessTime::now();
    session.learn(&mut |_| ())?;
    let training = time.elapsed().as_secs_f64() / (STEPS * trial.batch) as f64;
    let faces = job.validation.len().min(2 * trial.batch);
    let some = job.validation.select(0..faces);
    let time = ProcessTime::now();
    evaluate::network(&session.network.valid(), &some, ops)?;
    Ok([training, time.elapsed().as_secs_f64() / faces as f64])
}

/// A run at work.
struct Session<'a, O> {
    job: Job<'a>,
    ops: &'a O,
    /// They differentiate; the network is on the first.
    devices: Vec<Device>,
    input: InputSpec,
    network: Network,
    optimizer: Optimizer,
    /// Of each class in the loss.
    class_weights: Option<Vec<f32>>,
    state: Checkpoint,
}

impl<'a, O: Ops + Sync> Session<'a, O> {
    fn start(job: Job<'a>, ops: &'a O, devices: &[Device]) -> Result<Self, TrainError> {
        let config = job.config;
        let data = fingerprint(&[job.training, job.validation]);
        let path = job.out.join(CHECKPOINT_FILE);
        let resumed = Checkpoint::load(&path)?;
        let devices: Vec<Device> = devices.iter().cloned().map(Device::autodiff).collect();
        let device = devices.first().expect("a device");
        device.seed(config.seed);
        let network = config.network.init(device);
        // Reading also draws the fresh weights, now and in a fixed order.
        let fresh = weights::read(&network);
        let state = match resumed {
            Some(state) if !state.continues(config) => {
                return Err(TrainError::OtherSettings { path });
            }
            Some(state) if state.header.data != data => {
                return Err(TrainError::OtherData { path });
            }
            Some(mut state) => {
                state.header.config = config.clone();
                state
            }
            None => {
                let first = first_weights(job, &network, fresh)?;
                Checkpoint {
                    header: Header {
                        config: config.clone(),
                        data,
                        history: Vec::new(),
                        best_epoch: 0,
                    },
                    momentum: vec![0.0; first.len()],
                    squares: if config.optimizer.kind.has_squares() {
                        vec![0.0; first.len()]
                    } else {
                        Vec::new()
                    },
                    mean: first.clone(),
                    best: first.clone(),
                    weights: first,
                }
            }
        };
        let steps = config.steps(job.training.len());
        let optimizer = Optimizer::new(
            config.optimizer.clone(),
            state.momentum.clone(),
            state.squares.clone(),
            state.mean.clone(),
            steps * state.header.history.len(),
        );
        Ok(Self {
            input: face_input(),
            network: freeze::freeze(weights::write(network, &state.weights), &config.freeze)?,
            class_weights: (config.balance).class_weights(job.training, config.network.classes()),
            job,
            ops,
            devices,
            optimizer,
            state,
        })
    }

    fn history(&self) -> &[EpochRecord] {
        &self.state.header.history
    }

    /// Trains one epoch, evaluates it and writes the checkpoint.
    fn epoch(&mut self, tell: &mut impl FnMut(Progress<'_>)) -> Result<EpochRecord, TrainError> {
        let (started, cpu) = (Instant::now(), ProcessTime::now());
        let mut record = self.learn(tell)?;

        self.state.weights = weights::read(&self.network);
        self.state.momentum = self.optimizer.momentum().to_vec();
        self.state.squares = self.optimizer.squares().to_vec();
        self.state.mean = self.optimizer.mean().to_vec();
        let averaged = weights::write(self.network.valid(), &self.state.mean);
        let predictions = evaluate::network(&averaged, self.job.validation, self.ops)?;
        record.valid_loss = predictions.negative_log_likelihood(1.0);
        record.valid_accuracy = predictions.accuracy();
        record.seconds = started.elapsed().as_secs_f64();
        record.cpu_seconds = cpu.elapsed().as_secs_f64();
        let record = record.rounded();

        let history = &self.state.header.history;
        if history
            .iter()
            .all(|past| past.valid_accuracy < record.valid_accuracy)
        {
            self.state.header.best_epoch = record.epoch;
            self.state.best = self.state.mean.clone();
        }
        self.state.header.history.push(record.clone());
        self.state.save(&self.job.out.join(CHECKPOINT_FILE))?;
        let metrics = self.state.header.history_lines();
        write_atomically(&self.job.out.join(METRICS_FILE), metrics.as_bytes())
            .map_err(CheckpointError::from)?;
        Ok(record)
    }

    /// All steps of an epoch. Faces that do not fill a batch are left for other epochs.
    fn learn(&mut self, tell: &mut impl FnMut(Progress<'_>)) -> Result<EpochRecord, TrainError> {
        let Job {
            config, training, ..
        } = self.job;
        let epoch = self.history().len() + 1;
        // Dropout draws from the device's generator: the same numbers in a resumed run.
        for device in &self.devices {
            device.seed(config.seed.wrapping_add(epoch as u64));
        }
        let classes = config.network.classes();
        let order = config.balance.order(training, classes, config.seed, epoch);
        let steps = config.steps(training.len());
        let (mut loss_sum, mut right, mut loading_seconds, mut learning_rate) = (0.0, 0, 0.0, 0.0);
        for (step, draws) in order.chunks_exact(config.batch).take(steps).enumerate() {
            let number = (epoch - 1) * steps + step;
            let task = Step {
                job: self.job,
                input: &self.input,
                class_weights: self.class_weights.as_deref(),
                epoch,
                number,
            };
            let learned = task.learn(&self.network, draws, self.ops, &self.devices);
            if !learned.loss.is_finite() {
                return Err(TrainError::Diverged {
                    epoch,
                    step: step + 1,
                    loss: learned.loss,
                });
            }
            loss_sum += f64::from(learned.loss);
            right += learned.right;
            loading_seconds += learned.loading_seconds;
            let rates = Schedule::rates(config, number, steps, &self.state.header.history);
            learning_rate = rates.learning_rate;
            let network = self.network.clone();
            self.network = self.optimizer.step(network, learned.gradients, rates);
            tell(Progress::Step {
                epoch,
                step: step + 1,
                steps,
                loss: learned.loss,
            });
        }
        Ok(EpochRecord {
            epoch,
            learning_rate,
            train_loss: loss_sum / steps as f64,
            train_accuracy: right as f64 / (steps * config.batch) as f64,
            valid_loss: 0.0,
            valid_accuracy: 0.0,
            seconds: 0.0,
            cpu_seconds: 0.0,
            loading_seconds,
        })
    }
}

/// What the job starts with, `fresh` where it says nothing else.
fn first_weights(job: Job<'_>, network: &Network, fresh: Vec<f32>) -> Result<Vec<f32>, TrainError> {
    match job.start {
        None => Ok(fresh),
        Some(Start::Run(run)) => {
            let source = run.header.config.network.init(&Device::flex());
            Ok(weights::transplant(&source, &run.best, network, &fresh))
        }
        Some(Start::Elsewhere(path)) => {
            let config = &job.config.network;
            let network = weights::write(config.init(&Device::flex()), &fresh);
            let network = pretrained::load(path, config, network, job.training)?;
            Ok(weights::read(&network))
        }
    }
}

/// The best epoch's network, on the CPU.
#[must_use]
pub fn best_network(checkpoint: &Checkpoint) -> Network {
    let network = checkpoint.header.config.network.init(&Device::flex());
    weights::write(network, &checkpoint.best)
}

/// The best epoch's network as a plan, batch norms folded; none for a network that only Burn runs.
#[must_use]
pub fn best_plan(checkpoint: &Checkpoint) -> Option<Plan> {
    best_network(checkpoint).export()
}

/// SHA-256 of faces and labels.
#[must_use]
pub fn fingerprint(sets: &[&DataSet]) -> String {
    let mut digest = Sha256::new();
    for set in sets {
        digest.update((set.len() as u64).to_le_bytes());
        for index in 0..set.len() {
            digest.update([set.target(index) as u8]);
            digest.update(set.face(index));
            for share in set.distribution(index).into_iter().flatten() {
                digest.update(share.to_le_bytes());
            }
        }
    }
    format!("{:x}", digest.finalize())
}
