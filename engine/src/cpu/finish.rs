//! What happens to a layer's sums before they are stored: residual and activation.

use std::slice;

use pulp::Simd;

use super::layout::Grid;
use crate::plan::Activation;

/// The residual and the activation of a layer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finish<'a> {
    pub activation: Activation,
    pub residual: Option<Addend<'a>>,
}

/// A tensor that is added to the result.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addend<'a> {
    pub data: &'a [f32],
    pub grid: Grid,
    /// Whether it is added to what the activation gives.
    pub after: bool,
}

impl<'a> Finish<'a> {
    /// The same for a region that starts at a pixel.
    pub fn from(self, pixel: [usize; 2]) -> Self {
        self.steps(pixel, [1, 1])
    }

    /// The same for every `stride`-th pixel from one on.
    pub fn steps(self, pixel: [usize; 2], stride: [usize; 2]) -> Self {
        let residual = self.residual.map(|addend| Addend {
            grid: addend.grid.steps(pixel, stride),
            ..addend
        });
        Self { residual, ..self }
    }

    /// The `count` residual values of a pixel from one channel on.
    #[inline(always)]
    pub fn addend(&self, y: usize, x: usize, channel: usize, count: usize) -> Option<&'a [f32]> {
        let addend = self.residual?;
        Some(&addend.data[addend.grid.at(y, x) + channel..][..count])
    }

    /// Finishes the values of one pixel in place.
    pub fn pixel(&self, y: usize, x: usize, values: &mut [f32]) {
        let addend = self.addend(y, x, 0, values.len());
        let after = self.residual.is_some_and(|addend| addend.after);
        let add = |values: &mut [f32], addend: &[f32]| {
            for (value, addend) in values.iter_mut().zip(addend) {
                *value += addend;
            }
        };
        if let (Some(addend), false) = (addend, after) {
            add(values, addend);
        }
        match self.activation {
            Activation::Identity => (),
            Activation::Relu => {
                for value in values.iter_mut() {
                    *value = if *value > 0.0 { *value } else { 0.0 };
                }
            }
            Activation::Sigmoid => sigmoid(values),
        }
        if let (Some(addend), true) = (addend, after) {
            add(values, addend);
        }
    }
}

/// Finishes one vector; `addend` holds the residual's values, of which vector `v` belongs to it.
#[inline(always)]
pub(super) fn finish_vector<S: Simd>(
    simd: S,
    finish: &Finish<'_>,
    mut value: S::f32s,
    addend: Option<&[f32]>,
    v: usize,
) -> S::f32s {
    let after = finish.residual.is_some_and(|addend| addend.after);
    if let (Some(addend), false) = (addend, after) {
        value = simd.add_f32s(value, S::as_simd_f32s(addend).0[v]);
    }
    match finish.activation {
        Activation::Identity => (),
        Activation::Relu => {
            let zero = simd.splat_f32s(0.0);
            let positive = simd.greater_than_f32s(value, zero);
            value = simd.select_f32s(positive, value, zero);
        }
        Activation::Sigmoid => sigmoid(bytemuck::cast_slice_mut(slice::from_mut(&mut value))),
    }
    if let (Some(addend), true) = (addend, after) {
        value = simd.add_f32s(value, S::as_simd_f32s(addend).0[v]);
    }
    value
}

/// Value by value: few layers have it, and those have few channels.
#[inline(never)]
fn sigmoid(values: &mut [f32]) {
    for value in values {
        *value = 1.0 / (1.0 + (-*value).exp());
    }
}
