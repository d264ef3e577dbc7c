//! The static site in `dist/`: one page, its assets, relative URLs throughout, so that it works
//! on any host and under any path.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::assets::Assets;
use crate::supply::{self, Supply};
use crate::{dist, offline, root, wasm};

/// The style sheets of `app/styles`, in cascade order; the page loads them as one file.
const STYLES: [&str; 9] = [
    "tokens", "base", "controls", "layout", "faces", "gallery", "live", "judge", "compare",
];

/// Builds everything anew.
pub fn build() -> Result<()> {
    let modules = wasm::build()?;
    let dist = dist();
    if dist.exists() {
        fs::remove_dir_all(&dist)?;
    }
    fs::create_dir_all(&dist)?;

    let mut assets = Assets::default();
    for module in &modules {
        let wasm = format!("{}.wasm", module.name);
        let url = assets.write(&dist, &wasm, &module.wasm)?.url.clone();
        for part in &module.parts {
            assets.write(&dist, &part.name, &part.wasm)?;
        }
        let js = format!(
            "{}\n__wbg_init({{ module_or_path: new URL('{url}', import.meta.url) }});\n",
            assets.resolve(&module.js)?
        );
        assets.write(&dist, &format!("{}.js", module.name), js.as_bytes())?;
    }
    assets.write(&dist, "mien.css", styles()?.as_bytes())?;
    copy_public(&dist, &mut assets)?;
    copy_reports(&dist, &mut assets)?;
    let supply = Supply::read()?;
    assets.write(&dist, supply::LICENCES, supply.licences()?.as_bytes())?;

    let page = root().join("index.html");
    let text =
        fs::read_to_string(&page).with_context(|| format!("could not read {}", page.display()))?;
    let text = assets
        .resolve(&text)?
        .replace("{assets}", &assets.to_json()?);
    fs::write(dist.join("index.html"), text)?;
    offline::write(&dist)?;
    // After the list of what is kept on the device: no visitor needs it there.
    supply.write_sbom(&dist)
}

fn styles() -> Result<String> {
    let folder = root().join("app/styles");
    STYLES
        .iter()
        .map(|name| {
            let path = folder.join(name).with_extension("css");
            fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))
        })
        .collect()
}

/// Files at the top of `public` keep their names, because other software looks for them there;
/// those in its folders are named by their hash. The manifest names some of these.
fn copy_public(dist: &Path, assets: &mut Assets) -> Result<()> {
    let public = root().join("public");
    let mut top = Vec::new();
    for path in files_under(&public)? {
        let name = path
            .strip_prefix(&public)?
            .to_string_lossy()
            .replace('\\', "/");
        if name.contains('/') {
            assets.write(dist, &name, &fs::read(&path)?)?;
        } else {
            top.push((path, name));
        }
    }
    for (path, name) in top {
        if name.ends_with(".webmanifest") {
            fs::write(
                dist.join(&name),
                assets.resolve(&fs::read_to_string(&path)?)?,
            )?;
        } else {
            fs::copy(&path, dist.join(&name))?;
        }
    }
    Ok(())
}

/// The reports of the models that ship, on their accuracy and on their explanations, and that of the
/// studies' systems.
fn copy_reports(dist: &Path, assets: &mut Assets) -> Result<()> {
    let root = root();
    for model in files_under(&root.join("public/models"))? {
        let stem = model.file_stem().unwrap_or_default().to_string_lossy();
        if model.extension().is_none_or(|ending| ending != "mien") {
            continue;
        }
        for (report, name) in [
            (format!("{stem}.json"), format!("reports/{stem}.json")),
            (
                format!("explain-eval-{stem}.json"),
                format!("faithfulness/{stem}.json"),
            ),
        ] {
            let report = root.join("reports").join(report);
            if report.is_file() {
                assets.write(dist, &name, compact_json(&report)?.as_bytes())?;
            }
        }
    }
    let studies = root.join("reports/studies.json");
    if studies.is_file() {
        let json = compact_json(&studies)?;
        assets.write(dist, "studies/report.json", json.as_bytes())?;
    }
    Ok(())
}

/// A JSON file without the white space that makes it readable.
fn compact_json(path: &Path) -> Result<String> {
    let value: serde_json::Value = serde_json::from_slice(&fs::read(path)?)
        .with_context(|| format!("{} is no JSON", path.display()))?;
    Ok(value.to_string())
}

/// All files in a folder and its folders, in the order of their paths.
pub fn files_under(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries =
        fs::read_dir(folder).with_context(|| format!("could not list {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_under(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
