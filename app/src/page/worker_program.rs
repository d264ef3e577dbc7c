//! Which program the worker runs: there are two, of the same source.

use js_sys::{Uint8Array, WebAssembly};

use crate::assets::Assets;

/// Runs wherever the page runs.
const PLAIN: &str = "mien-worker.js";
/// Multiplies and adds in one instruction, which makes the networks a quarter faster.
const RELAXED: &str = "mien-worker-relaxed.js";

/// A module with one function that uses `f32x4.relaxed_madd`: only what has relaxed SIMD takes it.
const PROBE: [u8; 40] = [
    0, b'a', b's', b'm', 1, 0, 0, 0, // magic number, version
    1, 5, 1, 0x60, 0, 1, 0x7b, // one type: nothing to v128
    3, 2, 1, 0, // one function of that type
    10, 19, 1, 17, 0, // its code, 17 bytes, no variables
    0x41, 0, 0xfd, 15, 0x41, 0, 0xfd, 15, 0x41, 0, 0xfd, 15, // three times i32.const 0, splat
    0xfd, 0x85, 2,    // f32x4.relaxed_madd
    0x0b, // end
];

/// The script of the faster program that the browser takes and the site has.
pub fn script(assets: &Assets) -> String {
    let probe = Uint8Array::from(PROBE.as_slice());
    let relaxed = WebAssembly::validate(&probe).unwrap_or(false);
    let name = if relaxed && assets.has(RELAXED) {
        RELAXED
    } else {
        PLAIN
    };
    assets.url(name)
}
