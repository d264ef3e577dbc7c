//! `mien robustness`: how a model bears pictures that are worse than those it learned from.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use mien_engine::photo::Photo;

use super::data_source::SplitSource;
use super::engine::{load_classifier, load_detector};
use super::{OrFail, Outcome, progress};
use crate::files::write_atomically;
use crate::models::{DEFAULT_CLASSIFIER, DETECTOR};
use crate::photo::{decode_photo, read_photo};
use crate::robustness::{Subject, graph, markdown};

/// Photos without a face, into which faces are pasted: fur, a table, the sky, stones.
const BACKGROUNDS: [&[u8]; 4] = [
    include_bytes!("../../../tests/photos/chelsea.png"),
    include_bytes!("../../../tests/photos/coffee.jpg"),
    include_bytes!("../../../tests/photos/rocket.jpg"),
    include_bytes!("../../../tests/photos/gravel.jpg"),
];

/// Measures accuracy and calibration on corrupted faces, and on faces pasted into scenes.
#[derive(Debug, Args)]
pub struct Robustness {
    /// Path of a .mien file, or name of a shipped model.
    #[arg(long, default_value = DEFAULT_CLASSIFIER)]
    model: String,
    /// Path of a face detector, or name of a shipped one.
    #[arg(long, default_value = DETECTOR)]
    detector: String,
    #[command(flatten)]
    faces: SplitSource,
    /// How many faces to use, evenly spread [default: all].
    #[arg(long)]
    limit: Option<usize>,
    /// A photo without faces to paste faces into; may be given again [default: four that ship].
    #[arg(long)]
    scene: Vec<PathBuf>,
    /// Where to write table and graph: this path with .json, .md and .svg.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

impl Robustness {
    /// Measures, with progress on stderr and the table on stdout.
    pub fn run(self) -> Outcome {
        let (mut classifier, name) = load_classifier(&self.model)?;
        let mut detector = load_detector(&self.detector)?;
        let (data, split) = self.faces.read(classifier.classes().len())?;
        let backgrounds = self.backgrounds()?;
        let mut subject = Subject {
            classifier: &mut classifier,
            detector: &mut detector,
            data: &data,
            limit: self.limit.unwrap_or(usize::MAX),
        };
        let bar = progress::bar(subject.work(), "steps");
        let report = subject.measure(name, split.to_string(), &backgrounds, || bar.inc(1));
        let report = report.or_user()?;
        bar.finish_and_clear();
        let json = serde_json::to_string_pretty(&report).or_internal()? + "\n";
        let table = markdown(&report);
        if let Some(out) = &self.out {
            for (ending, text) in [("json", &json), ("md", &table), ("svg", &graph(&report))] {
                let path = out.with_extension(ending);
                write_atomically(&path, text.as_bytes()).or_user()?;
                eprintln!("wrote {}", path.display());
            }
        }
        out!("{}", if self.json { json } else { table });
        Ok(())
    }

    fn backgrounds(&self) -> Outcome<Vec<Photo>> {
        if self.scene.is_empty() {
            let shipped = BACKGROUNDS.iter().map(|bytes| decode_photo(bytes));
            return shipped.collect::<Result<Vec<_>, _>>().or_internal();
        }
        self.scene
            .iter()
            .map(|path| {
                read_photo(path)
                    .with_context(|| path.display().to_string())
                    .or_user()
            })
            .collect()
    }
}
