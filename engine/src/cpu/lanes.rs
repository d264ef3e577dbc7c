//! The vector instructions that the kernels run on.
//!
//! Natively they are chosen when the program runs (AVX-512, AVX2 with FMA, NEON), in the page when
//! it is built (SIMD, or relaxed SIMD where the build has that feature).

use pulp::{Simd, WithSimd};

/// Output pixels and vectors of output channels that a convolution sums at a time. The sums, the
/// vectors of weights and one pixel have to fit into the registers at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tile {
    /// Values in a vector.
    pub lanes: usize,
    /// Vectors of output channels.
    pub vectors: usize,
    /// Output pixels.
    pub pixels: usize,
}

impl Tile {
    /// The tile that keeps the arithmetic units busiest, as measured by `benches/forward.rs`.
    pub const fn of<S: Simd>() -> Self {
        let lanes = S::F32_LANES;
        let (pixels, vectors) = match lanes {
            16 => (8, 1),
            8 => (6, 2),
            _ if cfg!(target_arch = "aarch64") => (8, 2),
            _ => (4, 2),
        };
        Self {
            lanes,
            vectors,
            pixels,
        }
    }
}

/// A set of vector instructions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Instructions(Chosen);

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
type Chosen = pulp::Arch;
#[cfg(all(
    target_arch = "wasm32",
    target_feature = "simd128",
    not(target_feature = "relaxed-simd")
))]
type Chosen = pulp::wasm::Simd128;
#[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
type Chosen = pulp::wasm::RelaxedSimd;

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
impl Instructions {
    /// The widest that this machine has.
    pub fn best() -> Self {
        Self(pulp::Arch::new())
    }

    /// Runs a kernel with them.
    pub fn dispatch<Op: WithSimd>(self, op: Op) -> Op::Output {
        self.0.dispatch(op)
    }

    /// All that this machine has.
    #[cfg(test)]
    pub fn all() -> Vec<Self> {
        #[cfg(target_arch = "x86_64")]
        let narrower = [
            Some(pulp::Arch::Scalar),
            pulp::x86::V3::try_new().map(pulp::Arch::V3),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let narrower = [Some(pulp::Arch::Scalar)];
        let all = narrower.into_iter().flatten().chain([pulp::Arch::new()]);
        all.map(Self).collect()
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
impl Instructions {
    /// Those that this module was built with.
    pub fn best() -> Self {
        // Without them the module would not have started.
        Self(Chosen::try_new().expect("the module was built with these instructions"))
    }

    /// Runs a kernel with them.
    pub fn dispatch<Op: WithSimd>(self, op: Op) -> Op::Output {
        Simd::vectorize(self.0, op)
    }
}

impl Instructions {
    /// The tile that suits them.
    pub fn tile(self) -> Tile {
        struct TileOf;
        impl WithSimd for TileOf {
            type Output = Tile;

            #[inline(always)]
            fn with_simd<S: Simd>(self, _: S) -> Tile {
                Tile::of::<S>()
            }
        }
        self.dispatch(TileOf)
    }
}
