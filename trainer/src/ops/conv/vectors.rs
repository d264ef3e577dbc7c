//! What the kernels multiply, and the vectors that do it.

use bytemuck::Pod;
use pulp::{Arch, Simd, WithSimd};

/// What a kernel multiplies at once: one number, or two whose products are both added to the sum.
pub trait Element: Pod {
    /// Numbers in an element.
    const TERMS: usize;

    /// The element of two numbers; the second is 0 where an element has but one.
    fn new(terms: [f32; 2]) -> Self;

    /// Elements of `first` and `second`; zeros follow a `second` that is shorter.
    fn pack(first: &[f32], second: &[f32], target: &mut [Self]);

    /// Numbers as elements, where they already are.
    fn view(values: &[f32]) -> Option<&[Self]>;

    /// Runs with the vectors that suit this machine and so many channels.
    fn dispatch(columns: usize, task: impl Task<Self>);
}

/// Vectors of elements and of sums, both with the same number of lanes.
///
/// # Safety
/// `Row` and `Sum` are plain data: exactly [`LANES`](Self::LANES) elements, and as many `f32`.
pub unsafe trait Vectors: Copy {
    /// What is multiplied.
    type Element: Element;
    /// A vector of elements.
    type Row: Copy;
    /// A vector of sums.
    type Sum: Copy;
    /// Lanes of both.
    const LANES: usize;
    /// Vectors that fit the registers.
    const REGISTERS: usize;

    /// Zero in every lane.
    fn zeros(self) -> Self::Sum;
    /// The element in every lane.
    fn splat(self, element: Self::Element) -> Self::Row;
    /// `sum + a · b` in every lane.
    fn mul_add(self, a: Self::Row, b: Self::Row, sum: Self::Sum) -> Self::Sum;
}

/// Work for vectors of any kind.
pub trait Task<T: Element> {
    /// Works with these vectors.
    fn run<V: Vectors<Element = T>>(self, vectors: V);
}

impl Element for f32 {
    const TERMS: usize = 1;

    fn new([value, _]: [f32; 2]) -> Self {
        value
    }

    fn pack(first: &[f32], _second: &[f32], target: &mut [Self]) {
        target.copy_from_slice(first);
    }

    fn view(values: &[f32]) -> Option<&[Self]> {
        Some(values)
    }

    fn dispatch(columns: usize, task: impl Task<Self>) {
        #[cfg(target_arch = "x86_64")]
        if fits_halves(columns)
            && let Some(simd) = pulp::x86::V4::try_new()
        {
            return Simd::vectorize(simd, halves::Halves { simd: *simd, task });
        }
        Arch::new().dispatch(Whole(task));
    }
}

/// Whether vectors of 8 lanes waste less than those of 16.
#[cfg(target_arch = "x86_64")]
pub fn fits_halves(columns: usize) -> bool {
    matches!(columns % 16, 1..=8)
}

/// A task to run with the CPU's vectors.
pub struct Whole<K>(pub K);

impl<K: Task<f32>> WithSimd for Whole<K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.0.run(Single(simd));
    }
}

/// Vectors of `f32`.
#[derive(Clone, Copy)]
struct Single<S>(S);

// SAFETY: so pulp defines its vectors.
unsafe impl<S: Simd> Vectors for Single<S> {
    type Element = f32;
    type Row = S::f32s;
    type Sum = S::f32s;
    const LANES: usize = S::F32_LANES;
    const REGISTERS: usize = S::REGISTER_COUNT;

    #[inline(always)]
    fn zeros(self) -> S::f32s {
        self.0.splat_f32s(0.0)
    }

    #[inline(always)]
    fn splat(self, element: f32) -> S::f32s {
        self.0.splat_f32s(element)
    }

    #[inline(always)]
    fn mul_add(self, a: S::f32s, b: S::f32s, sum: S::f32s) -> S::f32s {
        self.0.mul_add_e_f32s(a, b, sum)
    }
}

#[cfg(target_arch = "x86_64")]
pub mod halves {
    //! AVX-512's 32 registers used half: for 8 or 24 channels.

    use pulp::x86::V3;
    use pulp::{Simd, WithSimd};

    use super::{Single, Task, Vectors};

    /// A task to run with vectors of half the width.
    pub struct Halves<K> {
        /// The vectors.
        pub simd: V3,
        /// The task.
        pub task: K,
    }

    impl<K: Task<f32>> WithSimd for Halves<K> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, _simd: S) {
            self.task.run(Half(Single(self.simd)));
        }
    }

    #[derive(Clone, Copy)]
    struct Half(Single<V3>);

    // SAFETY: as for the vectors inside.
    unsafe impl Vectors for Half {
        type Element = f32;
        type Row = <V3 as Simd>::f32s;
        type Sum = <V3 as Simd>::f32s;
        const LANES: usize = V3::F32_LANES;
        const REGISTERS: usize = 32;

        #[inline(always)]
        fn zeros(self) -> Self::Sum {
            self.0.zeros()
        }

        #[inline(always)]
        fn splat(self, element: f32) -> Self::Row {
            self.0.splat(element)
        }

        #[inline(always)]
        fn mul_add(self, a: Self::Row, b: Self::Row, sum: Self::Sum) -> Self::Sum {
            self.0.mul_add(a, b, sum)
        }
    }
}
