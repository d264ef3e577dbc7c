//! Between a tensor's order, `[image][channel][pixel]`, and the kernels', `[position][WIDTH]`.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use super::kernel::WIDTH;

/// Side of the squares that are transposed in registers.
const SQUARE: usize = 8;

/// A block of at most [`WIDTH`] channels of a tensor, at the positions of some images.
#[derive(Clone, Copy)]
pub struct Rows {
    /// The image of position 0.
    pub first_image: usize,
    /// Channels of the tensor.
    pub channels: usize,
    /// First channel of the block.
    pub channel: usize,
    /// Channels of the block.
    pub columns: usize,
    /// Pixels of a plane.
    pub pixels: usize,
}

/// A run of positions in one image.
struct Piece {
    /// Where it begins in the tensor, for the block's first channel.
    start: usize,
    /// Where it begins in the chunk.
    position: usize,
    length: usize,
}

impl Rows {
    /// Splits a chunk of positions at the images' borders.
    fn pieces(self, chunk: Range<usize>) -> impl Iterator<Item = Piece> {
        let mut next = chunk.start;
        std::iter::from_fn(move || {
            let (image, pixel) = (next / self.pixels, next % self.pixels);
            let row = (self.first_image + image) * self.channels + self.channel;
            let piece = Piece {
                start: row * self.pixels + pixel,
                position: next - chunk.start,
                length: (self.pixels - pixel).min(chunk.end - next),
            };
            next += piece.length;
            (piece.length > 0).then_some(piece)
        })
    }

    /// Writes `[position][WIDTH]` to the tensor.
    pub fn scatter(self, product: &[f32], chunk: Range<usize>, tensor: &mut [f32]) {
        for piece in self.pieces(chunk) {
            Arch::new().dispatch(Transposition {
                source: &product[piece.position * WIDTH..],
                source_stride: WIDTH,
                target: &mut tensor[piece.start..],
                target_stride: self.pixels,
                size: [piece.length, self.columns],
            });
        }
    }

    /// Reads `[position][WIDTH]` from the tensor.
    pub fn gather(self, tensor: &[f32], chunk: Range<usize>, grads: &mut [f32]) {
        for piece in self.pieces(chunk) {
            Arch::new().dispatch(Transposition {
                source: &tensor[piece.start..],
                source_stride: self.pixels,
                target: &mut grads[piece.position * WIDTH..],
                target_stride: WIDTH,
                size: [self.columns, piece.length],
            });
        }
    }
}

/// `target[j][i] = source[i][j]` for i below `size[0]` and j below `size[1]`.
struct Transposition<'a> {
    source: &'a [f32],
    source_stride: usize,
    target: &'a mut [f32],
    target_stride: usize,
    size: [usize; 2],
}

impl WithSimd for Transposition<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _simd: S) {
        let [rows, columns] = self.size;
        let whole = self.size.map(|size| size / SQUARE * SQUARE);
        for i in (0..whole[0]).step_by(SQUARE) {
            for j in (0..whole[1]).step_by(SQUARE) {
                self.square(i, j);
            }
        }
        self.singly(0..whole[0], whole[1]..columns);
        self.singly(whole[0]..rows, 0..columns);
    }
}

impl Transposition<'_> {
    #[inline(always)]
    fn square(&mut self, i: usize, j: usize) {
        let mut values = [[0.0; SQUARE]; SQUARE];
        for (row, values) in values.iter_mut().enumerate() {
            let start = (i + row) * self.source_stride + j;
            values.copy_from_slice(&self.source[start..start + SQUARE]);
        }
        let values = transposed(values);
        for (row, values) in values.iter().enumerate() {
            let start = (j + row) * self.target_stride + i;
            self.target[start..start + SQUARE].copy_from_slice(values);
        }
    }

    #[inline(always)]
    fn singly(&mut self, rows: Range<usize>, columns: Range<usize>) {
        for i in rows {
            for j in columns.clone() {
                self.target[j * self.target_stride + i] = self.source[i * self.source_stride + j];
            }
        }
    }
}

/// In three steps that each interleave pairs of rows, which compilers turn into shuffles.
#[inline(always)]
fn transposed(mut rows: [[f32; SQUARE]; SQUARE]) -> [[f32; SQUARE]; SQUARE] {
    for _ in 0..SQUARE.ilog2() {
        let mut next = [[0.0; SQUARE]; SQUARE];
        for pair in 0..SQUARE / 2 {
            for column in 0..SQUARE {
                let (row, place) = (2 * pair + column * 2 / SQUARE, column * 2 % SQUARE);
                next[row][place] = rows[pair][column];
                next[row][place + 1] = rows[pair + SQUARE / 2][column];
            }
        }
        rows = next;
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_are_transposed() {
        let number = |i: usize, j: usize| (i * SQUARE + j) as f32;
        let rows = std::array::from_fn(|i| std::array::from_fn(|j| number(i, j)));
        let expected: [[f32; SQUARE]; SQUARE] =
            std::array::from_fn(|i| std::array::from_fn(|j| number(j, i)));
        assert_eq!(transposed(rows), expected);
    }
}
