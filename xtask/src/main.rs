//! The set-up verbs of Mien: `cargo xtask build`, `serve`, `npm`, `test`, `reproduce` and `bench`.

mod assets;
mod bench;
mod check;
mod npm;
mod offline;
mod reproduce;
mod serve;
mod setup;
mod shell;
mod site;
mod size;
mod split;
mod supply;
mod wasm;

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::LazyLock;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Builds, serves and tests Mien; sets up what is missing"
)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Build the static site into dist/
    Build {
        /// Write today's sizes down as the new budget
        #[arg(long)]
        accept_sizes: bool,
    },
    /// Build the site, serve it on this machine and open the browser
    Serve {
        /// The port; 0 takes any free one
        #[arg(long, default_value_t = 8080)]
        port: u16,
        /// Leave the browser alone
        #[arg(long)]
        no_open: bool,
        /// Serve dist/ as it is
        #[arg(long)]
        no_build: bool,
    },
    /// Build the npm package into dist-npm/
    Npm,
    /// Build the site twice from nothing and compare the bytes
    Reproduce,
    /// Run every check, cheapest first, browser tests included
    Test,
    /// Measure the engine beside others in a browser
    Bench(bench::Bench),
}

fn main() -> ExitCode {
    match run(&Cli::parse().verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Without the back trace that anyhow would add: no reader of it is at fault.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(verb: &Verb) -> Result<()> {
    match verb {
        Verb::Build { accept_sizes } => {
            site::build()?;
            let sizes = size::measure()?;
            size::print(&sizes);
            if *accept_sizes {
                size::accept(&sizes)?;
            }
            println!("The site is in {}", dist().display());
            Ok(())
        }
        Verb::Serve {
            port,
            no_open,
            no_build,
        } => {
            if !no_build {
                site::build()?;
            }
            serve::serve(*port, !no_open)
        }
        Verb::Npm => {
            npm::build()?;
            println!("The package is in {}", npm::folder().display());
            Ok(())
        }
        Verb::Reproduce => reproduce::run_twice(),
        Verb::Test => check::run_all(),
        Verb::Bench(bench) => bench.run(),
    }
}

/// The top of the checkout. Cargo says at each run where it is: a binary in a target folder that
/// several checkouts share may have been compiled in another one.
fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let package = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        package
            .parent()
            .map_or_else(|| package.clone(), Path::to_path_buf)
    });
    &ROOT
}

/// Where the built site goes.
fn dist() -> PathBuf {
    root().join("dist")
}
