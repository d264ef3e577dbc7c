//! The npm package in `dist-npm/`: the engine as a module for other people's pages.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use crate::assets::{MODEL, sha256};
use crate::site::files_under;
use crate::{root, wasm};

/// Where the built package goes.
pub fn folder() -> PathBuf {
    root().join("dist-npm")
}

/// Builds everything anew.
pub fn build() -> Result<()> {
    let modules = wasm::build_package()?;
    let folder = folder();
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    copy_all(&root().join("app/npm"), &folder)?;
    copy_all(&root().join("public/models"), &folder.join("models"))?;
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        fs::copy(root().join(licence), folder.join(licence))?;
    }
    for module in modules {
        let name = module.name;
        fs::write(folder.join(format!("{name}.js")), module.js)?;
        // Under this name the JavaScript looks for it.
        fs::write(folder.join(format!("{name}_bg.wasm")), module.wasm)?;
    }
    let models = models(&folder.join("models"))?;
    fs::write(
        folder.join("models.js"),
        format!("export default {models:#};\n"),
    )?;
    let manifest = folder.join("package.json");
    let package = fs::read_to_string(&manifest)?;
    fs::write(
        manifest,
        package.replace("{version}", env!("CARGO_PKG_VERSION")),
    )?;
    Ok(())
}

/// Copies the files of a folder that has no folders in it.
fn copy_all(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for path in files_under(from)? {
        let name = path.file_name().unwrap_or_default();
        fs::copy(&path, to.join(name))
            .with_context(|| format!("could not copy {}", path.display()))?;
    }
    Ok(())
}

/// What has to be known of each model before it is loaded: length, hash, and what its card says.
fn models(folder: &Path) -> Result<Value> {
    let mut models = Map::new();
    for path in files_under(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some(name) = name.strip_suffix(MODEL) else {
            continue;
        };
        let bytes = fs::read(&path)?;
        let mut model = json!({
            "bytes": bytes.len(),
            "sha256": sha256(&bytes),
        });
        let card = path.with_extension("json");
        // The detector has none.
        if card.is_file() {
            let card = read_json(&card)?;
            model["labels"] = card["labels"].clone();
            // A card without a threshold calls nothing uncertain.
            let below = card["uncertainty"]["below"].as_f64();
            model["uncertainBelow"] = below.unwrap_or(0.0).into();
        }
        models.insert(name.to_owned(), model);
    }
    Ok(models.into())
}

fn read_json(path: &Path) -> Result<Value> {
    let text =
        fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no JSON", path.display()))
}
