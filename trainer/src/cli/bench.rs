//! `mien bench`: measures.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use mien_engine::nets::{Ops, StockOps};

use super::{OrFail, Outcome};
use crate::bench::nets::Subject;
use crate::bench::pytorch::PyTorch;
use crate::bench::{BATCH, Row, Trial};
use crate::files::write_atomically;
use crate::ops::{FastOps, Precision};

/// Measures how fast this machine is.
#[derive(Debug, Args)]
pub struct Bench {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Train(Train),
}

/// Training steps: images per CPU-second with our operations, Burn's own and PyTorch's.
#[derive(Debug, Args)]
struct Train {
    /// Measured steps of each network in a round; the median counts.
    #[arg(long, default_value_t = 5)]
    steps: usize,
    /// Rounds, in which our operations, Burn's and PyTorch take turns; the median counts.
    #[arg(long, default_value_t = 1)]
    rounds: usize,
    /// Leaves out Burn's own operations.
    #[arg(long)]
    only_fast: bool,
    /// Only this network, instead of the three common shapes.
    #[arg(long, value_enum)]
    network: Vec<Subject>,
    /// Only this precision, instead of both.
    #[arg(long, value_enum)]
    precision: Option<Precision>,
    /// Compares with PyTorch, in a virtual environment in this folder; made there if there is
    /// none, which takes some gigabytes.
    #[arg(long, value_name = "FOLDER")]
    pytorch: Option<PathBuf>,
    /// Writes the figures as JSON.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

impl Bench {
    /// Measures, with a table on stdout.
    pub fn run(self) -> Outcome {
        let What::Train(train) = self.what;
        train.run()
    }
}

impl Train {
    fn run(&self) -> Outcome {
        let pytorch = self.pytorch.as_deref().map(PyTorch::install);
        let pytorch = pytorch.transpose().or_user()?;
        outln!("Images per CPU-second; batch {BATCH}, one thread; medians");
        outln!(
            "network         precision  parameters   ours  stock  PyTorch  ours/stock  ours/PyTorch  loading"
        );
        let subjects = match self.network.as_slice() {
            [] => &Subject::SHAPES,
            chosen => chosen,
        };
        let mut rows = Vec::new();
        for &subject in subjects {
            for row in self.measure(subject, pytorch.as_ref())? {
                outln!(
                    "{:14}  {:9}  {:>10}  {:>5.0}  {:>5}  {:>7}  {:>10}  {:>12}  {:>7}",
                    row.network,
                    format!("{:?}", row.precision).to_lowercase(),
                    row.parameters,
                    row.ours,
                    figure(row.stock, 0),
                    figure(row.pytorch, 0),
                    figure(row.stock.map(|stock| row.ours / stock), 2),
                    figure(row.pytorch.map(|pytorch| row.ours / pytorch), 2),
                    row.loading
                        .map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", 100.0 * share)),
                );
                rows.push(row);
            }
        }
        if let Some(path) = &self.report {
            let report = serde_json::json!({ "batch": BATCH, "threads": 1, "rows": rows });
            let text = serde_json::to_string_pretty(&report).or_internal()? + "\n";
            write_atomically(path, text.as_bytes()).or_user()?;
        }
        Ok(())
    }

    /// A row for each precision.
    fn measure(&self, subject: Subject, pytorch: Option<&PyTorch>) -> Outcome<Vec<Row>> {
        let precisions = match self.precision {
            Some(precision) => vec![precision],
            None => vec![Precision::F32, Precision::Bf16],
        };
        let pytorch = pytorch.filter(|_| Subject::SHAPES.contains(&subject));
        let trial = Trial::new(subject);
        let loads = (0..self.steps.max(3)).filter_map(|_| trial.load());
        let load = median(loads.collect());
        let mut stock = Vec::new();
        let mut ours = vec![Vec::new(); precisions.len()];
        let mut theirs = vec![Vec::new(); precisions.len()];
        for _ in 0..self.rounds.max(1) {
            if !self.only_fast {
                stock.extend(self.times(subject, &StockOps));
            }
            for (index, &precision) in precisions.iter().enumerate() {
                ours[index].extend(self.times(subject, &FastOps { precision }));
                if let Some(pytorch) = pytorch {
                    let speed = pytorch.speed(subject, precision, self.steps).or_user()?;
                    theirs[index].push(speed);
                }
            }
        }
        let speed = |time: Duration| BATCH as f64 / time.as_secs_f64();
        let stock = median(stock).map(speed);
        let rows = precisions.iter().zip(ours).zip(theirs);
        let rows = rows.filter_map(|((&precision, ours), mut theirs)| {
            let step = median(ours)?;
            theirs.sort_unstable_by(f64::total_cmp);
            Some(Row {
                network: subject.name(),
                precision,
                parameters: trial.parameters(),
                ours: speed(step),
                stock,
                pytorch: theirs.get(theirs.len() / 2).copied(),
                loading: load.map(|load| load.as_secs_f64() / (load + step).as_secs_f64()),
            })
        });
        Ok(rows.collect())
    }

    /// CPU times of steps.
    fn times(&self, subject: Subject, ops: &impl Ops) -> Vec<Duration> {
        let mut trial = Trial::new(subject);
        trial.step(ops); // warms up
        (0..self.steps.max(1)).map(|_| trial.step(ops)).collect()
    }
}

fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

fn figure(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
}
