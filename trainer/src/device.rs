//! Where networks are trained.

use burn::tensor::Device;
use thiserror::Error;

/// Where a network is trained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// On the CPU, with our own operations.
    #[default]
    Cpu,
    /// On the graphics adapter, through burn-wgpu with Burn's own operations; runs are not
    /// repeatable to the last bit.
    Wgpu,
}

/// Why a place is not to be had.
#[derive(Debug, Error)]
pub enum DeviceError {
    /// The program was built without it.
    #[error(
        "this program trains on the CPU alone; build it with --features wgpu, or leave --device out"
    )]
    NotBuilt,
    /// There is no adapter.
    #[cfg(feature = "wgpu")]
    #[error("there is no graphics adapter to train on; leave --device out")]
    NoAdapter(#[from] mien_engine::gpu::GpuError),
}

impl Place {
    /// The device for Burn.
    pub fn device(self) -> Result<Device, DeviceError> {
        match self {
            Self::Cpu => Ok(Device::flex()),
            Self::Wgpu => wgpu(),
        }
    }
}

#[cfg(feature = "wgpu")]
fn wgpu() -> Result<Device, DeviceError> {
    // Burn panics where there is no adapter.
    pollster::block_on(mien_engine::gpu::Device::request())?;
    Ok(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice))
}

#[cfg(not(feature = "wgpu"))]
fn wgpu() -> Result<Device, DeviceError> {
    Err(DeviceError::NotBuilt)
}
