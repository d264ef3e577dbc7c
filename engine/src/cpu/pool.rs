//! Pools. They are a small part of every network's work: plain loops over a pixel's channels,
//! which the compiler turns into vector instructions.

use std::ops::Range;

use super::finish::Finish;
use super::layout::Layout;
use crate::plan::Window;

/// How the values under a window become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pool {
    Max,
    Average,
}

impl Pool {
    /// Computes the pixels of a region of the output.
    pub fn run(
        self,
        window: &Window,
        region: &[Range<usize>; 2],
        (input, from): (&[f32], &Layout),
        (output, to): (&mut [f32], &Layout),
        finish: Finish<'_>,
    ) {
        let start = match self {
            Self::Max => f32::NEG_INFINITY,
            Self::Average => 0.0,
        };
        for y in region[0].clone() {
            let rows = covered(window, 0, y, from.shape.height);
            for x in region[1].clone() {
                let columns = covered(window, 1, x, from.shape.width);
                let at = to.grid().at(y, x);
                let values = &mut output[at..][..to.column];
                values.fill(start);
                for y in rows.clone() {
                    for x in columns.clone() {
                        let seen = &input[from.grid().at(y, x)..][..to.column];
                        for (value, &seen) in values.iter_mut().zip(seen) {
                            *value = match self {
                                Self::Max if *value > seen => *value,
                                Self::Max => seen,
                                Self::Average => *value + seen,
                            };
                        }
                    }
                }
                if self == Self::Average {
                    let factor = 1.0 / (rows.len() * columns.len()) as f32;
                    for value in values.iter_mut() {
                        *value *= factor;
                    }
                }
                finish.pixel(y, x, values);
            }
        }
    }
}

/// The mean of the whole map.
pub(super) fn global_average_pool(
    (input, from): (&[f32], &Layout),
    (output, to): (&mut [f32], &Layout),
    finish: Finish<'_>,
) {
    let window = Window {
        kernel: [from.shape.height, from.shape.width],
        stride: [1; 2],
        pad_start: [0; 2],
        pad_end: [0; 2],
    };
    Pool::Average.run(&window, &[0..1, 0..1], (input, from), (output, to), finish);
}

/// The input places under the window of an output place, along one axis, without the padding.
fn covered(window: &Window, axis: usize, place: usize, length: usize) -> Range<usize> {
    let start = place * window.stride[axis];
    let end = (start + window.kernel[axis]).saturating_sub(window.pad_start[axis]);
    start.saturating_sub(window.pad_start[axis])..end.min(length)
}
