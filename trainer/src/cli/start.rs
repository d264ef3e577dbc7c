//! What a run starts from.

use std::path::Path;

use anyhow::Context;

use super::{OrFail, Outcome};
use crate::pretrained;
use crate::train::{Checkpoint, RunConfig, Start};

/// What the settings in `file` name as their start.
pub fn load(config: &RunConfig, file: &Path) -> Outcome<Option<Start>> {
    let Some(start) = &config.start else {
        return Ok(None);
    };
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
