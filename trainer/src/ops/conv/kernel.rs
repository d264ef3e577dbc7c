//! The two inner loops of a dense convolution.
//!
//! Both see a convolution as a matrix product whose unrolled windows are never written down: the
//! value that position `p` sees at tap `k` is `source[bases[p] + offsets[k]]` (Dukhan, "The Indirect
//! Convolution Algorithm", 2019). Vectors run over [`WIDTH`] output channels.

use pulp::{Arch, Simd, WithSimd};

/// Output channels of one block.
pub const WIDTH: usize = 32;

/// Bases and offsets come in multiples of this.
pub const TILE: usize = 8;

/// Where the values of each position and tap lie.
#[derive(Clone, Copy)]
pub struct Windows<'a> {
    source: &'a [f32],
    bases: &'a [usize],
    offsets: &'a [usize],
}

impl<'a> Windows<'a> {
    /// # Panics
    /// If a value would lie outside the source, or bases or offsets are not whole tiles.
    pub fn new(source: &'a [f32], bases: &'a [usize], offsets: &'a [usize]) -> Self {
        let last = |places: &[usize]| places.iter().copied().max().unwrap_or(0);
        assert!(last(bases) + last(offsets) < source.len());
        assert!(bases.len().is_multiple_of(TILE));
        Self {
            source,
            bases,
            offsets,
        }
    }
}

/// `output[p][c] = Σ value(p, k) · weights[k][c]` for the first `columns` of [`WIDTH`] channels.
///
/// # Panics
/// If a slice is too short.
pub fn multiply(windows: Windows<'_>, weights: &[f32], columns: usize, output: &mut [f32]) {
    assert!(columns <= WIDTH);
    assert!(weights.len() >= windows.offsets.len() * WIDTH);
    assert!(output.len() >= windows.bases.len() * WIDTH);
    Arch::new().dispatch(Multiply {
        windows,
        weights,
        columns,
        output,
    });
}

struct Multiply<'a> {
    windows: Windows<'a>,
    weights: &'a [f32],
    columns: usize,
    output: &'a mut [f32],
}

impl WithSimd for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::REGISTER_COUNT >= 32 {
            self.tiles::<S, 8>(simd);
        } else {
            self.tiles::<S, 4>(simd);
        }
    }
}

impl Multiply<'_> {
    #[inline(always)]
    fn tiles<S: Simd, const POSITIONS: usize>(mut self, simd: S) {
        let vectors = self.columns.div_ceil(S::F32_LANES);
        let tiles = self.windows.bases.len() / POSITIONS;
        for tile in 0..tiles {
            let mut vector = 0;
            while vector + 2 <= vectors {
                // SAFETY: see `tile`.
                unsafe { self.tile::<S, POSITIONS, 2>(simd, tile * POSITIONS, vector) };
                vector += 2;
            }
            if vector < vectors {
                // SAFETY: see `tile`.
                unsafe { self.tile::<S, POSITIONS, 1>(simd, tile * POSITIONS, vector) };
            }
        }
    }

    /// # Safety
    /// `first + POSITIONS` bases exist, and `vector + VECTORS` vectors lie within [`WIDTH`]; then
    /// every access lies in its slice, as [`Windows::new`] and [`multiply`] have asserted.
    #[inline(always)]
    unsafe fn tile<S: Simd, const POSITIONS: usize, const VECTORS: usize>(
        &mut self,
        simd: S,
        first: usize,
        vector: usize,
    ) {
        let mut sums = [[simd.splat_f32s(0.0); VECTORS]; POSITIONS];
        let mut sources = [self.windows.source.as_ptr(); POSITIONS];
        // SAFETY: as the function demands.
        unsafe {
            for position in 0..POSITIONS {
                let base = *self.windows.bases.get_unchecked(first + position);
                sources[position] = sources[position].add(base);
            }
            let mut weights = self.weights.as_ptr().add(vector * S::F32_LANES);
            for &offset in self.windows.offsets {
                let mut row = [simd.splat_f32s(0.0); VECTORS];
                for vector in 0..VECTORS {
                    row[vector] = load::<S>(weights.add(vector * S::F32_LANES));
                }
                for position in 0..POSITIONS {
                    let value = simd.splat_f32s(*sources[position].add(offset));
                    for vector in 0..VECTORS {
                        let sum = &mut sums[position][vector];
                        *sum = simd.mul_add_e_f32s(value, row[vector], *sum);
                    }
                }
                weights = weights.add(WIDTH);
            }
            for position in 0..POSITIONS {
                let start = (first + position) * WIDTH + vector * S::F32_LANES;
                let target = self.output.as_mut_ptr().add(start);
                for vector in 0..VECTORS {
                    store::<S>(target.add(vector * S::F32_LANES), sums[position][vector]);
                }
            }
        }
    }
}

