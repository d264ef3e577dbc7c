//! Runs a plan on the CPU.

pub mod reference;

use crate::plan::{Plan, ShapeError};
use crate::runner::{Batch, RunError};

/// A network ready to run on the CPU.
#[derive(Clone, Debug)]
pub struct Runner {
    plan: Plan,
}

impl Runner {
    /// Prepares a plan. A plan with a fixed input size is checked here, another one for each size
    /// that it is run on.
    pub fn new(plan: Plan) -> Result<Self, ShapeError> {
        if let Some([height, width]) = plan.input.size {
            plan.shapes(height, width)?;
        }
        Ok(Self { plan })
    }

    /// The network.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Runs the network. One vector for each output of the plan, `[count, height, width,
    /// channels]`.
    pub fn run(&mut self, batch: Batch<'_>) -> Result<Vec<Vec<f32>>, RunError> {
        reference::run(&self.plan, batch)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::plan::samples::sample;

    proptest! {
        #[test]
        fn a_runner_equals_the_reference(sample in sample(4), count in 0..3_usize) {
            let inputs = sample.inputs(count);
            let batch = Batch {
                data: &inputs,
                count,
                height: sample.height,
                width: sample.width,
            };
            let expected = reference::run(&sample.plan, batch).expect("valid");
            let found = Runner::new(sample.plan).expect("valid").run(batch).expect("valid");
            prop_assert_eq!(expected.len(), found.len());
            for (expected, found) in expected.iter().flatten().zip(found.iter().flatten()) {
                prop_assert!((expected - found).abs() <= 1e-4 * expected.abs().max(1.0));
            }
        }
    }
}
