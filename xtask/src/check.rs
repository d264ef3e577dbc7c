//! `cargo xtask test`: every check, cheapest first, and the runners' own summaries at the end.

use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::shell::{cargo, command, find, run, run_keeping};
use crate::{npm, root, setup, site, size};

/// Runs everything; the first failure ends it.
pub fn run_all() -> Result<()> {
    setup::vulkan();
    step("format", || run(cargo().args(["fmt", "--all", "--check"])))?;
    step("clippy, native", clippy_native)?;
    step("clippy, wasm", clippy_wasm)?;
    step("licences and advisories", deny)?;
    let mut summary = step("tests", tests)?;
    step("the bench's table", bench_table)?;
    step("site", || {
        site::build()?;
        let sizes = size::measure()?;
        size::print(&sizes);
        size::check(&sizes)
    })?;
    step("npm package", npm::build)?;
    summary.extend(step("browser tests", browser_tests)?);

    println!("\n== summary");
    for line in summary {
        println!("{line}");
    }
    Ok(())
}

fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("\n== {name}");
    let start = Instant::now();
    let result = work().with_context(|| format!("{name} failed"))?;
    println!("== {name}: done in {} s", start.elapsed().as_secs());
    Ok(result)
}

fn clippy_native() -> Result<()> {
    run(cargo().args([
        "clippy",
        "--quiet",
        "--release",
        "--workspace",
        "--all-targets",
        "--",
        "--deny=warnings",
    ]))
}

fn clippy_wasm() -> Result<()> {
    setup::wasm_target("wasm32-unknown-unknown")?;
    run(cargo()
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .args([
            "clippy",
            "--quiet",
            "--package=mien-app",
            "--package=mien-bench-web",
            "--features=mien-app/browser",
        ])
        .args(["--target=wasm32-unknown-unknown", "--profile=web"])
        .args(["--", "--deny=warnings"]))?;
    run(cargo()
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .args(["clippy", "--quiet", "--package=mien-compare"])
        .args(["--target=wasm32-unknown-unknown", "--profile=compare"])
        .args(["--", "--deny=warnings"]))
}

fn deny() -> Result<()> {
    // Compiling cargo-deny takes longer than all our checks; whoever has it, uses it.
    if find("cargo-deny").is_none() {
        println!("skipped: cargo-deny is not installed");
        return Ok(());
    }
    run(cargo().args(["deny", "--offline", "check", "licenses", "bans", "sources"]))
}

/// Rust tests. xtask is tested in the profile it is built in; all others share one invocation,
/// so that Burn is compiled once, with one set of features.
fn tests() -> Result<Vec<String>> {
    let mut summary = Vec::new();
    let keep = |line: &str| {
        line.starts_with("test result:") && !line.contains(" 0 passed; 0 failed; 0 ignored")
    };
    for arguments in [
        &["test", "--package", "xtask"][..],
        &["test", "--release", "--workspace", "--exclude", "xtask"],
    ] {
        let (lines, passed) = run_keeping(cargo().args(arguments), keep)?;
        summary.extend(lines);
        if !passed {
            bail!("a test failed");
        }
    }
    Ok(summary)
}

/// What the bench makes of measurements needs neither a browser nor packages.
fn bench_table() -> Result<()> {
    setup::node()?;
    run(command("node").args(["--test", "tests/bench-web/table.test.js"]))
}

fn browser_tests() -> Result<Vec<String>> {
    // The page's numbers are compared with those of the command line, which the tests have built.
    setup::node()?;
    let chrome = setup::chrome()?;
    let folder = root().join("tests/browser");
    setup::npm_packages(&folder)?;
    let mut node = command("node");
    node.current_dir(&folder)
        .env("CHROME", chrome)
        .env(
            "MIEN",
            crate::wasm::target_directory()?.join("release/mien"),
        )
        .envs(setup::firefox().map(|path| ("FIREFOX", path)))
        // One browser at a time: two fight over two cores and run into time limits.
        .args(["--test", "--test-concurrency=1", "--test-reporter=spec"]);
    let (lines, passed) = run_keeping(&mut node, |line| {
        let words = ["tests ", "pass ", "fail ", "skipped "];
        line.strip_prefix("ℹ ")
            .is_some_and(|line| words.iter().any(|word| line.starts_with(word)))
    })?;
    if !passed {
        bail!("a browser test failed");
    }
    Ok(lines)
}