/// `sums[k][c] += Σ value(p, k) · grads[p][c]` for the first `columns` of [`WIDTH`] channels.
///
/// # Panics
/// If a slice is too short, or the offsets are not whole tiles.
pub fn accumulate(windows: Windows<'_>, grads: &[f32], columns: usize, sums: &mut [f32]) {
    assert!(columns <= WIDTH);
    assert!(windows.offsets.len().is_multiple_of(TILE));
    assert!(grads.len() >= windows.bases.len() * WIDTH);
    assert!(sums.len() >= windows.offsets.len() * WIDTH);
    Arch::new().dispatch(Accumulate {
        windows,
        grads,
        columns,
        sums,
    });
}

struct Accumulate<'a> {
    windows: Windows<'a>,
    grads: &'a [f32],
    columns: usize,
    sums: &'a mut [f32],
}

impl WithSimd for Accumulate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::REGISTER_COUNT >= 32 {
            self.tiles::<S, 8>(simd);
        } else {
            self.tiles::<S, 4>(simd);
        }
    }
}

impl Accumulate<'_> {
    #[inline(always)]
    fn tiles<S: Simd, const TAPS: usize>(mut self, simd: S) {
        let vectors = self.columns.div_ceil(S::F32_LANES);
        let tiles = self.windows.offsets.len() / TAPS;
        for tile in 0..tiles {
            let mut vector = 0;
            while vector + 2 <= vectors {
                // SAFETY: see `tile`.
                unsafe { self.tile::<S, TAPS, 2>(simd, tile * TAPS, vector) };
                vector += 2;
            }
            if vector < vectors {
                // SAFETY: see `tile`.
                unsafe { self.tile::<S, TAPS, 1>(simd, tile * TAPS, vector) };
            }
        }
    }

    /// # Safety
    /// `first + TAPS` offsets exist, and `vector + VECTORS` vectors lie within [`WIDTH`]; then
    /// every access lies in its slice, as [`Windows::new`] and [`accumulate`] have asserted.
    #[inline(always)]
    unsafe fn tile<S: Simd, const TAPS: usize, const VECTORS: usize>(
        &mut self,
        simd: S,
        first: usize,
        vector: usize,
    ) {
        let mut sums = [[simd.splat_f32s(0.0); VECTORS]; TAPS];
        let mut sources = [self.windows.source.as_ptr(); TAPS];
        // SAFETY: as the function demands.
        unsafe {
            let start = first * WIDTH + vector * S::F32_LANES;
            let targets = self.sums.as_mut_ptr().add(start);
            for tap in 0..TAPS {
                let offset = *self.windows.offsets.get_unchecked(first + tap);
                sources[tap] = sources[tap].add(offset);
                for vector in 0..VECTORS {
                    let start = tap * WIDTH + vector * S::F32_LANES;
                    sums[tap][vector] = load::<S>(targets.add(start));
                }
            }
            let mut grads = self.grads.as_ptr().add(vector * S::F32_LANES);
            for &base in self.windows.bases {
                let mut row = [simd.splat_f32s(0.0); VECTORS];
                for vector in 0..VECTORS {
                    row[vector] = load::<S>(grads.add(vector * S::F32_LANES));
                }
                for tap in 0..TAPS {
                    let value = simd.splat_f32s(*sources[tap].add(base));
                    for vector in 0..VECTORS {
                        let sum = &mut sums[tap][vector];
                        *sum = simd.mul_add_e_f32s(value, row[vector], *sum);
                    }
                }
                grads = grads.add(WIDTH);
            }
            for tap in 0..TAPS {
                for vector in 0..VECTORS {
                    let start = tap * WIDTH + vector * S::F32_LANES;
                    store::<S>(targets.add(start), sums[tap][vector]);
                }
            }
        }
    }
}

