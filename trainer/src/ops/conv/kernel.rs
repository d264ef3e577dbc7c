//! The two inner loops of a dense convolution.
//!
//! Both see a convolution as a matrix product whose unrolled windows are never written down: the
//! value that position `p` sees at tap `k` is `source[bases[p] + offsets[k]]` (Dukhan, "The Indirect
//! Convolution Algorithm", 2019). Vectors run over [`WIDTH`] output channels.

use super::vectors::{Element, Task, Vectors};

/// Output channels of one block.
pub const WIDTH: usize = 32;

/// Bases and offsets come in multiples of this.
pub const TILE: usize = 8;

/// Where the values of each position and tap lie.
#[derive(Clone, Copy)]
pub struct Windows<'a, T> {
    source: &'a [T],
    bases: &'a [usize],
    offsets: &'a [usize],
}

impl<'a, T> Windows<'a, T> {
    /// # Panics
    /// If a value would lie outside the source, or bases or offsets are not whole tiles.
    pub fn new(source: &'a [T], bases: &'a [usize], offsets: &'a [usize]) -> Self {
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
pub fn multiply<T: Element>(
    windows: Windows<'_, T>,
    weights: &[T],
    columns: usize,
    output: &mut [f32],
) {
    assert!(columns <= WIDTH);
    assert!(weights.len() >= windows.offsets.len() * WIDTH);
    assert!(output.len() >= windows.bases.len() * WIDTH);
    let task = Multiply {
        windows,
        weights,
        columns,
        output,
    };
    T::dispatch(columns, task);
}

struct Multiply<'a, T> {
    windows: Windows<'a, T>,
    weights: &'a [T],
    columns: usize,
    output: &'a mut [f32],
}

impl<T: Element> Task<T> for Multiply<'_, T> {
    #[inline(always)]
    fn run<V: Vectors<Element = T>>(self, vectors: V) {
        if V::REGISTERS >= 32 {
            self.tiles::<V, 8>(vectors);
        } else {
            self.tiles::<V, 4>(vectors);
        }
    }
}

impl<T: Element> Multiply<'_, T> {
    #[inline(always)]
    fn tiles<V: Vectors<Element = T>, const POSITIONS: usize>(mut self, kind: V) {
        let vectors = self.columns.div_ceil(V::LANES);
        let tiles = self.windows.bases.len() / POSITIONS;
        for tile in 0..tiles {
            let first = tile * POSITIONS;
            let mut vector = 0;
            while vector < vectors {
                let count = at_once::<V>(vectors - vector);
                // SAFETY: see `tile`.
                unsafe {
                    match count {
                        1 => self.tile::<V, POSITIONS, 1>(kind, first, vector),
                        2 => self.tile::<V, POSITIONS, 2>(kind, first, vector),
                        _ => self.tile::<V, POSITIONS, 3>(kind, first, vector),
                    }
                }
                vector += count;
            }
        }
    }

    /// # Safety
    /// `first + POSITIONS` bases exist, and `vector + VECTORS` vectors lie within [`WIDTH`]; then
    /// every access lies in its slice, as [`Windows::new`] and [`multiply`] have asserted.
    #[inline(always)]
    unsafe fn tile<V: Vectors<Element = T>, const POSITIONS: usize, const VECTORS: usize>(
        &mut self,
        kind: V,
        first: usize,
        vector: usize,
    ) {
        let mut sums = [[kind.zeros(); VECTORS]; POSITIONS];
        let mut sources = [self.windows.source.as_ptr(); POSITIONS];
        // SAFETY: as the function demands.
        unsafe {
            for position in 0..POSITIONS {
                let base = *self.windows.bases.get_unchecked(first + position);
                sources[position] = sources[position].add(base);
            }
            let mut weights = self.weights.as_ptr().add(vector * V::LANES);
            for &offset in self.windows.offsets {
                let mut row = [kind.splat(T::zeroed()); VECTORS];
                for vector in 0..VECTORS {
                    row[vector] = load(weights.add(vector * V::LANES));
                }
                for position in 0..POSITIONS {
                    let value = kind.splat(*sources[position].add(offset));
                    for vector in 0..VECTORS {
                        let sum = &mut sums[position][vector];
                        *sum = kind.mul_add(value, row[vector], *sum);
                    }
                }
                weights = weights.add(WIDTH);
            }
            for position in 0..POSITIONS {
                let start = (first + position) * WIDTH + vector * V::LANES;
                let target = self.output.as_mut_ptr().add(start);
                for vector in 0..VECTORS {
                    store(target.add(vector * V::LANES), sums[position][vector]);
                }
            }
        }
    }
}

