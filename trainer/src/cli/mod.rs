//! The command line: one file a command.
//!
//! Results go to stdout, progress and messages to stderr. The exit status is 0 for success, 1 for
//! what the user can mend and 2 for a failure of our own.

#[macro_use]
mod output;

mod ablate;
mod bench;
mod data;
mod data_source;
mod engine;
mod evaluate;
mod explain;
mod explain_eval;
mod explain_global;
mod export;
mod failure;
mod fairness;
mod fit_crop;
pub mod import_detector;
mod inspect;
mod predict;
mod progress;
mod report;
mod robustness;
mod start;
mod study;
mod teach;
mod train;

use std::panic;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use failure::{Failure, OrFail, Outcome};

/// Trains, evaluates and exports Mien's networks, and reads photos natively.
#[derive(Debug, Parser)]
#[command(name = "mien", version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Bench(bench::Bench),
    Ablate(ablate::Ablate),
    Report(report::Report),
    Study(study::Study),
    Train(train::Train),
    Teach(teach::Teach),
    Data(data::Data),
    ImportDetector(import_detector::ImportDetector),
    FitCrop(fit_crop::FitCrop),
    Predict(predict::Predict),
    Explain(explain::Explain),
    ExplainEval(explain_eval::ExplainEval),
    ExplainGlobal(explain_global::ExplainGlobal),
    Robustness(robustness::Robustness),
    Fairness(fairness::Fairness),
    Evaluate(evaluate::Evaluate),
    Export(export::Export),
    Inspect(inspect::Inspect),
}

impl Command {
    fn run(self) -> Outcome {
        match self {
            Self::Bench(command) => command.run(),
            Self::Ablate(command) => command.run(),
            Self::Report(command) => command.run(),
            Self::Study(command) => command.run(),
            Self::Train(command) => command.run(),
            Self::Teach(command) => command.run(),
            Self::Data(command) => command.run(),
            Self::ImportDetector(command) => command.run(),
            Self::FitCrop(command) => command.run(),
            Self::Predict(command) => command.run(),
            Self::Explain(command) => command.run(),
            Self::ExplainEval(command) => command.run(),
            Self::ExplainGlobal(command) => command.run(),
            Self::Robustness(command) => command.run(),
            Self::Fairness(command) => command.run(),
            Self::Evaluate(command) => command.run(),
            Self::Export(command) => command.run(),
            Self::Inspect(command) => command.run(),
        }
    }
}

/// Runs the command that the process's arguments ask for.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are not failures. Printing can only fail when nobody listens.
            let failed = error.use_stderr();
            error.print().ok();
            return ExitCode::from(u8::from(failed));
        }
    };
    // A panic is a defect of ours; its message has been printed by the panic hook.
    let outcome = panic::catch_unwind(|| arguments.command.run()).unwrap_or_else(|_| {
        let error = anyhow::anyhow!("this is a defect in mien; please report the message above");
        Err(Failure::Internal(error))
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            failure.exit_code()
        }
    }
}
