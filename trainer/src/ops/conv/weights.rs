//! Weights in the order in which the kernels read them.

use super::kernel::{TILE, WIDTH};

/// Weights by blocks of [`WIDTH`] outputs: `[block][row][WIDTH]`, zeros where there is no output.
pub struct Packed {
    rows: usize,
    values: Vec<f32>,
}

impl Packed {
    /// `weight(row, output)`; rows are filled up to whole tiles with zeros.
    pub fn new(rows: usize, outputs: usize, weight: impl Fn(usize, usize) -> f32) -> Self {
        let mut packed = Self::zeros(rows, outputs);
        for output in 0..outputs {
            let block = packed.block_mut(output / WIDTH);
            for (row, values) in block.chunks_exact_mut(WIDTH).take(rows).enumerate() {
                values[output % WIDTH] = weight(row, output);
            }
        }
        packed
    }

    /// All weights 0.
    pub fn zeros(rows: usize, outputs: usize) -> Self {
        let rows = rows.next_multiple_of(TILE);
        Self {
            rows,
            values: vec![0.0; outputs.div_ceil(WIDTH) * rows * WIDTH],
        }
    }

    /// The block with outputs `index * WIDTH` and following: `[row][WIDTH]`.
    pub fn block(&self, index: usize) -> &[f32] {
        &self.values[index * self.rows * WIDTH..][..self.rows * WIDTH]
    }

    /// [`block`](Self::block) to be changed.
    pub fn block_mut(&mut self, index: usize) -> &mut [f32] {
        &mut self.values[index * self.rows * WIDTH..][..self.rows * WIDTH]
    }

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
