//! Tests across crates; nothing else lives here.

#[cfg(test)]
mod network_file;
#[cfg(test)]
mod parity;
#[cfg(test)]
mod training;