/// `sums[k][c] += Σ value(p, k) · grads[p][c]` for the first `columns` of [`WIDTH`] channels.
///
/// # Panics
/// If a slice is too short, or the offsets are not whole tiles.
pub fn accumulate<T: Element>(
    windows: Windows<'_, T>,
    grads: &[T],
    columns: usize,
    sums: &mut [f32],
) {
    assert!(columns <= WIDTH);
    assert!(windows.offsets.len().is_multiple_of(TILE));
    assert!(grads.len() >= windows.bases.len() * WIDTH);
    assert!(sums.len() >= windows.offsets.len() * WIDTH);
    let task = Accumulate {
        windows,
        grads,
        columns,
        sums,
    };
    T::dispatch(columns, task);
}

struct Accumulate<'a, T> {
    windows: Windows<'a, T>,
    grads: &'a [T],
    columns: usize,
    sums: &'a mut [f32],
}

impl<T: Element> Task<T> for Accumulate<'_, T> {
    #[inline(always)]
    fn run<V: Vectors<Element = T>>(self, vectors: V) {
        if V::REGISTERS >= 32 {
            self.tiles::<V, 8>(vectors);
        } else {
            self.tiles::<V, 4>(vectors);
        }
    }
}

impl<T: Element> Accumulate<'_, T> {
    #[inline(always)]
    fn tiles<V: Vectors<Element = T>, const TAPS: usize>(mut self, kind: V) {
        let vectors = self.columns.div_ceil(V::LANES);
        let tiles = self.windows.offsets.len() / TAPS;
        for tile in 0..tiles {
            let first = tile * TAPS;
            let mut vector = 0;
            while vector < vectors {
                let count = at_once::<V>(vectors - vector);
                // SAFETY: see `tile`.
                unsafe {
                    match count {
                        1 => self.tile::<V, TAPS, 1>(kind, first, vector),
                        2 => self.tile::<V, TAPS, 2>(kind, first, vector),
                        _ => self.tile::<V, TAPS, 3>(kind, first, vector),
                    }
                }
                vector += count;
            }
        }
    }

    /// # Safety
    /// `first + TAPS` offsets exist, and `vector + VECTORS` vectors lie within [`WIDTH`]; then
    /// every access lies in its slice, as [`Windows::new`] and [`accumulate`] have asserted.
    #[inline(always)]
    unsafe fn tile<V: Vectors<Element = T>, const TAPS: usize, const VECTORS: usize>(
        &mut self,
        kind: V,
        first: usize,
        vector: usize,
    ) {
        let mut sums = [[kind.zeros(); VECTORS]; TAPS];
        let mut sources = [self.windows.source.as_ptr(); TAPS];
        // SAFETY: as the function demands.
        unsafe {
            let start = first * WIDTH + vector * V::LANES;
            let targets = self.sums.as_mut_ptr().add(start);
            for tap in 0..TAPS {
                let offset = *self.windows.offsets.get_unchecked(first + tap);
                sources[tap] = sources[tap].add(offset);
                for vector in 0..VECTORS {
                    let start = tap * WIDTH + vector * V::LANES;
                    sums[tap][vector] = load(targets.add(start));
                }
            }
            let mut grads = self.grads.as_ptr().add(vector * V::LANES);
            for &base in self.windows.bases {
                let mut row = [kind.splat(T::zeroed()); VECTORS];
                for vector in 0..VECTORS {
                    row[vector] = load(grads.add(vector * V::LANES));
                }
                for tap in 0..TAPS {
                    let value = kind.splat(*sources[tap].add(base));
                    for vector in 0..VECTORS {
                        let sum = &mut sums[tap][vector];
                        *sum = kind.mul_add(value, row[vector], *sum);
                    }
                }
                grads = grads.add(WIDTH);
            }
            for tap in 0..TAPS {
                for vector in 0..VECTORS {
                    let start = tap * WIDTH + vector * V::LANES;
                    store(targets.add(start), sums[tap][vector]);
                }
            }
        }
    }
}

/// How many of a row's last vectors a tile takes: two, or all three where registers are many.
#[inline(always)]
fn at_once<V: Vectors>(left: usize) -> usize {
    if left == 3 && V::REGISTERS >= 32 {
        3
    } else {
        left.min(2)
    }
}

/// # Safety
/// A vector of plain data can be read from `source`.
#[inline(always)]
unsafe fn load<T, V: Copy>(source: *const T) -> V {
    // SAFETY: as the function demands.
    unsafe { source.cast::<V>().read_unaligned() }
}

