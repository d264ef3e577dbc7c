//! One interface to every backend.

use thiserror::Error;

use crate::cpu;
#[cfg(feature = "gpu")]
use crate::gpu::{self, GpuError};
use crate::plan::{Plan, ShapeError};

/// Inputs of one size, run together.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// `[count, height, width, channels]`, already normalised as the plan's
    /// [`InputSpec`](crate::plan::InputSpec) says.
    pub data: &'a [f32],
    /// How many inputs; none is allowed and gives empty outputs.
    pub count: usize,
    /// Rows of each input.
    pub height: usize,
    /// Columns of each input.
    pub width: usize,
}

/// Why a batch could not be run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RunError {
    /// The network does not take inputs of this size.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The batch's data does not have the length that its sizes say.
    #[error("the batch holds {found} values where {expected} were expected")]
    BatchLength {
        /// `count * height * width * channels`.
        expected: usize,
        /// The length of the data.
        found: usize,
    },
    /// There is not enough memory; a smaller input needs less.
    #[error("there is not enough memory to run the network on an input of this size")]
    Memory,
    /// The GPU failed.
    #[cfg(feature = "gpu")]
    #[error(transparent)]
    Gpu(#[from] GpuError),
}

/// A network ready to run on one of the backends.
#[derive(Debug)]
pub enum Runner {
    /// On the CPU.
    Cpu(Box<cpu::Runner>),
    /// On the GPU.
    #[cfg(feature = "gpu")]
    Gpu(Box<gpu::Runner>),
}

impl Runner {
    /// Runs the network. One vector for each output of the plan, `[count, height, width,
    /// channels]`.
    #[cfg_attr(
        not(feature = "gpu"),
        expect(clippy::unused_async, reason = "a GPU is read back asynchronously")
    )]
    pub async fn run(&mut self, batch: Batch<'_>) -> Result<Vec<Vec<f32>>, RunError> {
        match self {
            Self::Cpu(runner) => runner.run(batch),
            #[cfg(feature = "gpu")]
            Self::Gpu(runner) => runner.run(batch).await,
        }
    }

    /// The network.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        match self {
            Self::Cpu(runner) => runner.plan(),
            #[cfg(feature = "gpu")]
            Self::Gpu(runner) => runner.plan(),
        }
    }
}

impl Batch<'_> {
    /// Checks that `data` has the length that the sizes say, for inputs of `channels` channels.
    pub(crate) fn check(&self, channels: usize) -> Result<(), RunError> {
        let expected = [self.count, self.height, self.width, channels]
            .into_iter()
            .fold(1_usize, usize::saturating_mul);
        if self.data.len() == expected {
            Ok(())
        } else {
            let found = self.data.len();
            Err(RunError::BatchLength { expected, found })
        }
    }
}