/// # Safety
/// A whole vector can be read from `source`.
#[inline(always)]
unsafe fn load<S: Simd>(source: *const f32) -> S::f32s {
    // SAFETY: as the function demands; the vectors are plain data.
    unsafe { source.cast::<S::f32s>().read_unaligned() }
}

/// # Safety
/// A whole vector can be written to `target`.
#[inline(always)]
unsafe fn store<S: Simd>(target: *mut f32, value: S::f32s) {
    // SAFETY: as the function demands; the vectors are plain data.
    unsafe { target.cast::<S::f32s>().write_unaligned(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POSITIONS: usize = 24;
    const TAPS: usize = 16;

    fn numbers(count: usize) -> Vec<f32> {
        let step = |i: usize| ((i * 37 + 11) % 64) as f32 / 32.0 - 1.0;
        (0..count).map(step).collect()
    }

    /// Both kernels with these vectors, against the sums as they are written down.
    fn assert_sums<S: Simd>(simd: S, columns: usize) {
        let source = numbers(400);
        let bases: Vec<usize> = (0..POSITIONS).map(|p| p * 7 % 90).collect();
        let offsets: Vec<usize> = (0..TAPS).map(|k| k * 19 % 300).collect();
        let value = |p: usize, k: usize| source[bases[p] + offsets[k]];
        let windows = Windows::new(&source, &bases, &offsets);

        let weights = numbers(TAPS * WIDTH);
        let mut output = vec![0.0; POSITIONS * WIDTH];
        simd.vectorize(Multiply {
            windows,
            weights: &weights,
            columns,
            output: &mut output,
        });
        let grads = numbers(POSITIONS * WIDTH);
        let mut sums = vec![0.5; TAPS * WIDTH];
        simd.vectorize(Accumulate {
            windows,
            grads: &grads,
            columns,
            sums: &mut sums,
        });
        for c in 0..columns {
            for p in 0..POSITIONS {
                let sum: f32 = (0..TAPS)
                    .map(|k| value(p, k) * weights[k * WIDTH + c])
                    .sum();
                assert!((output[p * WIDTH + c] - sum).abs() < 1e-4, "{p} {c}");
            }
            for k in 0..TAPS {
                let terms = (0..POSITIONS).map(|p| value(p, k) * grads[p * WIDTH + c]);
                let sum = 0.5 + terms.sum::<f32>();
                assert!((sums[k * WIDTH + c] - sum).abs() < 1e-4, "{k} {c}");
            }
        }
    }

    #[test]
    fn all_vectors_give_the_same_sums() {
        for columns in [1, 7, 16, 24, WIDTH] {
            assert_sums(pulp::Scalar::new(), columns);
            #[cfg(target_arch = "x86_64")]
            {
                if let Some(simd) = pulp::x86::V3::try_new() {
                    assert_sums(simd, columns);
                }
                if let Some(simd) = pulp::x86::V4::try_new() {
                    assert_sums(simd, columns);
                }
            }
            #[cfg(target_arch = "aarch64")]
            if let Some(simd) = pulp::aarch64::Neon::try_new() {
                assert_sums(simd, columns);
            }
        }
    }
}
