//! What can go wrong on a GPU.

use thiserror::Error;

use crate::plan::ShapeError;

/// Why a network cannot run on the GPU; one variant for each remedy.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GpuError {
    /// The browser has no WebGPU, or the page is not in a secure context: use the CPU, or a newer
    /// browser over HTTPS.
    #[error("this browser offers no WebGPU here")]
    NoWebGpu,
    /// There is no usable GPU: use the CPU.
    #[error("no graphics adapter was found")]
    NoAdapter,
    /// The adapter gave no device: use the CPU, or update the graphics driver.
    #[error("the graphics adapter refused to open: {reason}")]
    Refused {
        /// The system's words.
        reason: String,
    },
    /// The device went away (driver reset, sleep): open it again once, then use the CPU.
    #[error("the graphics device was lost: {reason}")]
    Lost {
        /// The system's words.
        reason: String,
    },
    /// Not enough memory: use smaller inputs or fewer at once.
    #[error("the graphics device is out of memory")]
    OutOfMemory,
    /// One input of this size needs more than the device allows: use smaller inputs or the CPU.
    #[error("a layer needs {needed} bytes where the graphics device allows {allowed}")]
    TooLarge {
        /// Bytes of the largest tensor of one input.
        needed: u64,
        /// The device's limit.
        allowed: u64,
    },
    /// A defect of ours or of the driver: report it and use the CPU.
    #[error("the graphics device refused a command: {message}")]
    Validation {
        /// The system's words.
        message: String,
    },
    /// The plan is not valid.
    #[error(transparent)]
    Plan(#[from] ShapeError),
}

impl From<wgpu::Error> for GpuError {
    fn from(error: wgpu::Error) -> Self {
        match error {
            wgpu::Error::OutOfMemory { .. } => Self::OutOfMemory,
            wgpu::Error::Validation { description, .. }
            | wgpu::Error::Internal { description, .. } => Self::Validation {
                message: description,
            },
        }
    }
}
