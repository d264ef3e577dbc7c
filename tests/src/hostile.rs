//! Bytes from outside, damaged in every way that a seed leads to. `fuzz/corpus` holds inputs of every
//! kind, `fuzz/found` the fewest with which cargo-fuzz reached all branches that it has reached,
//! `fuzz/regressions` what once broke a reader.
//!
//! `MIEN_MUTATIONS` says how many damaged copies of each kept input are read.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use mien_engine::random::Random;
use mien_trainer::photo::decode_photo;
use zip::ZipArchive;

#[path = "../../fuzz/src/readers.rs"]
mod readers;

/// Damaged copies of each kept input.
const MUTATIONS: usize = 400;
/// At most so many places of a copy are damaged.
const PLACES: usize = 6;
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

/// What cargo-fuzz has found for a reader.
fn found(reader: &str) -> Vec<Vec<u8>> {
    let path = folder("found").join(format!("{reader}.zip"));
    let file = fs::File::open(path).expect("an archive of found inputs");
    let mut archive = ZipArchive::new(file).expect("a zip file");
    (0..archive.len())
        .map(|index| {
            let mut bytes = Vec::new();
            let mut entry = archive.by_index(index).expect("an entry");
            entry.read_to_end(&mut bytes).expect("its bytes");
            bytes
        })
        .collect()
}

/// A copy with bytes changed, put in, taken out, repeated, or with the tail of another input.
fn damaged(input: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=random.below(PLACES) {
        // Half of the damage goes to the front, where headers are.
        let reach = if random.below(2) == 0 {
            bytes.len().min(64)
        } else {
            bytes.len()
        };
        let at = random.below(reach + 1);
        let end = at + random.below((bytes.len() - at).min(64) + 1);
        let notable = NOTABLE[random.below(NOTABLE.len())];
        match random.below(7) {
            0 => bytes.insert(at, notable),
            1 => bytes.truncate(at),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            4 => {
                bytes.truncate(at);
                bytes.extend(&other[random.below(other.len() + 1)..]);
            }
            5 if at < bytes.len() => bytes[at] = notable,
            _ if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
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
    let found = found(reader);
    assert!(!found.is_empty(), "fuzz/found/{reader}.zip holds nothing");
    for input in &found {
        read(input);
    }
    let mut random = Random::new(7);
    for input in &inputs {
        read(input);
        for _ in 0..count.unwrap_or(MUTATIONS) {
            let other = &inputs[random.below(inputs.len())];
            let bytes = damaged(input, other, &mut random);
            let outcome = std::panic::catch_unwind(|| read(&bytes));
            if let Err(panic) = outcome {
                // What breaks a reader is kept where the next run finds it.
                let folder = folder("regressions").join(reader);
                let name = format!("{:016x}", random.bits());
                fs::create_dir_all(&folder).expect("a writable checkout");
                fs::write(folder.join(name), &bytes).expect("a writable checkout");
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
