//! Files of the site, named by their content so that a browser may keep them for ever.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// How the names of models end.
pub const MODEL: &str = ".mien";
/// How the names of networks end that run through Burn.
pub const NETWORK: &str = ".safetensors";

/// Where an asset lies and how large it is.
#[derive(Serialize)]
pub struct Asset {
    /// Relative to `index.html`.
    pub url: String,
    /// Uncompressed, so that progress can be shown whatever the host compresses.
    pub bytes: usize,
    /// In hexadecimal digits, of models: the page checks them before it uses them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// Every asset written so far, by its plain name, such as `models/centerface.mien`.
#[derive(Default, Serialize)]
#[serde(transparent)]
pub struct Assets(BTreeMap<String, Asset>);

impl Assets {
    /// Writes `bytes` into `dist` under `name` with the content's hash in it.
    pub fn write(&mut self, dist: &Path, name: &str, bytes: &[u8]) -> Result<&Asset> {
        let url = hashed_name(name, bytes);
        let path = dist.join(&url);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, bytes).with_context(|| format!("could not write {}", path.display()))?;
        let asset = Asset {
            url,
            bytes: bytes.len(),
            sha256: [MODEL, NETWORK]
                .iter()
                .any(|ending| name.ends_with(ending))
                .then(|| sha256(bytes)),
        };
        Ok(self.0.entry(name.to_owned()).insert_entry(asset).into_mut())
    }

    /// Replaces every `asset:NAME` in a text by the asset's URL.
    pub fn resolve(&self, text: &str) -> Result<String> {
        const SCHEME: &str = "asset:";
        let mut resolved = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(SCHEME) {
            resolved.push_str(&rest[..start]);
            rest = &rest[start + SCHEME.len()..];
            let is_end = |c: char| !(c.is_ascii_alphanumeric() || "-_./".contains(c));
            let end = rest.find(is_end).unwrap_or(rest.len());
            let Some(asset) = self.0.get(&rest[..end]) else {
                bail!("there is no asset `{}`", &rest[..end]);
            };
            resolved.push_str(&asset.url);
            rest = &rest[end..];
        }
        resolved.push_str(rest);
        Ok(resolved)
    }

    /// The map of plain names to assets, for the page.
    pub fn to_json(&self) -> Result<String> {
        // No name or URL holds a `<`, so the text cannot end the script element it stands in.
        Ok(serde_json::to_string(self)?)
    }
}

/// In hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// `models/a.mien` becomes `models/a-0123456789.mien`.
fn hashed_name(name: &str, bytes: &[u8]) -> String {
    let hash = &sha256(bytes)[..10];
    match name.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}-{hash}.{extension}"),
        None => format!("{name}-{hash}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_gets_another_name() {
        assert_ne!(hashed_name("a/b.css", b"1"), hashed_name("a/b.css", b"2"));
        let digest = "6b86b273ff"; // sha256 of "1", its start
        assert_eq!(hashed_name("a/b.css", b"1"), format!("a/b-{digest}.css"));
        assert_eq!(hashed_name("NOTICE", b"1"), format!("NOTICE-{digest}"));
    }

    #[test]
    fn models_carry_their_hash() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut assets = Assets::default();
        for name in ["models/a.mien", "studies/a.safetensors", "models/a.json"] {
            assets.write(folder.path(), name, b"1").expect("written");
        }
        let hash = |name: &str| assets.0[name].sha256.as_deref();
        // sha256 of "1"
        let digest = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b";
        assert_eq!(hash("models/a.mien"), Some(digest));
        assert_eq!(hash("studies/a.safetensors"), Some(digest));
        assert_eq!(hash("models/a.json"), None);
    }

    #[test]
    fn names_in_a_text_become_urls() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut assets = Assets::default();
        let url = assets
            .write(folder.path(), "icons/mark.svg", b"<svg/>")
            .expect("written")
            .url
            .clone();
        let text = assets.resolve("<a href=\"asset:icons/mark.svg\">x</a>");
        assert_eq!(text.expect("resolved"), format!("<a href=\"{url}\">x</a>"));
        assert_eq!(fs::read(folder.path().join(url)).expect("read"), b"<svg/>");
        assert!(assets.resolve("asset:absent.svg").is_err());
    }
}
