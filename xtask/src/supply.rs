//! What the page is made of: the crates in its programs, with the licences of each, and the models.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::assets::{MODEL, sha256};
use crate::root;
use crate::shell::{cargo, output};
use crate::site::files_under;
use crate::wasm::{APP, TARGET};

/// The licences' file among the assets.
pub const LICENCES: &str = "licences.txt";
/// The bill of materials, beside `index.html`.
const SBOM: &str = "sbom.cdx.json";
/// How the names of files with licences begin, in capitals.
const LICENCE_FILES: [&str; 6] = [
    "LICENSE",
    "LICENCE",
    "COPYING",
    "COPYRIGHT",
    "NOTICE",
    "UNLICENSE",
];

/// A crate of others in one of the page's programs.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Crate {
    name: String,
    version: String,
    licence: String,
    authors: Vec<String>,
    folder: PathBuf,
    /// Of the archive that it came in, as `Cargo.lock` has it.
    checksum: Option<String>,
}

/// Everything in the page that others have made.
pub struct Supply {
    crates: BTreeSet<Crate>,
}

impl Supply {
    /// Asks Cargo what the page's programs are compiled from; what only runs while they are compiled
    /// is left out.
    pub fn read() -> Result<Self> {
        let tree = output(
            cargo()
                .arg("tree")
                .args(APP)
                .args(["--locked", "--target", TARGET])
                .args(["--edges", "normal,no-proc-macro"])
                .args(["--prefix", "none", "--format", "{p}"]),
        )?;
        let used: BTreeSet<_> = tree.lines().filter_map(name_and_version).collect();
        let metadata = output(cargo().args([
            "metadata",
            "--format-version=1",
            "--locked",
            "--all-features",
        ]))?;
        let metadata: Value = serde_json::from_str(&metadata)?;
        let lock = fs::read_to_string(root().join("Cargo.lock"))?;
        let checksums = checksums(&lock);
        let packages = metadata["packages"].as_array();
        let packages = packages.context("cargo metadata names no packages")?;
        let mut crates = BTreeSet::new();
        for package in packages {
            let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
            let key = (text("name"), text("version"));
            // Ours have no source.
            if !used.contains(&key) || package["source"].is_null() {
                continue;
            }
            let authors = package["authors"].as_array().into_iter().flatten();
            let manifest = PathBuf::from(text("manifest_path"));
            crates.insert(Crate {
                licence: text("license"),
                authors: authors
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect(),
                folder: manifest.parent().unwrap_or(Path::new("")).to_owned(),
                checksum: checksums.get(&key).cloned(),
                name: key.0,
                version: key.1,
            });
        }
        ensure!(!crates.is_empty(), "the page's programs have no crates");
        Ok(Self { crates })
    }

    /// Names, versions and licences of all crates, then each licence's text once, then the notices of
    /// the models.
    pub fn licences(&self) -> Result<String> {
        let mut text =
            "What this page is made of, by others, and under which licences.\n\n".to_owned();
        let mut texts: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for part in &self.crates {
            let authors = if part.authors.is_empty() {
                String::new()
            } else {
                format!(", by {}", part.authors.join(", "))
            };
            writeln!(
                text,
                "{} {}: {}{authors}",
                part.name, part.version, part.licence
            )?;
            for file in licence_files(part)? {
                let bytes = fs::read(&file)?;
                let licence = String::from_utf8_lossy(&bytes).trim().replace("\r\n", "\n");
                texts.entry(licence).or_default().push(&part.name);
            }
        }
        // Crates that bring no text are under licences whose texts others bring.
        for (licence, names) in texts {
            write!(
                text,
                "\n{}\n{}\n\n{licence}\n",
                "-".repeat(72),
                names.join(", ")
            )?;
        }
        for path in files_under(&root().join("public/models"))? {
            if path.extension().is_some_and(|ending| ending == "NOTICE") {
                let notice = fs::read_to_string(&path)?;
                write!(text, "\n{}\n\n{}\n", "-".repeat(72), notice.trim())?;
            }
        }
        Ok(text)
    }

