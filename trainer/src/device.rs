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
    /// There are not so many adapters.
    #[error("there are {found} graphics adapters here; lower --devices")]
    TooFew {
        /// How many there are.
        found: usize,
    },
}

impl Place {
    /// The device for Burn.
    pub fn device(self) -> Result<Device, DeviceError> {
        match self {
            Self::Cpu => Ok(Device::flex()),
            Self::Wgpu => wgpu(),
        }
    }

    /// So many devices: threads of the CPU, or adapters.
    pub fn devices(self, count: usize) -> Result<Vec<Device>, DeviceError> {
        match self {
            _ if count == 1 => Ok(vec![self.device()?]),
            Self::Cpu => Ok(vec![Device::flex(); count]),
            Self::Wgpu => several_wgpu(count),
        }
    }
}

#[cfg(feature = "wgpu")]
fn wgpu() -> Result<Device, DeviceError> {
    // Burn panics where there is no adapter.
    pollster::block_on(mien_engine::gpu::Device::request())?;
    Ok(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice))
}

#[cfg(feature = "wgpu")]
fn several_wgpu(count: usize) -> Result<Vec<Device>, DeviceError> {
    wgpu()?;
    let all = Device::enumerate(burn::tensor::DeviceType::Wgpu);
    let some: Vec<Device> = all.into_iter().take(count).collect();
    match some.len() {
        found if found < count => Err(DeviceError::TooFew { found }),
        _ => Ok(some),
    }
}

#[cfg(not(feature = "wgpu"))]
fn wgpu() -> Result<Device, DeviceError> {
    Err(DeviceError::NotBuilt)
}

#[cfg(not(feature = "wgpu"))]
fn several_wgpu(_: usize) -> Result<Vec<Device>, DeviceError> {
    Err(DeviceError::NotBuilt)
}
