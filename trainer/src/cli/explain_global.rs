//! `mien explain-global`: what a model looks at on average.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use clap::Args;
use image::{ImageFormat, RgbImage};
use serde::Serialize;

use super::data_source::SplitSource;
use super::engine::load_classifier;
use super::{OrFail, Outcome, progress};
use crate::files::write_atomically;
use crate::global_view::{GlobalView, Sheet};
use crate::models::DEFAULT_CLASSIFIER;

/// Draws mean occlusion maps: per class, per cell of the confusion matrix, for hits and mistakes.
#[derive(Debug, Args)]
pub struct ExplainGlobal {
    /// Path of a .mien file, or name of a shipped model.
    #[arg(long, default_value = DEFAULT_CLASSIFIER)]
    model: String,
    #[command(flatten)]
    faces: SplitSource,
    /// How many faces to use, evenly spread [default: all].
    #[arg(long)]
    limit: Option<usize>,
    /// The folder to write into: NAME-outcomes.png, NAME-cells.png and NAME.json.
    #[arg(long, default_value = "public/explanations")]
    out: PathBuf,
    /// Prints the description of the pictures as JSON.
    #[arg(long)]
    json: bool,
}

/// What the pictures show.
#[derive(Serialize)]
struct Description<'a> {
    model: &'a str,
    split: String,
    faces: usize,
    /// The columns of both pictures, and the rows of the cells: the predicted and the true class.
    classes: Vec<&'static str>,
    /// What the values are.
    value: &'static str,
    /// The rows of the outcomes.
    outcome_rows: [&'static str; 3],
    outcomes: &'a Sheet,
    cells: &'a Sheet,
}

impl ExplainGlobal {
    /// Explains every face and writes the pictures of the means.
    pub fn run(self) -> Outcome {
        let (mut classifier, name) = load_classifier(&self.model)?;
        let (data, split) = self.faces.read(classifier.classes().len())?;
        let faces = self.limit.unwrap_or(usize::MAX).min(data.len());
        let bar = progress::bar(faces, "faces");
        let view = GlobalView::new(&mut classifier, &data, faces, || bar.inc(1)).or_user()?;
        bar.finish_and_clear();
        let (outcomes, cells) = view.sheets();
        let description = Description {
            model: &name,
            split: split.to_string(),
            faces,
            classes: view.classes().iter().map(|class| class.name()).collect(),
            value: "mean drop of the probability of the predicted class where a square of 8 x 8 \
                    pixels covers the face",
            outcome_rows: ["all", "hits", "mistakes"],
            outcomes: &outcomes,
            cells: &cells,
        };
        let text = serde_json::to_string_pretty(&description).or_internal()? + "\n";
        std::fs::create_dir_all(&self.out).or_user()?;
        self.write(&format!("{name}.json"), text.as_bytes())?;
        self.write(&format!("{name}-outcomes.png"), &png(&outcomes.picture)?)?;
        self.write(&format!("{name}-cells.png"), &png(&cells.picture)?)?;
        if self.json {
            out!("{text}");
        }
        Ok(())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Outcome {
        let path: &Path = &self.out.join(name);
        write_atomically(path, bytes).or_user()?;
        eprintln!("wrote {}", path.display());
        Ok(())
    }
}

fn png(picture: &RgbImage) -> Outcome<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, ImageFormat::Png)
        .or_internal()?;
    Ok(bytes.into_inner())
}
