//! Tests across crates; nothing else lives here.

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod network_file;
#[cfg(test)]
mod parity;
#[cfg(test)]
mod seeds;
#[cfg(test)]
mod training;
