//! From the crates `mien-app` and `mien-compare` to JavaScript modules with their wasm.

use std::path::PathBuf;
use std::{env, fs};

use anyhow::{Context, Result};
use serde_json::Value;
use wasm_bindgen_cli_support::Bindgen;

use crate::setup;
use crate::shell::{self, cargo};
use crate::split::{self, Part};

/// The binary of `mien-app` that is the page, and its module.
const PAGE: &str = "mien-app";
/// The binary that is its worker, and its module.
const WORKER: &str = "mien-worker";
/// The worker once more, with relaxed SIMD; the page takes it where the browser can run it.
const RELAXED: [&str; 2] = ["mien-worker-relaxed", "mien-worker"];
/// The worker that compares networks: module, and the feature that says where its networks run.
const COMPARE: [[&str; 2]; 2] = [["mien-compare", "flex"], ["mien-compare-webgpu", "wgpu"]];
/// Its crate.
const COMPARE_PACKAGE: &str = "mien-compare";
/// The binary of the npm package, and its modules without and with relaxed SIMD.
const PACKAGE: &str = "mien-npm";
const PACKAGE_MODULES: [&str; 2] = ["engine", "engine-relaxed"];

/// How Cargo is told of `mien-app` in the browser.
pub const APP: [&str; 4] = ["--package", "mien-app", "--features", "browser"];

/// Cargo adds these flags to those of .cargo/config.toml.
const RELAXED_FLAGS: &str =
    r#"target.wasm32-unknown-unknown.rustflags=["-C", "target-feature=+relaxed-simd"]"#;

/// The Cargo profile of what the page downloads.
const PROFILE: &str = "web";
/// That of programs with Burn in them.
const BURN_PROFILE: &str = "compare";
/// What it is compiled for.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// One wasm binary with the JavaScript that loads it. The module's default export starts it and
/// takes the wasm's URL, because assets are named by their hash.
pub struct Module {
    pub name: &'static str,
    pub js: String,
    pub wasm: Vec<u8>,
    /// Of a program that fetches more wasm later; its JavaScript names them as `asset:`.
    pub parts: Vec<Part>,
}

/// Compiles the page and its two workers, each of these twice.
pub fn build() -> Result<Vec<Module>> {
    let mut modules = vec![build_page()?];
    compile(&[&APP[..], &["--bin", WORKER]].concat(), PROFILE)?;
    modules.push(bind(WORKER, WORKER, PROFILE)?);
    let [name, binary] = RELAXED;
    let relaxed = ["--config", RELAXED_FLAGS, "--bin", binary];
    compile(&[&APP[..], &relaxed].concat(), PROFILE)?;
    modules.push(bind(name, binary, PROFILE)?);
    for [name, feature] in COMPARE {
        let package = [
            "--package",
            COMPARE_PACKAGE,
            "--no-default-features",
            "--features",
            feature,
        ];
        compile(&package, BURN_PROFILE)?;
        modules.push(bind(name, COMPARE_PACKAGE, BURN_PROFILE)?);
    }
    Ok(modules)
}

/// Compiles the page's program and cuts it into parts.
fn build_page() -> Result<Module> {
    let linked = ["--", "-C", split::LINK_ARGUMENT];
    cargo_compile(
        "rustc",
        &[&APP[..], &["--bin", PAGE]].concat(),
        PROFILE,
        &linked,
    )?;
    let split = split::split(&fs::read(compiled(PAGE, PROFILE)?)?)?;
    let mut bindgen = Bindgen::new();
    // The parts use what wasm-bindgen would take for unused.
    bindgen
        .input_bytes(PAGE, split.main.clone())
        .keep_lld_exports(true);
    let module = generate(PAGE, &mut bindgen)?;
    Ok(Module {
        js: split.join(&module.js)?,
        parts: split.parts,
        ..module
    })
}

/// Whether a file of the site belongs to the worker that compares networks.
pub fn is_compare(name: &str) -> bool {
    COMPARE.iter().any(|[module, _]| name.starts_with(module))
}

/// Compiles the module of the npm package, for browsers without and with relaxed SIMD.
pub fn build_package() -> Result<[Module; 2]> {
    let [plain, relaxed] = PACKAGE_MODULES;
    let arguments = [&APP[..], &["--bin", PACKAGE]].concat();
    compile(&arguments, PROFILE)?;
    let plain = bind(plain, PACKAGE, PROFILE)?;
    let with_relaxed = ["--config", RELAXED_FLAGS];
    compile(&[&arguments[..], &with_relaxed].concat(), PROFILE)?;
    Ok([plain, bind(relaxed, PACKAGE, PROFILE)?])
}

/// Compiles the module that the benches call, for browsers without and with relaxed SIMD.
pub fn build_engine(package: &str) -> Result<[Module; 2]> {
    // Cargo names libraries as Rust does.
    let file = package.replace('-', "_");
    compile(&["--package", package], PROFILE)?;
    let plain = bind("plain", &file, PROFILE)?;
    compile(&["--package", package, "--config", RELAXED_FLAGS], PROFILE)?;
    Ok([plain, bind("relaxed", &file, PROFILE)?])
}

fn compile(arguments: &[&str], profile: &str) -> Result<()> {
    cargo_compile("build", arguments, profile, &[])
}

/// `cargo build`, or `cargo rustc` with what the last step is told besides.
fn cargo_compile(verb: &str, arguments: &[&str], profile: &str, rest: &[&str]) -> Result<()> {
    setup::wasm_target(TARGET)?;
    let mut command = cargo();
    // Flags meant for native code would replace the wasm ones of .cargo/config.toml.
    command
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .args([verb, "--locked"])
        .args(arguments)
        .args(["--target", TARGET, "--profile", profile])
        .args(rest);
    shell::run(&mut command)
}

/// Where Cargo has put a program.
fn compiled(file: &str, profile: &str) -> Result<PathBuf> {
    let folder = target_directory()?.join(TARGET).join(profile);
    Ok(folder.join(file).with_extension("wasm"))
}

/// Makes the JavaScript for what Cargo has compiled to a file.
fn bind(name: &'static str, file: &str, profile: &str) -> Result<Module> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(compiled(file, profile)?);
    generate(name, &mut bindgen)
}

fn generate(name: &'static str, bindgen: &mut Bindgen) -> Result<Module> {
    let mut output = bindgen
        .out_name(name)
        .web(true)?
        .typescript(false)
        .keep_debug(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate_output()
        .with_context(|| format!("wasm-bindgen could not process {name}"))?;
    anyhow::ensure!(
        output.snippets().values().all(Vec::is_empty) && output.local_modules().is_empty(),
        "{name} brings JavaScript snippets, which the site does not serve"
    );
    Ok(Module {
        name,
        js: output.js().to_owned(),
        wasm: output.wasm_mut().emit_wasm(),
        parts: Vec::new(),
    })
}

/// Cargo's build folder, wherever environment or configuration put it.
pub fn target_directory() -> Result<PathBuf> {
    if let Some(folder) = env::var_os("CARGO_TARGET_DIR") {
        return Ok(crate::root().join(folder));
    }
    let output = cargo()
        .args(["metadata", "--no-deps", "--format-version=1", "--offline"])
        .output()
        .context("could not start cargo metadata")?;
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let folder = metadata["target_directory"]
        .as_str()
        .context("cargo metadata names no target directory")?;
    Ok(folder.into())
}