    /// Writes the bill of materials, in the form of `CycloneDX`. It names no time and no machine, so that
    /// two builds give the same one.
    pub fn write_sbom(&self, dist: &Path) -> Result<()> {
        let mut components: Vec<_> = self.crates.iter().map(component).collect();
        for path in files_under(&root().join("public/models"))? {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if name.ends_with(MODEL) {
                components.push(json!({
                    "type": "machine-learning-model",
                    "name": name,
                    "hashes": [{ "alg": "SHA-256", "content": sha256(&fs::read(&path)?) }],
                }));
            }
        }
        let sbom = json!({
            "bomFormat": "CycloneDX",
            "specVersion": "1.5",
            "version": 1,
            "metadata": {
                "component": {
                    "type": "application",
                    "name": "mien",
                    "version": env!("CARGO_PKG_VERSION"),
                },
            },
            "components": components,
        });
        fs::write(dist.join(SBOM), format!("{sbom:#}\n"))?;
        Ok(())
    }
}

fn component(part: &Crate) -> Value {
    let mut component = json!({
        "type": "library",
        "name": part.name,
        "version": part.version,
        "purl": format!("pkg:cargo/{}@{}", part.name, part.version),
        // Old manifests write a slash for OR.
        "licenses": [{ "expression": part.licence.replace(" / ", " OR ").replace('/', " OR ") }],
    });
    if let Some(checksum) = &part.checksum {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    component
}

/// The files with a crate's licence. Where MIT is offered, it is the one that we take.
fn licence_files(part: &Crate) -> Result<Vec<PathBuf>> {
    let name = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default();
        name.to_string_lossy().to_uppercase()
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(&part.folder)? {
        let path = entry?.path();
        if path.is_file()
            && LICENCE_FILES
                .iter()
                .any(|start| name(&path).starts_with(start))
        {
            files.push(path);
        }
    }
    files.sort();
    if files.iter().any(|path| name(path).contains("MIT")) {
        files.retain(|path| name(path).contains("MIT") || name(path).starts_with("NOTICE"));
    }
    Ok(files)
}

/// Of a line of `cargo tree`, such as `serde v1.0.0 (*)`.
fn name_and_version(line: &str) -> Option<(String, String)> {
    let mut words = line.split(' ');
    let name = words.next()?;
    let version = words.next()?.strip_prefix('v')?;
    Some((name.to_owned(), version.to_owned()))
}

/// The checksums in a `Cargo.lock`, by name and version.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let value = |package: &str, key: &str| {
        let lines = package.lines();
        let mut values = lines.filter_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
        values
            .next()
            .map(|value| value.trim_matches('"').to_owned())
    };
    let packages = lock.split("[[package]]");
    packages
        .filter_map(|package| {
            let key = (value(package, "name")?, value(package, "version")?);
            Some((key, value(package, "checksum")?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_says_is_read() {
        let expected = ("serde".to_owned(), "1.0.2".to_owned());
        assert_eq!(name_and_version("serde v1.0.2 (*)"), Some(expected.clone()));
        assert_eq!(name_and_version(""), None);
        let lock = "version = 4\n\n[[package]]\nname = \"serde\"\nversion = \"1.0.2\"\n\
                    source = \"elsewhere\"\nchecksum = \"0f\"\n\n[[package]]\nname = \"ours\"\nversion = \"1\"\n";
        let checksums = checksums(lock);
        assert_eq!(checksums.get(&expected).map(String::as_str), Some("0f"));
        assert_eq!(checksums.len(), 1);
    }

    #[test]
    fn every_crate_of_the_page_has_a_licence_and_a_checksum() {
        let supply = Supply::read().expect("cargo knows its crates");
        for part in &supply.crates {
            assert!(!part.licence.is_empty(), "{part:?}");
            assert!(part.checksum.is_some(), "{part:?}");
        }
        let names: Vec<_> = supply
            .crates
            .iter()
            .map(|part| part.name.as_str())
            .collect();
        assert!(names.contains(&"leptos") && names.contains(&"wgpu"));
        // Burn is the trainer's; a macro runs while the page is compiled.
        assert!(!names.contains(&"burn") && !names.contains(&"serde_derive"));
        let licences = supply.licences().expect("readable files");
        for words in ["leptos ", "MIT License", "CenterFace"] {
            assert!(licences.contains(words), "{words}");
        }
    }
}
