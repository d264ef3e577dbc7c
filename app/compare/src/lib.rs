//! The networks of the published studies, run through Burn: on the CPU or on WebGPU, as the crate
//! was built. What needs a browser is in the program.

pub mod device;
pub mod network;
