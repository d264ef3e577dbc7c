//! Between a tensor's order, `[image][channel][pixel]`, and the kernels', `[position][WIDTH]`.

use std::ops::Range;

use super::kernel::WIDTH;
use super::transpose::transpose;
use super::vectors::Element;

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
            transpose(
                [piece.length, self.columns],
                &product[piece.position * WIDTH..],
                WIDTH,
                &mut tensor[piece.start..],
                self.pixels,
            );
        }
    }

    /// Reads `[position][WIDTH]` from the tensor.
    pub fn gather<T: Element>(self, tensor: &[T], chunk: Range<usize>, grads: &mut [T]) {
        for piece in self.pieces(chunk) {
            transpose(
                [self.columns, piece.length],
                &tensor[piece.start..],
                self.pixels,
                &mut grads[piece.position * WIDTH..],
                WIDTH,
            );
        }
    }
}
