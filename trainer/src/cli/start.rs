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
    let run = Checkpoint::load(&path).or_user()?.with_context(|| {
        format!(
            "there is no checkpoint {}; train that run first",
            path.display()
        )
    });
    Ok(Some(Start::Run(Box::new(run.or_user()?))))
}
