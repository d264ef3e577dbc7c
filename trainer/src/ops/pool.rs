//! Max pooling of 2 x 2 pixels with stride 2, and its gradient, on slices of planes.

use pulp::{Arch, Simd, WithSimd};

use super::buffer::recycled;

/// What [`forward`] computes.
#[derive(Debug)]
pub struct Pooled {
    /// The largest of each four pixels; an odd last row or column is left out.
    pub output: Vec<f32>,
    /// Which of the four it was, in reading order.
    pub places: Vec<u8>,
}

/// The maxima of planes of `[height, width]`.
#[must_use]
pub fn forward(size: [usize; 2], input: &[f32]) -> Pooled {
    let planes = input.len() / (size[0] * size[1]);
    let length = planes * (size[0] / 2) * (size[1] / 2);
    let mut pooled = Pooled {
        output: recycled(length),
        places: vec![0; length],
    };
    Arch::new().dispatch(Forward {
        size,
        input,
        pooled: &mut pooled,
    });
    pooled
}

struct Forward<'a> {
    size: [usize; 2],
    input: &'a [f32],
    pooled: &'a mut Pooled,
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let [height, width] = self.size;
        let half = width / 2;
        if half == 0 {
            return;
        }
        let pairs = self
            .input
            .chunks_exact(height * width)
            .flat_map(|plane| plane.chunks_exact(2 * width));
        let outputs = self.pooled.output.chunks_exact_mut(half);
        let places = self.pooled.places.chunks_exact_mut(half);
        for ((rows, outputs), places) in pairs.zip(outputs).zip(places) {
            let (top, bottom) = rows.split_at(width);
            let (top, bottom) = (&top[..2 * half], &bottom[..2 * half]);
            for column in 0..half {
                let (a, b) = (top[2 * column], top[2 * column + 1]);
                let (c, d) = (bottom[2 * column], bottom[2 * column + 1]);
                let (upper, upper_place) = if b > a { (b, 1) } else { (a, 0) };
                let (lower, lower_place) = if d > c { (d, 3) } else { (c, 2) };
                let is_lower = lower > upper;
                outputs[column] = if is_lower { lower } else { upper };
                places[column] = if is_lower { lower_place } else { upper_place };
            }
        }
    }
}

/// The gradient of the input: the output's, at the pixels that were the largest.
#[must_use]
pub fn backward(size: [usize; 2], places: &[u8], output_grad: &[f32]) -> Vec<f32> {
    let pooled = (size[0] / 2) * (size[1] / 2);
    let planes = output_grad.len() / pooled.max(1);
    let mut grad = recycled(planes * size[0] * size[1]);
    Arch::new().dispatch(Backward {
        size,
        places,
        output_grad,
        grad: &mut grad,
    });
    grad
}

struct Backward<'a> {
    size: [usize; 2],
    places: &'a [u8],
    output_grad: &'a [f32],
    grad: &'a mut [f32],
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let [height, width] = self.size;
        let (rows, half) = (height / 2, width / 2);
        let planes = self.grad.chunks_exact_mut(height * width);
        let sources = self.output_grad.chunks_exact(rows * half);
        let places = self.places.chunks_exact(rows * half);
        for ((plane, source), places) in planes.zip(sources).zip(places) {
            plane[2 * rows * width..].fill(0.0);
            let pairs = plane.chunks_exact_mut(2 * width);
            let sources = source.chunks_exact(half).zip(places.chunks_exact(half));
            for (pair, (grads, places)) in pairs.zip(sources) {
                let (top, bottom) = pair.split_at_mut(width);
                top[2 * half..].fill(0.0);
                bottom[2 * half..].fill(0.0);
                let (top, bottom) = (&mut top[..2 * half], &mut bottom[..2 * half]);
                for column in 0..half {
                    let (grad, place) = (grads[column], places[column]);
                    let at = |index: u8| if place == index { grad } else { 0.0 };
                    top[2 * column] = at(0);
                    top[2 * column + 1] = at(1);
                    bottom[2 * column] = at(2);
                    bottom[2 * column + 1] = at(3);
                }
            }
        }
    }
}
