//! Runs a plan on the CPU.
//!
//! Input by input, layer by layer: one face's maps stay in the second-level cache. A plan's weights
//! are packed once; the memory for an input size is planned once and used again. [`reference`]
//! holds the same layers in their simplest form.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined into a kernel is compiled without its vector instructions"
)]

mod backward;
mod conv;
mod covered;
mod depthwise;
mod finish;
mod lanes;
mod layout;
mod memory;
mod pool;
pub mod reference;
mod step;

use std::ops::Range;

pub use self::backward::{Differentiator, Tape};

use self::lanes::Instructions;
use self::memory::{Memory, Sharing};
use self::step::Step;
use crate::plan::{Layer, MapShape, Plan, ShapeError, TensorId};
use crate::runner::{Batch, RunError};

/// A network ready to run on the CPU.
#[derive(Clone, Debug)]
pub struct Runner {
    plan: Plan,
    steps: Vec<Step>,
    /// Values from one pixel of each tensor to the next.
    columns: Vec<usize>,
    memory: Memory,
    /// All tensors of the input that was covered last.
    kept: Memory,
}

impl Runner {
    /// Prepares a plan; checks it as [`Plan::check`] does.
    pub fn new(plan: Plan) -> Result<Self, ShapeError> {
        Self::with(Instructions::best(), plan)
    }

    fn with(instructions: Instructions, plan: Plan) -> Result<Self, ShapeError> {
        plan.check()?;
        let columns = layout::columns(&plan, instructions.tile().lanes);
        let layers = plan.layers.iter();
        let steps = layers
            .map(|layer| Step::new(instructions, &layer.kind, columns[layer.input.index()]))
            .collect();
        Ok(Self {
            plan,
            steps,
            columns,
            memory: Memory::default(),
            kept: Memory::default(),
        })
    }

    /// The network.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Runs the network. One vector for each output of the plan, `[count, height, width,
    /// channels]`.
    pub fn run(&mut self, batch: Batch<'_>) -> Result<Vec<Vec<f32>>, RunError> {
        let size = [batch.height, batch.width];
        let sharing = Sharing::InTurn;
        self.memory.fit(&self.plan, &self.columns, size, sharing)?;
        batch.check(self.plan.input.channels)?;
        let mut outputs = self.outputs(&self.memory, batch.count);
        let length = self.memory.layout(TensorId::INPUT).shape.len();
        for input in batch.data.chunks_exact(length) {
            forward(&self.plan, &self.steps, &mut self.memory, input);
            self.read(&self.memory, &mut outputs);
        }
        Ok(outputs)
    }

    /// Room for the outputs of `count` inputs.
    fn outputs(&self, memory: &Memory, count: usize) -> Vec<Vec<f32>> {
        let length = |tensor: &TensorId| count * memory.layout(*tensor).shape.len();
        let lengths = self.plan.outputs.iter().map(length);
        lengths.map(Vec::with_capacity).collect()
    }

    /// Appends the outputs of the input that was run last.
    fn read(&self, memory: &Memory, outputs: &mut [Vec<f32>]) {
        for (output, &tensor) in outputs.iter_mut().zip(&self.plan.outputs) {
            memory.store(tensor, output);
        }
    }
}

/// Runs one input of the size that the memory fits.
fn forward(plan: &Plan, steps: &[Step], memory: &mut Memory, input: &[f32]) {
    memory.load(input);
    for (position, (layer, step)) in plan.layers.iter().zip(steps).enumerate() {
        let tensor = TensorId(position as u16 + 1);
        let MapShape { height, width, .. } = memory.layout(tensor).shape;
        let output = memory.take_over(tensor);
        let output = compute(layer, step, memory, tensor, &[0..height, 0..width], output);
        memory.put(tensor, output);
    }
}

/// Computes a region of a layer's output in the buffer taken out for it.
fn compute(
    layer: &Layer,
    step: &Step,
    memory: &Memory,
    tensor: TensorId,
    region: &[Range<usize>; 2],
    mut output: Vec<f32>,
) -> Vec<f32> {
    let layout = memory.layout(tensor);
    let input = memory.source(layer.input);
    let residual = layer.residual.map(|it| memory.source(it.tensor()));
    step.run(layer, region, input, residual, (&mut output, &layout));
    output
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::plan::samples::sample;

    fn agree(expected: &[Vec<f32>], found: &[Vec<f32>]) -> bool {
        let close = |(expected, found): (&f32, &f32)| {
            (expected - found).abs() <= 1e-4 * expected.abs().max(1.0)
        };
        let same = |(expected, found): (&Vec<f32>, &Vec<f32>)| {
            expected.len() == found.len() && expected.iter().zip(found).all(close)
        };
        expected.len() == found.len() && expected.iter().zip(found).all(same)
    }

    proptest! {
        #[test]
        fn a_runner_equals_the_reference(sample in sample(5), count in 0..3_usize) {
            let inputs = sample.inputs(count);
            let batch = Batch {
                data: &inputs,
                count,
                height: sample.height,
                width: sample.width,
            };
            let expected = reference::run(&sample.plan, batch).expect("valid");
            for instructions in Instructions::all() {
                let plan = sample.plan.clone();
                let mut runner = Runner::with(instructions, plan).expect("valid");
                // The second run meets what the first left in memory.
                for _ in 0..2 {
                    let found = runner.run(batch).expect("valid");
                    prop_assert!(agree(&expected, &found));
                }
            }
        }
    }
}
