//! The systems of the published studies, trained by one protocol and measured side by side.
//!
//! A [`StudiesConfig`] says which systems there are. [`train`] gives each network the same CPU time,
//! a [`System`] is one network or several that answer together, and [`row`] says what it is worth.

mod budget;
mod config;
mod graph;
mod measure;
mod questions;
mod show;
mod system;
mod vote;

pub use budget::{Task, train};
pub use config::{Method, StudiesConfig, StudiesError, SystemConfig};
pub use graph::graph;
pub use measure::row;
pub use show::markdown;
pub use system::System;
pub use vote::{Rule, vote};
