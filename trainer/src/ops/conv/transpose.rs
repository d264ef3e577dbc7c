//! Transposition of a matrix in memory.

use std::ops::Range;

use super::vectors::Element;

/// Side of the squares that are transposed in registers.
#[cfg(target_arch = "x86_64")]
const SQUARE: usize = 8;

/// `target[j][i] = source[i][j]` for i below `size[0]` and j below `size[1]`. A stride is the
/// distance between two rows of the slice before it.
///
/// # Panics
/// If a slice is too short.
pub fn transpose<T: Element>(
    size: [usize; 2],
    source: &[T],
    source_stride: usize,
    target: &mut [T],
    target_stride: usize,
) {
    let [rows, columns] = size;
    if rows == 0 || columns == 0 {
        return;
    }
    assert!(source.len() >= (rows - 1) * source_stride + columns);
    assert!(target.len() >= (columns - 1) * target_stride + rows);
    let mut matrices = Matrices {
        source,
        source_stride,
        target,
        target_stride,
    };
    const { assert!(size_of::<T>() == 4) };
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx") {
        // SAFETY: AVX is there, and the assertions above hold.
        unsafe { matrices.squares(size) };
        return;
    }
    matrices.singly(0..rows, 0..columns);
}

struct Matrices<'a, T> {
    source: &'a [T],
    source_stride: usize,
    target: &'a mut [T],
    target_stride: usize,
}

impl<T: Element> Matrices<'_, T> {
    fn singly(&mut self, rows: Range<usize>, columns: Range<usize>) {
        for i in rows {
            for j in columns.clone() {
                self.target[j * self.target_stride + i] = self.source[i * self.source_stride + j];
            }
        }
    }

    /// # Safety
    /// The slices hold the rows and columns that `size` says.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx")]
    unsafe fn squares(&mut self, size: [usize; 2]) {
        let [rows, columns] = size;
        let whole = size.map(|size| size / SQUARE * SQUARE);
        for i in (0..whole[0]).step_by(SQUARE) {
            for j in (0..whole[1]).step_by(SQUARE) {
                // SAFETY: the square lies within the rows and columns.
                unsafe {
                    let source = self.source.as_ptr().add(i * self.source_stride + j);
                    let target = self.target.as_mut_ptr().add(j * self.target_stride + i);
                    square(
                        source.cast(),
                        self.source_stride,
                        target.cast(),
                        self.target_stride,
                    );
                }
            }
        }
        self.singly(0..whole[0], whole[1]..columns);
        self.singly(whole[0]..rows, 0..columns);
    }
}

/// Transposes 8 x 8 values of 4 bytes: pairs of rows, then pairs of pairs, then halves of vectors change places.
///
/// # Safety
/// Eight rows of eight values can be read and written.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx")]
unsafe fn square(source: *const f32, source_stride: usize, target: *mut f32, target_stride: usize) {
    use std::arch::x86_64::{
        _mm256_loadu_ps, _mm256_permute2f128_ps, _mm256_setzero_ps, _mm256_shuffle_ps,
        _mm256_storeu_ps, _mm256_unpackhi_ps, _mm256_unpacklo_ps,
    };

    let mut rows = [_mm256_setzero_ps(); SQUARE];
    for (i, row) in rows.iter_mut().enumerate() {
        // SAFETY: as the function demands.
        *row = unsafe { _mm256_loadu_ps(source.add(i * source_stride)) };
    }
    let mut pairs = rows;
    for i in 0..4 {
        pairs[2 * i] = _mm256_unpacklo_ps(rows[2 * i], rows[2 * i + 1]);
        pairs[2 * i + 1] = _mm256_unpackhi_ps(rows[2 * i], rows[2 * i + 1]);
    }
    let mut quads = pairs;
    for half in [0, 4] {
        for i in 0..2 {
            let (low, high) = (pairs[half + i], pairs[half + i + 2]);
            quads[half + 2 * i] = _mm256_shuffle_ps::<0x44>(low, high);
            quads[half + 2 * i + 1] = _mm256_shuffle_ps::<0xee>(low, high);
        }
    }
    for i in 0..4 {
        let low = _mm256_permute2f128_ps::<0x20>(quads[i], quads[i + 4]);
        let high = _mm256_permute2f128_ps::<0x31>(quads[i], quads[i + 4]);
        // SAFETY: as the function demands.
        unsafe {
            _mm256_storeu_ps(target.add(i * target_stride), low);
            _mm256_storeu_ps(target.add((i + 4) * target_stride), high);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_size_is_transposed() {
        for rows in [1, 3, 8, 9, 16, 29] {
            for columns in [1, 7, 8, 20, 32] {
                let (source_stride, target_stride) = (columns + 3, rows + 1);
                let source: Vec<f32> = (0..rows * source_stride).map(|i| i as f32).collect();
                let mut target = vec![-1.0; columns * target_stride];
                transpose(
                    [rows, columns],
                    &source,
                    source_stride,
                    &mut target,
                    target_stride,
                );
                for j in 0..columns {
                    for i in 0..rows {
                        let expected = source[i * source_stride + j].to_bits();
                        assert_eq!(target[j * target_stride + i].to_bits(), expected);
                    }
                    assert!(target[j * target_stride + rows] < 0.0, "written past a row");
                }
            }
        }
    }
}
