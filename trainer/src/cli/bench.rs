//! `mien bench`: measures.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use mien_engine::nets::{Ops, StockOps};

use super::{OrFail, Outcome};
use crate::bench::nets::Shape;
use crate::bench::pytorch::PyTorch;
use crate::bench::{BATCH, SIDE, Trial};
use crate::ops::FastOps;

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
    /// Measured steps of each network; the median counts.
    #[arg(long, default_value_t = 5)]
    steps: usize,
    /// Leaves out Burn's own operations.
    #[arg(long)]
    only_fast: bool,
    /// Only this network.
    #[arg(long, value_enum)]
    network: Option<Shape>,
    /// Compares with PyTorch, in a virtual environment in this folder; made there if there is
    /// none, which takes some gigabytes.
    #[arg(long, value_name = "FOLDER")]
    pytorch: Option<PathBuf>,
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
        outln!("Images per CPU-second; batch {BATCH}, {SIDE} x {SIDE} pixels, f32, one thread");
        outln!("network  parameters   ours  stock  PyTorch  ours/stock  ours/PyTorch");
        for shape in Shape::ALL {
            if self.network.is_some_and(|only| only != shape) {
                continue;
            }
            let parameters = Trial::new(shape).parameters();
            let ours = self.speed(shape, &FastOps);
            let stock = (!self.only_fast).then(|| self.speed(shape, &StockOps));
            let pytorch = match &pytorch {
                Some(pytorch) => Some(pytorch.speed(shape, self.steps).or_user()?),
                None => None,
            };
            outln!(
                "{:7}  {parameters:>10}  {ours:>5.0}  {:>5}  {:>7}  {:>10}  {:>12}",
                shape.name(),
                figure(stock, 0),
                figure(pytorch, 0),
                figure(stock.map(|stock| ours / stock), 2),
                figure(pytorch.map(|pytorch| ours / pytorch), 2),
            );
        }
        Ok(())
    }

    /// Images per CPU-second.
    fn speed(&self, shape: Shape, ops: &impl Ops) -> f64 {
        let mut trial = Trial::new(shape);
        trial.step(ops); // warms up
        let mut times: Vec<Duration> = (0..self.steps.max(1)).map(|_| trial.step(ops)).collect();
        times.sort_unstable();
        BATCH as f64 / times[times.len() / 2].as_secs_f64()
    }
}

fn figure(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
}
