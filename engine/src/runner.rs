//! One interface to every backend.

use std::ops::Range;

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

/// One input that is run again and again, each time with another part of it covered.
#[derive(Clone, Copy, Debug)]
pub struct Covered<'a> {
    /// `[height, width, channels]`, already normalised.
    pub data: &'a [f32],
    /// Rows of the input.
    pub height: usize,
    /// Columns of the input.
    pub width: usize,
    /// The rows and columns that are covered, one entry a run. What lies outside the input is
    /// ignored.
    pub places: &'a [[Range<usize>; 2]],
    /// The value that covers, normalised.
    pub fill: f32,
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

    /// Runs the network on an input as it is, then with each of its places covered. One vector for
    /// each output of the plan, `[1 + places, height, width, channels]`.
    ///
    /// The CPU computes for each place only what covering it changes; the GPU runs whole copies
    /// of the input.
    #[cfg_attr(
        not(feature = "gpu"),
        expect(clippy::unused_async, reason = "a GPU is read back asynchronously")
    )]
    pub async fn run_covered(&mut self, covered: Covered<'_>) -> Result<Vec<Vec<f32>>, RunError> {
        match self {
            Self::Cpu(runner) => runner.run_covered(covered),
            #[cfg(feature = "gpu")]
            Self::Gpu(runner) => run_copies(runner, covered).await,
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

/// Copies of an input that run together: enough to keep a GPU busy, little enough to fit.
#[cfg(feature = "gpu")]
const COPIES: usize = 64;

#[cfg(feature = "gpu")]
async fn run_copies(
    runner: &mut gpu::Runner,
    covered: Covered<'_>,
) -> Result<Vec<Vec<f32>>, RunError> {
    let channels = runner.plan().input.channels;
    covered.as_batch().check(channels)?;
    let mut outputs = vec![Vec::new(); runner.plan().outputs.len()];
    // The first copy is covered nowhere.
    let places: Vec<_> = [[0..0, 0..0]]
        .iter()
        .chain(covered.places)
        .cloned()
        .collect();
    for places in places.chunks(COPIES) {
        let data: Vec<f32> = places
            .iter()
            .flat_map(|place| covered.copy(place, channels))
            .collect();
        let batch = Batch {
            data: &data,
            count: places.len(),
            ..covered.as_batch()
        };
        for (all, some) in outputs.iter_mut().zip(runner.run(batch).await?) {
            all.extend(some);
        }
    }
    Ok(outputs)
}

impl<'a> Covered<'a> {
    /// The input itself.
    pub(crate) fn as_batch(&self) -> Batch<'a> {
        Batch {
            data: self.data,
            count: 1,
            height: self.height,
            width: self.width,
        }
    }

    /// The part of a place that lies inside the input.
    pub(crate) fn clip(&self, place: &[Range<usize>; 2]) -> [Range<usize>; 2] {
        let clip = |side: &Range<usize>, length: usize| {
            let end = side.end.min(length);
            side.start.min(end)..end
        };
        [clip(&place[0], self.height), clip(&place[1], self.width)]
    }

    /// The input with a place covered.
    #[cfg(any(feature = "gpu", test))]
    pub(crate) fn copy(&self, place: &[Range<usize>; 2], channels: usize) -> Vec<f32> {
        let [rows, columns] = self.clip(place);
        let mut data = self.data.to_vec();
        for y in rows {
            let row = y * self.width;
            data[(row + columns.start) * channels..(row + columns.end) * channels].fill(self.fill);
        }
        data
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
