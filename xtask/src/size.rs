//! The size budget: what a visitor downloads, in brotli bytes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use brotli::enc::BrotliEncoderParams;
use serde::{Deserialize, Serialize};

use crate::site::files_under;
use crate::{dist, root};

/// Growth beyond the written-down size that is still let through.
const TOLERANCE: f64 = 1.05;
/// Everything a visitor downloads before the first prediction, the detector left out.
const FIRST_PREDICTION: &str = "before the first prediction, without the detector";
/// The parts of it, by the start of their names.
const PARTS: [&str; 7] = [
    "index.html",
    "mien-app.js",
    "mien-app.wasm",
    "mien-worker.js",
    "mien-worker.wasm",
    "mien.css",
    "models/student-ferplus.mien",
];
const DETECTOR: &str = "models/centerface.mien";
/// What only the comparison of networks downloads, one of the two programs.
const COMPARISON: [&str; 4] = [
    "mien-compare.js",
    "mien-compare.wasm",
    "mien-compare-webgpu.js",
    "mien-compare-webgpu.wasm",
];
/// Folders whose files are loaded one by one, when they are wanted: what stands in each, and it.
const FOLDERS: [(&str, &str); 2] = [
    ("later parts of mien-app, all", "parts"),
    ("studies, all networks", "studies"),
];

/// Size of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    raw: usize,
    brotli: usize,
}

/// Sizes by plain name.
pub type Sizes = BTreeMap<String, Size>;

/// Brotli bytes by plain name, as committed.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Budget(BTreeMap<String, usize>);

/// Sizes of what the page downloads from `dist`.
pub fn measure() -> Result<Sizes> {
    let dist = dist();
    let mut sizes = Sizes::new();
    for name in PARTS.into_iter().chain([DETECTOR]).chain(COMPARISON) {
        // A part that is not there yet costs nothing.
        if let Some(path) = find(&dist, name)? {
            sizes.insert(name.to_owned(), size_of(&path)?);
        }
    }
    for (name, folder) in FOLDERS {
        let folder = dist.join(folder);
        if folder.is_dir() {
            let mut sum = Size::default();
            for path in files_under(&folder)? {
                let size = size_of(&path)?;
                sum.raw += size.raw;
                sum.brotli += size.brotli;
            }
            sizes.insert(name.to_owned(), sum);
        }
    }
    let mut sum = Size::default();
    for name in PARTS {
        if let Some(size) = sizes.get(name) {
            sum.raw += size.raw;
            sum.brotli += size.brotli;
        }
    }
    sizes.insert(FIRST_PREDICTION.to_owned(), sum);
    Ok(sizes)
}

/// Prints a table.
pub fn print(sizes: &Sizes) {
    println!("{:>12} {:>12}", "bytes", "brotli");
    for (name, size) in sizes {
        println!("{:>12} {:>12}  {name}", size.raw, size.brotli);
    }
}

/// Writes today's sizes down.
pub fn accept(sizes: &Sizes) -> Result<()> {
    let budget = Budget(
        sizes
            .iter()
            .map(|(name, size)| (name.clone(), size.brotli))
            .collect(),
    );
    fs::write(budget_path(), serde_json::to_string_pretty(&budget)? + "\n")?;
    Ok(())
}

/// Fails when something has grown by more than 5 % since its size was accepted.
pub fn check(sizes: &Sizes) -> Result<()> {
    let path = budget_path();
    let text =
        fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
    let budget: Budget = serde_json::from_str(&text)?;
    let faults = faults(sizes, &budget);
    if !faults.is_empty() {
        bail!(
            "over the size budget; make it smaller, or accept it with \
             `cargo xtask build --accept-sizes`:\n{}",
            faults.join("\n")
        );
    }
    Ok(())
}

fn faults(sizes: &Sizes, budget: &Budget) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, size) in sizes {
        match budget.0.get(name) {
            None => faults.push(format!("{name} has no budget")),
            Some(&allowed) if size.brotli as f64 > allowed as f64 * TOLERANCE => {
                faults.push(format!("{name}: {} instead of {allowed}", size.brotli));
            }
            Some(_) => {}
        }
    }
    faults
}

fn budget_path() -> PathBuf {
    root().join("xtask/size-budget.json")
}

/// The file in `dist` whose name without hash is `name`.
fn find(dist: &Path, name: &str) -> Result<Option<PathBuf>> {
    let plain = dist.join(name);
    if plain.is_file() {
        return Ok(Some(plain));
    }
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let Some(folder) = plain.parent().filter(|folder| folder.is_dir()) else {
        return Ok(None);
    };
    let stem = Path::new(stem).file_name().unwrap_or_default();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let matches = path.extension().is_some_and(|found| found == extension)
            && path
                .file_stem()
                .and_then(|found| found.to_str())
                .and_then(|found| found.rsplit_once('-'))
                .is_some_and(|(found, _)| stem == found);
        if matches {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

fn size_of(path: &Path) -> Result<Size> {
    let bytes = fs::read(path)?;
    Ok(Size {
        raw: bytes.len(),
        brotli: brotli_length(&bytes)?,
    })
}

fn brotli_length(mut bytes: &[u8]) -> Result<usize> {
    let mut compressed = Vec::new();
    let parameters = BrotliEncoderParams {
        quality: 11,
        size_hint: bytes.len(),
        ..BrotliEncoderParams::default()
    };
    brotli::BrotliCompress(&mut bytes, &mut compressed, &parameters)?;
    Ok(compressed.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(brotli: usize) -> Sizes {
        Sizes::from([("a.js".to_owned(), Size { raw: 1, brotli })])
    }

    #[test]
    fn growth_beyond_five_percent_is_a_fault() {
        let budget = Budget(BTreeMap::from([("a.js".to_owned(), 1000)]));
        assert!(faults(&sizes(1050), &budget).is_empty());
        assert_eq!(faults(&sizes(1051), &budget).len(), 1);
        assert_eq!(faults(&sizes(1), &Budget(BTreeMap::new())).len(), 1);
    }

    #[test]
    fn a_file_is_found_without_its_hash() {
        let folder = tempfile::tempdir().expect("a folder");
        let hashed = folder.path().join("mien-app-0123456789.js");
        fs::write(&hashed, "x").expect("written");
        assert_eq!(
            find(folder.path(), "mien-app.js").expect("listed"),
            Some(hashed)
        );
        assert_eq!(find(folder.path(), "mien.js").expect("listed"), None);
        assert_eq!(find(folder.path(), "no/mien.js").expect("listed"), None);
    }
}
