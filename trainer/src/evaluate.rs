//! Predictions for a data set: of a plan, through the engine's own CPU path, or of a network, in
//! training too, through Burn.

use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use mien_engine::cpu;
use mien_engine::crop::SIDE;
use mien_engine::metrics::{Predictions, PredictionsError};
use mien_engine::nets::{Network, Ops, face_input};
use mien_engine::plan::{Plan, ShapeError};
use mien_engine::runner::{Batch, RunError};
use thiserror::Error;

use crate::data::{DataSet, FACE_PIXELS};
use crate::ops::FastOps;

/// Faces that run together.
const BATCH: usize = 64;

/// Why a model cannot be evaluated on a data set.
#[derive(Debug, Error)]
pub enum EvaluateError {
    /// The model does not take one grayscale face of 48 x 48 pixels.
    #[error(
        "the model does not classify gray faces of {SIDE} x {SIDE} pixels; choose another with --model"
    )]
    NoClassifier,
    /// The model's layers do not fit together.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The model failed.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The members of an ensemble do not tell apart the same classes.
    #[error("the networks of an ensemble must have the same classes; leave out those that differ")]
    DifferentClasses,
    /// The model's outputs are not the data's classes.
    #[error("the model's classes are not those of the data; choose another with --model")]
    Classes(#[from] PredictionsError),
}

/// The logits of every face, beside its label, from a network in training: through its plan where
/// it has one, else through Burn.
pub fn network(
    network: &Network,
    data: &DataSet,
    ops: &impl Ops,
) -> Result<Predictions, EvaluateError> {
    if let Some(plan) = network.export() {
        return predict(&plan, data, |_| ());
    }
    let rows = rows(data, |pixels| Ok(logits(network, pixels, ops)), |_| ())?;
    let labels = data.targets();
    let classes = rows.len() / labels.len().max(1);
    Ok(Predictions::new(rows, labels, classes)?)
}

/// The logits, `[faces, classes]`, that Burn computes for faces of 0 to 255, `[faces, 48, 48]`, all
/// at once.
pub fn logits(network: &Network, pixels: &[f32], ops: &impl Ops) -> Vec<f32> {
    let device = network.devices().first().cloned().unwrap_or_default();
    let input = face_input();
    let faces: Vec<f32> = pixels
        .iter()
        .map(|pixel| pixel * input.scale + input.offset)
        .collect();
    let faces = TensorData::new(faces, [pixels.len() / FACE_PIXELS, 1, SIDE, SIDE]);
    let faces = Tensor::from_data(faces, &device);
    network
        .forward(faces, ops)
        .to_data()
        .iter::<f32>()
        .collect()
}

/// How many classes a plan tells apart.
pub fn classes(plan: &Plan) -> Result<usize, EvaluateError> {
    let shapes = plan
        .shapes(SIDE, SIDE)
        .map_err(|_| EvaluateError::NoClassifier)?;
    match plan.outputs[..] {
        [output] if plan.input.channels == 1 => Ok(shapes[output.index()].len()),
        _ => Err(EvaluateError::NoClassifier),
    }
}

/// The logits of every face, beside its label. `tell` hears how many faces are done.
pub fn predict(
    plan: &Plan,
    data: &DataSet,
    tell: impl FnMut(usize),
) -> Result<Predictions, EvaluateError> {
    Reader::of_plan(plan.clone())?.predict(data, tell)
}

/// A network that reads faces.
#[derive(Debug)]
pub struct Reader {
    kind: Kind,
    classes: usize,
}

/// How it computes.
#[derive(Debug)]
enum Kind {
    /// The engine's own CPU path.
    Plan(Box<cpu::Runner>),
    /// Burn.
    Burn(Box<Network>),
}

impl Reader {
    /// One that runs a plan.
    pub fn of_plan(plan: Plan) -> Result<Self, EvaluateError> {
        let classes = classes(&plan)?;
        let kind = Kind::Plan(Box::new(cpu::Runner::new(plan)?));
        Ok(Self { kind, classes })
    }

    /// One that runs a network of so many classes: through its plan where it has one, else through
    /// Burn.
    pub fn of_network(network: Network, classes: usize) -> Result<Self, EvaluateError> {
        match network.export() {
            Some(plan) => Self::of_plan(plan),
            None => Ok(Self {
                kind: Kind::Burn(Box::new(network)),
                classes,
            }),
        }
    }

    /// Number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The logits, `[faces, classes]`, of faces of 0 to 255, `[faces, 48, 48]`.
    pub fn logits(&mut self, pixels: &[f32]) -> Result<Vec<f32>, EvaluateError> {
        let runner = match &mut self.kind {
            Kind::Plan(runner) => runner,
            Kind::Burn(network) => return Ok(logits(network, pixels, &FastOps::default())),
        };
        let input = &runner.plan().input;
        let faces: Vec<f32> = pixels
            .iter()
            .map(|pixel| pixel * input.scale + input.offset)
            .collect();
        let batch = Batch {
            data: &faces,
            count: pixels.len() / FACE_PIXELS,
            height: SIDE,
            width: SIDE,
        };
        Ok(runner.run(batch)?.into_iter().flatten().collect())
    }

    /// The logits of every face, beside its label. `tell` hears how many faces are done.
    pub fn predict(
        &mut self,
        data: &DataSet,
        tell: impl FnMut(usize),
    ) -> Result<Predictions, EvaluateError> {
        let classes = self.classes;
        in_batches(data, classes, |pixels| self.logits(pixels), tell)
    }
}

/// What `answer` says of all faces, batch by batch, beside their labels. `tell` hears how many faces
/// are done.
pub fn in_batches(
    data: &DataSet,
    classes: usize,
    answer: impl FnMut(&[f32]) -> Result<Vec<f32>, EvaluateError>,
    tell: impl FnMut(usize),
) -> Result<Predictions, EvaluateError> {
    let rows = rows(data, answer, tell)?;
    Ok(Predictions::new(rows, data.targets(), classes)?)
}

fn rows(
    data: &DataSet,
    mut answer: impl FnMut(&[f32]) -> Result<Vec<f32>, EvaluateError>,
    mut tell: impl FnMut(usize),
) -> Result<Vec<f32>, EvaluateError> {
    let mut rows = Vec::new();
    for start in (0..data.len()).step_by(BATCH) {
        let end = data.len().min(start + BATCH);
        let pixels: Vec<f32> = (start..end).flat_map(|index| data.pixels(index)).collect();
        rows.extend(answer(&pixels)?);
        tell(end);
    }
    Ok(rows)
}
