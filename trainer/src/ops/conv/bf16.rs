//! Pairs of bfloat16 numbers: half the digits, twice the speed where the CPU can multiply them.
//!
//! A bfloat16 is the upper half of an `f32`, rounded to the nearest, ties to even. Products of two
//! are exact in `f32`. Intel's VDPBF16PS adds the second term's product to an `f32` sum, rounds,
//! adds the first term's, rounds, and takes numbers below the smallest normal one for zero (Intel,
//! "Architecture Instruction Set Extensions Programming Reference"). Without that instruction the
//! same roundings are made one by one, so that a run ends with the same weights on any machine.

use bytemuck::{Pod, Zeroable};
use pulp::{Arch, Simd, WithSimd};

use super::vectors::{Element, Task, Vectors};

/// Two bfloat16 numbers, the first in the lower half.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(transparent)]
pub struct Pair(u32);

/// The bits of the upper number.
const UPPER: u32 = 0xffff_0000;

/// The nearest bfloat16, as an `f32`'s bits; zero for numbers below the smallest normal one.
#[inline(always)]
fn round(value: f32) -> u32 {
    const SIGN: u32 = 0x8000_0000;
    const EXPONENT: u32 = 0x7f80_0000;
    const QUIET_NAN: u32 = 0x7fc0_0000;
    let bits = value.to_bits();
    let nearest = bits.wrapping_add(0x7fff + (bits >> 16 & 1)) & UPPER;
    let number = if nearest & EXPONENT == 0 {
        nearest & SIGN
    } else {
        nearest
    };
    // Rounding could carry a NaN's digits into the exponent.
    if value.is_nan() { QUIET_NAN } else { number }
}

/// The nearest bfloat16.
#[cfg(test)]
pub fn rounded(value: f32) -> f32 {
    f32::from_bits(round(value))
}

impl Element for Pair {
    const TERMS: usize = 2;

    #[inline(always)]
    fn new([first, second]: [f32; 2]) -> Self {
        Self(round(first) >> 16 | round(second))
    }

    fn pack(first: &[f32], second: &[f32], target: &mut [Self]) {
        Arch::new().dispatch(Pack {
            first,
            second,
            target,
        });
    }

    fn view(_values: &[f32]) -> Option<&[Self]> {
        None
    }

    fn dispatch(columns: usize, task: impl Task<Self>) {
        #[cfg(target_arch = "x86_64")]
        if native::is_there() {
            // SAFETY: all that the functions need is there.
            unsafe {
                if super::vectors::fits_halves(columns) {
                    native::run_halves(task);
                } else {
                    native::run(task);
                }
            }
            return;
        }
        let _ = columns;
        Arch::new().dispatch(Emulated(task));
    }
}

struct Pack<'a> {
    first: &'a [f32],
    second: &'a [f32],
    target: &'a mut [Pair],
}

impl WithSimd for Pack<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let (both, single) = self.target.split_at_mut(self.second.len());
        let (first, rest) = self.first.split_at(self.second.len());
        for ((target, &first), &second) in both.iter_mut().zip(first).zip(self.second) {
            *target = Pair::new([first, second]);
        }
        for (target, &first) in single.iter_mut().zip(rest) {
            *target = Pair::new([first, 0.0]);
        }
    }
}

/// A task to run without instructions for bfloat16.
pub struct Emulated<K>(pub K);

impl<K: Task<Pair>> WithSimd for Emulated<K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.0.run(Emulation(simd));
    }
}

/// VDPBF16PS in instructions for `f32`.
#[derive(Clone, Copy)]
struct Emulation<S>(S);

impl<S: Simd> Emulation<S> {
    #[inline(always)]
    fn upper(self, pairs: S::u32s) -> S::f32s {
        let simd = self.0;
        simd.transmute_f32s_u32s(simd.and_u32s(pairs, simd.splat_u32s(UPPER)))
    }

    #[inline(always)]
    fn lower(self, pairs: S::u32s) -> S::f32s {
        let simd = self.0;
        simd.transmute_f32s_u32s(simd.wrapping_dyn_shl_u32s(pairs, simd.splat_u32s(16)))
    }