/// # Safety
/// A vector of plain data can be written to `target`.
#[inline(always)]
unsafe fn store<V: Copy>(target: *mut f32, value: V) {
    // SAFETY: as the function demands.
    unsafe { target.cast::<V>().write_unaligned(value) }
}

#[cfg(test)]
mod tests {
    use pulp::Simd;

    use super::super::bf16::{Emulated, Pair};
    use super::super::vectors::Whole;
    use super::*;

    const POSITIONS: usize = 24;
    const TAPS: usize = 16;

    fn numbers(count: usize) -> Vec<f32> {
        let step = |i: usize| ((i * 37 + 11) % 64) as f32 / 32.0 - 1.0;
        (0..count).map(step).collect()
    }

    /// Elements of one or two numbers, and the numbers.
    fn elements<T: Element>(count: usize) -> (Vec<T>, Vec<[f32; 2]>) {
        let numbers = numbers(2 * count);
        let terms = numbers.chunks_exact(2);
        let terms = terms.map(|terms| [terms[0], if T::TERMS == 2 { terms[1] } else { 0.0 }]);
        let terms: Vec<[f32; 2]> = terms.collect();
        (terms.iter().map(|terms| T::new(*terms)).collect(), terms)
    }

    /// Both kernels.
    struct Both<'a, T>(Multiply<'a, T>, Accumulate<'a, T>);

    impl<T: Element> Task<T> for Both<'_, T> {
        #[inline(always)]
        fn run<V: Vectors<Element = T>>(self, vectors: V) {
            self.0.run(vectors);
            self.1.run(vectors);
        }
    }

    /// Both kernels with some vectors, against the sums as they are written down.
    fn assert_sums<T: Element>(columns: usize, run: impl FnOnce(Both<'_, T>)) {
        let (source, source_terms) = elements::<T>(400);
        let bases: Vec<usize> = (0..POSITIONS).map(|p| p * 7 % 90).collect();
        let offsets: Vec<usize> = (0..TAPS).map(|k| k * 19 % 300).collect();
        let windows = Windows::new(&source, &bases, &offsets);
        let product = |p: usize, k: usize, other: [f32; 2]| {
            let value = source_terms[bases[p] + offsets[k]];
            value[0] * other[0] + value[1] * other[1]
        };

        let (weights, weight_terms) = elements(TAPS * WIDTH);
        let (grads, grad_terms) = elements(POSITIONS * WIDTH);
        let mut output = vec![0.0; POSITIONS * WIDTH];
        let mut sums = vec![0.5; TAPS * WIDTH];
        let multiply = Multiply {
            windows,
            weights: &weights,
            columns,
            output: &mut output,
        };
        let accumulate = Accumulate {
            windows,
            grads: &grads,
            columns,
            sums: &mut sums,
        };
        run(Both(multiply, accumulate));
        for c in 0..columns {
            for p in 0..POSITIONS {
                let terms = (0..TAPS).map(|k| product(p, k, weight_terms[k * WIDTH + c]));
                let sum: f32 = terms.sum();
                assert!((output[p * WIDTH + c] - sum).abs() < 1e-4, "{p} {c}");
            }
            for k in 0..TAPS {
                let terms = (0..POSITIONS).map(|p| product(p, k, grad_terms[p * WIDTH + c]));
                let sum = 0.5 + terms.sum::<f32>();
                assert!((sums[k * WIDTH + c] - sum).abs() < 1e-4, "{k} {c}");
            }
        }
    }

    #[test]
    fn all_vectors_give_the_same_sums() {
        fn with<S: Simd>(simd: S, columns: usize) {
            assert_sums::<f32>(columns, |task| simd.vectorize(Whole(task)));
            assert_sums::<Pair>(columns, |task| simd.vectorize(Emulated(task)));
        }
        for columns in [1, 7, 16, 24, WIDTH] {
            assert_sums::<f32>(columns, |task| f32::dispatch(columns, task));
            assert_sums::<Pair>(columns, |task| Pair::dispatch(columns, task));
            with(pulp::Scalar::new(), columns);
            #[cfg(target_arch = "x86_64")]
            {
                if let Some(simd) = pulp::x86::V3::try_new() {
                    with(simd, columns);
                }
                if let Some(simd) = pulp::x86::V4::try_new() {
                    with(simd, columns);
                }
            }
            #[cfg(target_arch = "aarch64")]
            if let Some(simd) = pulp::aarch64::Neon::try_new() {
                with(simd, columns);
            }
        }
    }
}
