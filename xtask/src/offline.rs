//! The service worker that keeps the site on the device.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::assets::NETWORK;
use crate::root;
use crate::site::files_under;
use crate::wasm::is_compare;

/// Its file in the site. The name never changes, because browsers ask for it again to find out
/// whether there is a new version.
const FILE: &str = "service-worker.js";

/// Writes the service worker for all files that lie in `dist`.
pub fn write(dist: &Path) -> Result<()> {
    let template = root().join("app").join(FILE);
    let template = fs::read_to_string(&template)
        .with_context(|| format!("could not read {}", template.display()))?;
    let (mut files, mut on_use) = (Vec::new(), Vec::new());
    let mut digest = Sha256::new();
    for path in files_under(dist)? {
        let name = path
            .strip_prefix(dist)?
            .to_string_lossy()
            .replace('\\', "/");
        digest.update(&name);
        digest.update(fs::read(&path)?);
        if name.ends_with(NETWORK) || is_compare(&name) {
            on_use.push(name);
            continue;
        }
        // The page is asked for by its folder.
        files.push(if name == "index.html" {
            "./".to_owned()
        } else {
            name
        });
    }
    let hash = format!("{:x}", digest.finalize());
    fs::write(
        dist.join(FILE),
        fill(&template, &hash[..10], &files, &on_use)?,
    )?;
    Ok(())
}

/// `files` are kept from the first visit on, those `on_use` once they were asked for: they are large,
/// and many visitors never need them.
fn fill(template: &str, version: &str, files: &[String], on_use: &[String]) -> Result<String> {
    let files = serde_json::to_string(files)?;
    let on_use = serde_json::to_string(on_use)?;
    Ok(template
        .replace("{version}", version)
        .replace("{files}", &files)
        .replace("{on_use}", &on_use))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_files_is_filled_in() {
        let script = fill(
            "'{version}' {files} {on_use}",
            "1a",
            &["./".to_owned(), "a.js".to_owned()],
            &["b.wasm".to_owned()],
        );
        assert_eq!(script.expect("filled"), r#"'1a' ["./","a.js"] ["b.wasm"]"#);
    }
}
