//! `mien train`: makes a training run.

use std::path::PathBuf;
use std::time::Duration;

use crate::ops::FastOps;
use anyhow::Context;
use clap::{Args, ValueEnum, value_parser};
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use mien_engine::plan::WeightStorage;

use super::data_source::DataSource;
use super::{Failure, OrFail, Outcome};
use super::{export, start};
use crate::device::Place;
use crate::report::Release;
use crate::teacher::SoftLabels;
use crate::train::{self, EpochRecord, Job, Progress, RunConfig, TrainError};

/// Trains a network as a run file says; started again, it goes on where it stopped.
#[derive(Debug, Args)]
pub struct Train {
    /// The run: a TOML file, as in trainer/runs.
    run: PathBuf,
    #[command(flatten)]
    source: DataSource,
    /// Folder for checkpoint and metrics [default: runs/NAME].
    #[arg(long)]
    out: Option<PathBuf>,
    /// Trains so many epochs instead of what the run says.
    #[arg(long)]
    epochs: Option<usize>,
    /// Takes another seed than the run says; give it an --out of its own.
    #[arg(long)]
    seed: Option<u64>,
    /// Where to train.
    #[arg(long, value_enum, default_value_t = DeviceArg::Cpu)]
    device: DeviceArg,
    /// How many share each batch: threads of the CPU, or adapters. With more than one, a run ends
    /// with slightly other weights each time.
    #[arg(long, default_value_t = 1, value_parser = value_parser!(u16).range(1..=64))]
    devices: u16,
    /// Stops after so many epochs; started again, the run goes on.
    #[arg(long)]
    stop_after: Option<usize>,
}

/// Where to train.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum DeviceArg {
    /// The CPU.
    Cpu,
    /// The graphics adapter; needs a mien built with --features wgpu.
    Wgpu,
}

impl From<DeviceArg> for Place {
    fn from(device: DeviceArg) -> Self {
        match device {
            DeviceArg::Cpu => Self::Cpu,
            DeviceArg::Wgpu => Self::Wgpu,
        }
    }
}

impl Train {
    /// Trains, with a line an epoch on stderr and the history as JSON on stdout; after the last
    /// epoch writes the best network, if it has a plan, as a model with card and curves.
    pub fn run(self) -> Outcome {
        let devices = Place::from(self.device).devices(self.devices.into());
        let devices = devices.or_user()?;
        let mut config = RunConfig::read(&self.run).or_user()?;
        config.seed = self.seed.unwrap_or(config.seed);
        if let Some(epochs) = self.epochs {
            config.epochs = epochs;
            config.check().or_user()?;
        }
        let out = self
            .out
            .unwrap_or_else(|| PathBuf::from("runs").join(&config.name));
        std::fs::create_dir_all(&out)
            .with_context(|| {
                format!(
                    "cannot make the folder {}; choose another --out",
                    out.display()
                )
            })
            .or_user()?;
        let faces = self
            .source
            .prepare(&config.data, config.network.classes())?;
        let soft_labels = config
            .distillation
            .as_ref()
            .map(|how| SoftLabels::load(&RunConfig::resolve(&self.run, &how.labels)))
            .transpose()
            .or_user()?;
        let start = start::load(&config, &self.run, &out)?;
        let job = Job {
            config: &config,
            soft_labels: soft_labels.as_ref(),
            start: start.as_ref(),
            training: &faces.training,
            validation: &faces.public_test,
            out: &out,
            stop_after: self.stop_after,
        };
        let mut table = Table::new(config.epochs);
        let ops = FastOps {
            precision: config.precision,
        };
        let state = train::run_on(job, &ops, &devices, |progress| {
            table.show(progress);
        })
        .map_err(blame)?;
        if config.is_finished(&state.header) && train::best_plan(&state).is_some() {
            let release = Release::new(&state, &faces, &config.name, WeightStorage::F16, false)
                .map_err(export::blame)?;
            let model = out.join(format!("{}.mien", config.name));
            release.save(&model).map_err(export::blame)?;
            release.save_pictures(&out).map_err(export::blame)?;
            release.save_classes(&out).map_err(export::blame)?;
        }
        outln!("{}", serde_json::to_string(&state.header).or_internal()?);
        Ok(())
    }
}

/// Every reason to stop is one that the user can mend.
fn blame(error: TrainError) -> Failure {
    Failure::User(error.into())
}

/// The live table on stderr: a line an epoch, below it the epoch at work.
struct Table {
    bar: ProgressBar,
    epochs: usize,
    /// Of this session.
    seconds: f64,
    trained: usize,
}

impl Table {
    fn new(epochs: usize) -> Self {
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("epoch {prefix} {wide_bar} {pos}/{len} {msg}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        eprintln!(
            "epoch  rate     train loss  train %  valid loss  valid %  seconds  loading  left"
        );
        Self {
            bar,
            epochs,
            seconds: 0.0,
            trained: 0,
        }
    }

    fn show(&mut self, progress: Progress<'_>) {
        match progress {
            Progress::Step {
                epoch,
                step,
                steps,
                loss,
            } => {
                if step == 1 {
                    self.bar.reset();
                    self.bar.set_length(steps as u64);
                    self.bar.set_prefix(format!("{epoch}/{}", self.epochs));
                }
                self.bar.set_message(format!("loss {loss:.3}"));
                self.bar.set_position(step as u64);
            }
            Progress::Epoch(record) => {
                self.seconds += record.seconds;
                self.trained += 1;
                self.bar.suspend(|| eprintln!("{}", self.line(record)));
            }
        }
    }

    fn line(&self, record: &EpochRecord) -> String {
        let left = (self.epochs - record.epoch) as f64 * self.seconds / self.trained as f64;
        format!(
            "{:5}  {:.5}  {:10.4}  {:7.2}  {:10.4}  {:7.2}  {:7.0}  {:6.1}%  {}",
            record.epoch,
            record.learning_rate,
            record.train_loss,
            100.0 * record.train_accuracy,
            record.valid_loss,
            100.0 * record.valid_accuracy,
            record.seconds,
            100.0 * record.loading_seconds / record.seconds,
            HumanDuration(Duration::from_secs_f64(left)),
        )
    }
}
