//! `cargo xtask bench web`: our engine beside others in a headless Chromium, on the same weights.

use std::fs;
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::shell::{cargo, command, run};
use crate::{dist, root, setup, wasm};

/// The models whose ONNX form the others run.
const MODELS: [&str; 2] = ["student-fer2013", "centerface"];
/// The module that the bench's pages load.
const ENGINE: &str = "mien-bench-web";

/// What is measured.
#[derive(Clone, Copy, ValueEnum)]
pub enum Suite {
    /// The page and its engine beside onnxruntime-web, TensorFlow.js and human.
    Web,
}

/// How it is measured.
#[derive(Args)]
pub struct Bench {
    #[arg(value_enum)]
    suite: Suite,
    /// Where WebGPU runs
    #[arg(long, value_enum, default_value = "software")]
    adapter: Adapter,
    /// Measure our engine as browsers run it that have no relaxed SIMD
    #[arg(long)]
    plain: bool,
    /// Rounds in which the contestants take turns
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Only these rows: student, batch, occlusion, approximate, detect, photo, starts, bytes
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Where the figures go
    #[arg(long, default_value = "reports/bench-web.json")]
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Adapter {
    /// Chromium's program on the CPU: the same everywhere.
    Software,
    /// What the machine has: for people with a GPU.
    System,
}

impl Bench {
    /// Builds what is measured, installs what it is compared with, and measures.
    pub fn run(&self) -> Result<()> {
        let Suite::Web = self.suite;
        if !dist().join("index.html").is_file() {
            bail!("there is no site to measure; run `cargo xtask build` first");
        }
        let folder = root().join("tests/bench-web");
        setup::node()?;
        let chrome = setup::chrome()?;
        setup::npm_packages(&folder)?;
        let models = folder.join(".cache/models");
        fs::create_dir_all(&models)?;
        let mien = mien()?;
        for model in MODELS {
            let onnx = models.join(model).with_extension("onnx");
            run(command(&mien).args(["export", model, "--onnx"]).arg(onnx))?;
        }
        build_engine()?;
        let mut node = command("node");
        node.current_dir(&folder)
            .env("CHROME", chrome)
            .arg("bench.js")
            .args(["--rounds", &self.rounds.to_string()])
            .arg("--out")
            .arg(root().join(&self.out))
            .args([
                "--adapter",
                match self.adapter {
                    Adapter::Software => "software",
                    Adapter::System => "system",
                },
            ]);
        if self.plain {
            node.arg("--plain");
        }
        if !self.only.is_empty() {
            node.args(["--only", &self.only.join(",")]);
        }
        run(&mut node)
    }
}

/// The command line. It is built as the tests build it: another selection of packages would give Burn
/// other features, and compile it once more.
fn mien() -> Result<PathBuf> {
    run(cargo().args([
        "test",
        "--quiet",
        "--release",
        "--workspace",
        "--exclude=xtask",
        "--no-run",
        "--test=command_line",
    ]))?;
    Ok(wasm::target_directory()?.join("release/mien"))
}

/// The engine as the site has it, with a way to call it, in `target/bench-web`.
fn build_engine() -> Result<()> {
    let folder = root().join("target/bench-web");
    fs::create_dir_all(&folder)?;
    for module in wasm::build_engine(ENGINE)? {
        fs::write(folder.join(module.name).with_extension("js"), module.js)?;
        fs::write(folder.join(module.name).with_extension("wasm"), module.wasm)?;
    }
    Ok(())
}