    #[inline(always)]
    fn step(self, a: S::f32s, b: S::f32s, sum: S::f32s) -> S::f32s {
        let simd = self.0;
        // One rounding: products below the smallest normal number are not exact.
        let sum = simd.mul_add_f32s(a, b, sum);
        let small = simd.less_than_f32s(simd.abs_f32s(sum), simd.splat_f32s(f32::MIN_POSITIVE));
        simd.select_f32s(small, simd.and_f32s(sum, simd.splat_f32s(-0.0)), sum)
    }
}

// SAFETY: so pulp defines its vectors.
unsafe impl<S: Simd> Vectors for Emulation<S> {
    type Element = Pair;
    type Row = S::u32s;
    type Sum = S::f32s;
    const LANES: usize = S::F32_LANES;
    const REGISTERS: usize = S::REGISTER_COUNT;

    #[inline(always)]
    fn zeros(self) -> S::f32s {
        self.0.splat_f32s(0.0)
    }

    #[inline(always)]
    fn splat(self, element: Pair) -> S::u32s {
        self.0.splat_u32s(element.0)
    }

    #[inline(always)]
    fn mul_add(self, a: S::u32s, b: S::u32s, sum: S::f32s) -> S::f32s {
        let sum = self.step(self.upper(a), self.upper(b), sum);
        self.step(self.lower(a), self.lower(b), sum)
    }
}

#[cfg(target_arch = "x86_64")]
mod native {
    //! VDPBF16PS itself.

    use std::arch::x86_64::{
        __m256, __m256bh, __m256i, __m512, __m512bh, __m512i, _mm256_dpbf16_ps, _mm256_set1_epi32,
        _mm256_setzero_ps, _mm512_dpbf16_ps, _mm512_set1_epi32, _mm512_setzero_ps,
    };
    use std::mem::transmute;

    use super::super::vectors::{Task, Vectors};
    use super::Pair;

    /// Whether the CPU has all that the functions here need.
    pub fn is_there() -> bool {
        is_x86_feature_detected!("avx512bf16")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512f")
    }

    /// Runs a task with vectors of 16 lanes.
    #[target_feature(enable = "avx512f,avx512vl,avx512bf16")]
    pub fn run(task: impl Task<Pair>) {
        task.run(Dots(()));
    }

    /// Runs a task with vectors of 8 lanes.
    #[target_feature(enable = "avx512f,avx512vl,avx512bf16")]
    pub fn run_halves(task: impl Task<Pair>) {
        task.run(HalfDots(()));
    }

    /// Made and used only in functions that have the instructions.
    #[derive(Clone, Copy)]
    struct Dots(());

    // SAFETY: sixteen pairs, sixteen `f32`.
    unsafe impl Vectors for Dots {
        type Element = Pair;
        type Row = __m512i;
        type Sum = __m512;
        const LANES: usize = 16;
        const REGISTERS: usize = 32;

        #[inline(always)]
        fn zeros(self) -> __m512 {
            // SAFETY: the instructions are there, see `Dots`.
            unsafe { _mm512_setzero_ps() }
        }

        #[inline(always)]
        fn splat(self, element: Pair) -> __m512i {
            // SAFETY: the instructions are there, see `Dots`.
            unsafe { _mm512_set1_epi32(element.0.cast_signed()) }
        }

        #[inline(always)]
        fn mul_add(self, a: __m512i, b: __m512i, sum: __m512) -> __m512 {
            // SAFETY: the instructions are there, see `Dots`; both types are 512 plain bits.
            unsafe {
                _mm512_dpbf16_ps(
                    sum,
                    transmute::<__m512i, __m512bh>(a),
                    transmute::<__m512i, __m512bh>(b),
                )
            }
        }
    }

    /// Made and used only in functions that have the instructions.
    #[derive(Clone, Copy)]
    struct HalfDots(());

    // SAFETY: eight pairs, eight `f32`.
    unsafe impl Vectors for HalfDots {
        type Element = Pair;
        type Row = __m256i;
        type Sum = __m256;
        const LANES: usize = 8;
        const REGISTERS: usize = 32;

