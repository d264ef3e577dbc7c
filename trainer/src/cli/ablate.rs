//! `mien ablate`: says what each ingredient of a run is worth.

use std::path::PathBuf;

use anyhow::Context;
use burn::tensor::Device;
use clap::Args;

use super::data_source::DataSource;
use super::{OrFail, Outcome};
use crate::files::write_atomically;
use crate::ops::FastOps;
use crate::train::{self, AblationReport, Job, Progress};

/// Trains a run and its variants, one ingredient changed in each, and writes a table of what they
/// are worth. Started again, it goes on where it stopped.
#[derive(Debug, Args)]
pub struct Ablate {
    /// The ablation: a TOML file, as in trainer/runs/ablation.
    ablation: PathBuf,
    #[command(flatten)]
    source: DataSource,
    /// Folder for the runs.
    #[arg(long, default_value = "runs/ablation")]
    out: PathBuf,
    /// The report; a table goes beside it with the ending .md.
    #[arg(long, default_value = "reports/ablation.json")]
    report: PathBuf,
    /// Only checks the file, and lists the runs.
    #[arg(long)]
    list: bool,
}

impl Ablate {
    /// Trains what has not been trained yet, with a line a run on stderr, and prints the table.
    pub fn run(self) -> Outcome {
        let trials = train::trials(&self.ablation).or_user()?;
        if self.list {
            for trial in &trials {
                outln!("{}", trial.config.name);
            }
            return Ok(());
        }
        let (mut faces, mut runs) = (0, Vec::new());
        for trial in trials {
            let config = &trial.config;
            let out = self.out.join(&config.name);
            std::fs::create_dir_all(&out)
                .with_context(|| format!("cannot make {}; choose another --out", out.display()))
                .or_user()?;
            let splits = self
                .source
                .prepare(&config.data, config.network.classes())?;
            let job = Job {
                config,
                training: &splits.training,
                validation: &splits.public_test,
                soft_labels: None,
                start: None,
                out: &out,
                stop_after: None,
            };
            let ops = FastOps {
                precision: config.precision,
            };
            let state = train::run(job, &ops, &Device::flex(), |progress| {
                if let Progress::Epoch(record) = progress {
                    eprintln!(
                        "{}, epoch {} of {}: {:.2} %",
                        config.name,
                        record.epoch,
                        config.epochs,
                        100.0 * record.valid_accuracy
                    );
                }
            })
            .or_user()?;
            faces = faces.max(splits.training.len());
            runs.push((trial, state));
        }
        let report = AblationReport::new(faces, &runs);
        let text = serde_json::to_string_pretty(&report).or_internal()? + "\n";
        write_atomically(&self.report, text.as_bytes()).or_user()?;
        let table = report.table();
        write_atomically(&self.report.with_extension("md"), table.as_bytes()).or_user()?;
        out!("{table}");
        Ok(())
    }
}
