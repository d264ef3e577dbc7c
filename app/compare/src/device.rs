//! Where Burn runs: decided when the program is built.

use burn::tensor::Device;
use mien_app::protocol::StopReason;

/// The GPU, ready for work.
#[cfg(feature = "wgpu")]
pub async fn start() -> Result<Device, StopReason> {
    let device = Device::wgpu_options().init_async().await;
    device.map_err(|error| StopReason::Engine(error.to_string()))
}

/// The CPU.
#[cfg(not(feature = "wgpu"))]
#[allow(clippy::unused_async, reason = "a GPU has to be waited for")]
pub async fn start() -> Result<Device, StopReason> {
    Ok(Device::flex())
}
