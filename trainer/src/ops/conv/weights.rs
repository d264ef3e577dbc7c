//! Weights in the order in which the kernels read them.

use super::kernel::{TILE, WIDTH};
use super::vectors::Element;

/// Weights by blocks of [`WIDTH`] outputs: `[block][row][WIDTH]`, zeros where there is no output.
pub struct Packed<T> {
    rows: usize,
    values: Vec<T>,
}

impl<T: Element> Packed<T> {
    /// `weight(channel, place, output)`, with a row for each place of each channel or, where an
    /// element has two terms, of each channel in the first half and its partner in the second.
    pub fn new(
        channels: usize,
        places: usize,
        outputs: usize,
        weight: impl Fn(usize, usize, usize) -> f32,
    ) -> Self {
        let half = channels.div_ceil(T::TERMS);
        let mut packed = Self::zeros(half * places, outputs);
        for output in 0..outputs {
            let block = packed.block_mut(output / WIDTH);
            let rows = block.chunks_exact_mut(WIDTH).take(half * places);
            for (row, values) in rows.enumerate() {
                let (channel, place) = (row / places, row % places);
                let second = if channel + half < channels {
                    weight(channel + half, place, output)
                } else {
                    0.0
                };
                values[output % WIDTH] = T::new([weight(channel, place, output), second]);
            }
        }
        packed
    }

    /// All weights 0; rows are filled up to whole tiles.
    pub fn zeros(rows: usize, outputs: usize) -> Self {
        let rows = rows.next_multiple_of(TILE);
        Self {
            rows,
            values: vec![T::zeroed(); outputs.div_ceil(WIDTH) * rows * WIDTH],
        }
    }

    /// The block with outputs `index * WIDTH` and following: `[row][WIDTH]`.
    pub fn block(&self, index: usize) -> &[T] {
        &self.values[index * self.rows * WIDTH..][..self.rows * WIDTH]
    }

    /// [`block`](Self::block) to be changed.
    pub fn block_mut(&mut self, index: usize) -> &mut [T] {
        &mut self.values[index * self.rows * WIDTH..][..self.rows * WIDTH]
    }
}

impl Packed<f32> {
    /// `[output][row]`, for so many rows and outputs.
    pub fn unpacked(&self, rows: usize, outputs: usize) -> Vec<f32> {
        let mut weights = vec![0.0; outputs * rows];
        for (output, weights) in weights.chunks_exact_mut(rows).enumerate() {
            let block = self.block(output / WIDTH);
            for (weight, values) in weights.iter_mut().zip(block.chunks_exact(WIDTH)) {
                *weight = values[output % WIDTH];
            }
        }
        weights
    }
}
