//! Runs a plan on a GPU through WebGPU (feature `gpu`).
//!
//! Each layer with its bias, residual and activation is one dispatch of one of the shaders in
//! `shaders/`. Each of them has a counterpart in [`crate::cpu::reference`], of the same name or the
//! beginning of it. A run is one submission and one read-back, except where a batch exceeds the
//! GPU's limits. Everything that waits is asynchronous: on the web, a synchronous read would never
//! end.

mod device;
mod error;
mod layout;
mod runner;
mod shader;
#[cfg(test)]
mod tests;
mod workspace;

pub use device::{Adapter, Capabilities, Device};
pub use error::GpuError;
pub use runner::Runner;