        #[inline(always)]
        fn zeros(self) -> __m256 {
            // SAFETY: the instructions are there, see `HalfDots`.
            unsafe { _mm256_setzero_ps() }
        }

        #[inline(always)]
        fn splat(self, element: Pair) -> __m256i {
            // SAFETY: the instructions are there, see `HalfDots`.
            unsafe { _mm256_set1_epi32(element.0.cast_signed()) }
        }

        #[inline(always)]
        fn mul_add(self, a: __m256i, b: __m256i, sum: __m256) -> __m256 {
            // SAFETY: the instructions are there, see `HalfDots`; both types are 256 plain bits.
            unsafe {
                _mm256_dpbf16_ps(
                    sum,
                    transmute::<__m256i, __m256bh>(a),
                    transmute::<__m256i, __m256bh>(b),
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_to_the_nearest() {
        for bits in (0..=u32::MAX).step_by(9973) {
            let value = f32::from_bits(bits);
            let expected = half::bf16::from_f32(value).to_f32();
            let found = rounded(value);
            if value.is_nan() {
                assert!(found.is_nan(), "{bits:x}");
            } else if expected.is_subnormal() {
                assert_eq!(
                    found.to_bits(),
                    0.0f32.copysign(value).to_bits(),
                    "{bits:x}"
                );
            } else {
                assert_eq!(found.to_bits(), expected.to_bits(), "{bits:x}");
            }
        }
    }

    #[test]
    fn what_has_no_second_is_paired_with_zero() {
        let first: Vec<f32> = (0..40u8).map(f32::from).collect();
        let mut pairs = [Pair::zeroed(); 40];
        Pair::pack(&first, &first[..19], &mut pairs);
        for (i, pair) in pairs.iter().enumerate() {
            let second = if i < 19 { first[i] } else { 0.0 };
            assert_eq!(*pair, Pair::new([first[i], second]), "{i}");
        }
    }

    /// Multiplies and adds in every lane, for numbers of all sizes.
    struct Chain<'a> {
        pairs: &'a [[Pair; 2]],
        sums: &'a mut Vec<u32>,
    }

    impl Task<Pair> for Chain<'_> {
        #[inline(always)]
        fn run<V: Vectors<Element = Pair>>(self, vectors: V) {
            let mut sum = vectors.zeros();
            for &[a, b] in self.pairs {
                sum = vectors.mul_add(vectors.splat(a), vectors.splat(b), sum);
                // SAFETY: a vector is at least one `f32`.
                let first = unsafe { std::ptr::from_ref(&sum).cast::<f32>().read() };
                self.sums.push(first.to_bits());
            }
        }
    }

    #[test]
    fn emulation_and_instruction_agree_to_the_bit() {
        let mut state = 1u32;
        let mut number = |smallest: i32, range: i32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let exponent = smallest + (state >> 8 & 0xffff).cast_signed() % range;
            let digits = 1.0 + (state >> 24) as f32 / 256.0;
            let sign = if state >> 7 & 1 == 0 { 1.0 } else { -1.0 };
            sign * digits * 2f32.powi(exponent)
        };
        for (smallest, range) in [(-3, 6), (-20, 40), (-70, 14), (-126, 120)] {
            let pairs: Vec<[Pair; 2]> = (0..20_000)
                .map(|_| [(); 2].map(|()| Pair::new([(); 2].map(|()| number(smallest, range)))))
                .collect();
            let mut expected = Vec::new();
            for chain in pairs.chunks(50) {
                let (pairs, sums) = (chain, &mut expected);
                pulp::Scalar::new().vectorize(Emulated(Chain { pairs, sums }));
            }
            let (mut emulated, mut dispatched, mut halves) = (Vec::new(), Vec::new(), Vec::new());
            for pairs in pairs.chunks(50) {
                let sums = &mut emulated;
                Arch::new().dispatch(Emulated(Chain { pairs, sums }));
                let sums = &mut dispatched;
                Pair::dispatch(16, Chain { pairs, sums });
                let sums = &mut halves;
                Pair::dispatch(8, Chain { pairs, sums });
            }
            assert_eq!(emulated, expected);
            assert_eq!(dispatched, expected);
            assert_eq!(halves, expected);
        }
    }
}
