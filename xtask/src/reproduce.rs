//! `cargo xtask reproduce`: two builds of the site have to be the same, byte for byte: the usual one,
//! whose parts were compiled at different times, and one from nothing in a folder of another name.

use std::collections::BTreeMap;
use std::env;
use std::fs;

use anyhow::{Result, ensure};
use serde_json::json;

use crate::assets::sha256;
use crate::shell::{command, output, run};
use crate::site::files_under;
use crate::{dist, root, wasm};

/// The build folder, whose name must leave no trace.
const FOLDER: &str = "built-from-nothing";

/// Builds the site as usual and from nothing, and compares; what came of it goes into
/// `reports/reproduce.json`. `dist/` holds the second build.
pub fn run_twice() -> Result<()> {
    let folder = wasm::target_directory()?.join(FOLDER);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let this = env::current_exe()?;
    run(command(&this).arg("build"))?;
    let first = hashes()?;
    run(command(&this).arg("build").env("CARGO_TARGET_DIR", &folder))?;
    let second = hashes()?;
    fs::remove_dir_all(&folder)?;
    let names = first.keys().chain(second.keys());
    let differing: Vec<_> = names
        .filter(|name| first.get(*name) != second.get(*name))
        .collect();
    ensure!(differing.is_empty(), "two builds differ in {differing:?}");
    let rustc = output(command("rustc").arg("--version"))?;
    let report = json!({
        "command": "cargo xtask reproduce",
        "rustc": rustc.trim(),
        "differing": differing,
        "sha256": &first,
    });
    fs::write(
        root().join("reports/reproduce.json"),
        format!("{report:#}\n"),
    )?;
    println!("{} files, the same in both builds", first.len());
    Ok(())
}

/// The SHA-256 of each file of the site.
fn hashes() -> Result<BTreeMap<String, String>> {
    let dist = dist();
    let mut hashes = BTreeMap::new();
    for path in files_under(&dist)? {
        let name = path
            .strip_prefix(&dist)?
            .to_string_lossy()
            .replace('\\', "/");
        hashes.insert(name, sha256(&fs::read(&path)?));
    }
    Ok(hashes)
}
