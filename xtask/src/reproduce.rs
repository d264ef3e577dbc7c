//! `cargo xtask reproduce`: two clean builds of the site have to be the same, byte for byte.

use std::collections::BTreeMap;
use std::env;
use std::fs;

use anyhow::{Result, ensure};
use serde_json::json;

use crate::assets::sha256;
use crate::shell::{command, output, run};
use crate::site::files_under;
use crate::{dist, root, wasm};

/// The build folders, whose names must leave no trace.
const FOLDERS: [&str; 2] = ["reproduce-first", "reproduce-other-one"];

/// Builds the site twice from nothing and compares; what came of it goes into
/// `reports/reproduce.json`. `dist/` holds the second build.
pub fn run_twice() -> Result<()> {
    let target = wasm::target_directory()?;
    let mut builds = Vec::new();
    for folder in FOLDERS {
        let folder = target.join(folder);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        let this = env::current_exe()?;
        run(command(this).arg("build").env("CARGO_TARGET_DIR", &folder))?;
        builds.push(hashes()?);
        fs::remove_dir_all(&folder)?;
    }
    let [first, second] = [&builds[0], &builds[1]];
    let names = first.keys().chain(second.keys());
    let differing: Vec<_> = names
        .filter(|name| first.get(*name) != second.get(*name))
        .collect();
    ensure!(differing.is_empty(), "two builds differ in {differing:?}");
    let rustc = output(command("rustc").arg("--version"))?;
    let report = json!({
        "command": "cargo xtask reproduce",
        "rustc": rustc.trim(),
        "builds": builds.len(),
        "differing": differing,
        "sha256": first,
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
