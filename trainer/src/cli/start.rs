//! What a run starts from: other runs, and networks in files.

use std::fs;
use std::path::Path;

use anyhow::Context;
use burn::tensor::Device;
use mien_engine::nets::NetworkFile;

use super::{OrFail, Outcome};
use crate::pretrained;
use crate::train::{CHECKPOINT_FILE, Checkpoint, RunConfig, Start};

/// What the settings in `file` name as their start; none for a run that has begun in the folder
/// `out`, which goes on without it.
pub fn load(config: &RunConfig, file: &Path, out: &Path) -> Outcome<Option<Start>> {
    let Some(start) = &config.start else {
        return Ok(None);
    };
    if out.join(CHECKPOINT_FILE).exists() {
        return Ok(None);
    }
    let path = RunConfig::resolve(file, start);
    if pretrained::is_named_so(&path) {
        return Ok(Some(Start::Elsewhere(path)));
    }
    Ok(Some(Start::Run(Box::new(checkpoint(&path)?))))
}

/// The checkpoint of a run.
pub fn checkpoint(path: &Path) -> Outcome<Checkpoint> {
    let run = Checkpoint::load(path).or_user()?;
    run.with_context(|| {
        let path = path.display();
        format!("there is no checkpoint {path}; train that run first")
    })
    .or_user()
}

/// The bytes of a file that the user names.
pub fn read(path: &Path) -> Outcome<Vec<u8>> {
    fs::read(path)
        .with_context(|| format!("cannot read {}; check the path", path.display()))
        .or_user()
}

/// A network as it was trained, from a file's bytes.
pub fn network(path: &Path, bytes: &[u8]) -> Outcome<NetworkFile> {
    NetworkFile::from_bytes(bytes, &Device::flex())
        .with_context(|| format!("{} holds no network; export it again", path.display()))
        .or_user()
}
