//! `mien inspect`: what a model consists of.

use clap::Args;
use mien_engine::plan::{Layer, LayerKind, Plan, ShapeError};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{OrFail, Outcome};
use crate::models::{DEFAULT_CLASSIFIER, Model};

/// Side for which a network of any input size is described.
const EXAMPLE_SIDE: usize = 320;

/// Prints a model's layers with shapes and cost, its file's SHA-256 and its card.
#[derive(Debug, Args)]
pub struct Inspect {
    /// Path of a .mien file, or name of a shipped model.
    #[arg(default_value = DEFAULT_CLASSIFIER)]
    model: String,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// A layer in figures.
struct Row {
    name: &'static str,
    shape: [usize; 3],
    parameters: usize,
    macs: u64,
}

impl Inspect {
    /// Prints to stdout.
    pub fn run(self) -> Outcome {
        let model = Model::load(&self.model).or_user()?;
        let plan = &model.plan;
        let [height, width] = plan.input.size.unwrap_or([EXAMPLE_SIDE; 2]);
        let rows = rows(plan, [height, width]).or_user()?;
        let macs = plan.macs(height, width).or_user()?;
        let sha256 = format!("{:x}", Sha256::digest(&model.bytes));
        if self.json {
            let layers: Vec<_> = rows
                .iter()
                .map(|row| {
                    json!({
                        "kind": row.name,
                        "shape": row.shape,
                        "parameters": row.parameters,
                        "macs": row.macs,
                    })
                })
                .collect();
            let report = json!({
                "model": self.model,
                "bytes": model.bytes.len(),
                "sha256": sha256,
                "input": plan.input,
                "input_size": [height, width],
                "parameters": plan.parameters(),
                "macs": macs,
                "layers": layers,
                "card": model.card,
            });
            outln!("{}", serde_json::to_string_pretty(&report).or_internal()?);
            return Ok(());
        }
        outln!("model       {}", self.model);
        outln!("file        {} bytes, sha256 {sha256}", model.bytes.len());
        outln!("input       {height} x {width} x {}", plan.input.channels);
        outln!("parameters  {}", plan.parameters());
        outln!("MACs        {macs}");
        if let Some(card) = &model.card {
            outln!("date        {}", card.date);
            outln!("licence     {}", card.licence);
            for scored in &card.evaluations {
                let evaluation = &scored.evaluation;
                outln!(
                    "accuracy    {:.2}% of {} faces, {}",
                    100.0 * evaluation.accuracy,
                    evaluation.samples,
                    scored.split
                );
            }
        }
        outln!(
            "\n{:>5}  {:22}{:>16}{:>12}{:>12}",
            "layer",
            "kind",
            "output",
            "parameters",
            "MACs"
        );
        for (position, row) in rows.iter().enumerate() {
            let [height, width, channels] = row.shape;
            outln!(
                "{position:>5}  {:22}{:>16}{:>12}{:>12}",
                row.name,
                format!("{height} x {width} x {channels}"),
                row.parameters,
                row.macs
            );
        }
        Ok(())
    }
}

fn rows(plan: &Plan, [height, width]: [usize; 2]) -> Result<Vec<Row>, ShapeError> {
    let shapes = plan.shapes(height, width)?;
    // A layer's own figures are what it adds to those of the layers before it.
    let mut before = Plan {
        input: plan.input.clone(),
        layers: Vec::new(),
        outputs: vec![mien_engine::plan::TensorId::INPUT],
    };
    let mut rows = Vec::new();
    for (layer, shape) in plan.layers.iter().zip(&shapes[1..]) {
        let (parameters, macs) = (before.parameters(), before.macs(height, width)?);
        before.layers.push(layer.clone());
        rows.push(Row {
            name: kind_name(layer),
            shape: [shape.height, shape.width, shape.channels],
            parameters: before.parameters() - parameters,
            macs: before.macs(height, width)? - macs,
        });
    }
    Ok(rows)
}

fn kind_name(layer: &Layer) -> &'static str {
    match layer.kind {
        LayerKind::Conv { .. } => "convolution",
        LayerKind::Depthwise { .. } => "depthwise convolution",
        LayerKind::Upsample { .. } => "upsampling",
        LayerKind::MaxPool(_) => "max pooling",
        LayerKind::AveragePool(_) => "average pooling",
        LayerKind::GlobalAveragePool => "global average pooling",
    }
}
