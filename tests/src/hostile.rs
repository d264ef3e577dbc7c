//! Bytes from outside, damaged in every way that a seed leads to. What cargo-fuzz has found worth
//! keeping lies in `fuzz/corpus`, what once broke a reader in `fuzz/regressions`.
//!
//! `MIEN_MUTATIONS` says how many damaged copies of each kept input are read; a few by default.

use std::fs;
use std::path::{Path, PathBuf};

use mien_engine::random::split_mix;
use mien_trainer::photo::decode_photo;

#[path = "../../fuzz/src/readers.rs"]
mod readers;

/// Damaged copies of each kept input.
const MUTATIONS: usize = 40;
/// At most so many places of a copy are damaged.
const PLACES: u64 = 6;
/// Bytes on which readers decide.
const NOTABLE: [u8; 8] = [0, 1, 127, 128, 255, b',', b'\n', b' '];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz")
        .join(name)
}

/// The kept inputs of a reader, in the order of their names.
fn kept(reader: &str) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> = ["corpus", "regressions"]
        .iter()
        .filter_map(|kind| fs::read_dir(folder(kind).join(reader)).ok())
        .flatten()
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| fs::read(path).expect("a kept input"))
        .collect()
}

/// A copy with bytes changed, put in, taken out, repeated, or with the tail of another input.
fn damaged(input: &[u8], other: &[u8], seed: &mut u64) -> Vec<u8> {
    let mut bytes = input.to_vec();
    let below = |seed: &mut u64, bound: usize| (split_mix(seed) % bound.max(1) as u64) as usize;
    for _ in 0..=split_mix(seed) % PLACES {
        // Half of the damage goes to the front, where headers are.
        let reach = if split_mix(seed).is_multiple_of(2) {
            bytes.len().min(64)
        } else {
            bytes.len()
        };
        let at = below(seed, reach).min(bytes.len());
        let notable = NOTABLE[below(seed, NOTABLE.len())];
        match split_mix(seed) % 7 {
            0 => bytes.insert(at, notable),
            1 => bytes.truncate(at),
            2 => {
                let end = at + below(seed, bytes.len() - at);
                bytes.drain(at..end);
            }
            3 => {
                let end = at + below(seed, (bytes.len() - at).min(64));
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            4 => {
                bytes.truncate(at);
                bytes.extend(&other[below(seed, other.len())..]);
            }
            5 if at < bytes.len() => bytes[at] = notable,
            _ if at < bytes.len() => bytes[at] ^= 1 << below(seed, 8),
            _ => {}
        }
    }
    bytes
}

fn attack(reader: &str, read: fn(&[u8])) {
    let asked = std::env::var("MIEN_MUTATIONS").ok();
    let count = asked.and_then(|count| count.parse().ok());
    let inputs = kept(reader);
    assert!(!inputs.is_empty(), "fuzz/corpus/{reader} holds nothing");
    let mut seed = 0x6d69_656e;
    for (index, input) in inputs.iter().enumerate() {
        read(input);
        for _ in 0..count.unwrap_or(MUTATIONS) {
            let other =
                &inputs[(index + split_mix(&mut seed) as usize % inputs.len()) % inputs.len()];
            let bytes = damaged(input, other, &mut seed);
            // What breaks a reader is kept where the next run finds it.
            let outcome = std::panic::catch_unwind(|| read(&bytes));
            if let Err(panic) = outcome {
                let folder = folder("regressions").join(reader);
                fs::create_dir_all(&folder).expect("a writable checkout");
                fs::write(folder.join(format!("{seed:016x}")), &bytes)
                    .expect("a writable checkout");
                std::panic::resume_unwind(panic);
            }
        }
    }
}

#[test]
fn no_photo_breaks_its_reader() {
    attack("photo", readers::photo);
}

#[test]
fn no_csv_breaks_its_reader() {
    attack("csv", readers::csv);
}

#[test]
fn no_model_breaks_its_reader() {
    attack("model", readers::model);
}

#[test]
fn no_plan_breaks_its_reader() {
    attack("plan", readers::plan);
}

#[test]
fn no_message_breaks_its_reader() {
    attack("message", readers::message);
}
