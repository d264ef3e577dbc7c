//! The networks as Burn modules, and their export to a [`Plan`](crate::plan::Plan).
//!
//! Each network is written once, against [`Ops`]: with [`StockOps`] it runs on any Burn device,
//! the trainer brings operations with faster gradients. Its export folds each batch norm into the
//! convolution before it.

pub mod ops;

pub use ops::{Ops, StockOps};
