//! Runs a plan on a GPU through WebGPU (feature `gpu`).
//!
//! Each layer with its bias, residual and activation is one dispatch of one of the kernels in
//! `shaders/`, each of which has a counterpart of the same name in [`crate::cpu::reference`]. A
//! run is one submission and one read-back, except where a batch exceeds the GPU's limits.
//! Everything that waits is asynchronous: on the web, a synchronous read would deadlock.

mod device;
mod kernel;
mod layout;
mod runner;
#[cfg(test)]
mod tests;
mod workspace;

pub use device::{Adapter, Capabilities, Device, GpuError};
pub use runner::Runner;
