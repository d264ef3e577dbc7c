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

impl Finish<'_> {
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

    /// Finishes the values of one pixel in place.
    pub fn pixel(&self, y: usize, x: usize, values: &mut [f32]) {
        let addend = self.residual;
        let addend = addend.map(|it| &it.data[it.grid.at(y, x)..][..values.len()]);
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

/// Finishes the sums of a tile: `V` vectors from `channel` on, for each of `P` pixels.
#[inline(always)]
pub(super) fn finish_tile<S: Simd, const P: usize, const V: usize>(
    simd: S,
    finish: &Finish<'_>,
    sums: &mut [[S::f32s; V]; P],
    pixels: &[[usize; 2]; P],
    channel: usize,
) {
    if let Some(addend) = &finish.residual
        && !addend.after
    {
        addend.add(simd, sums, pixels, channel);
    }
    match finish.activation {
        Activation::Identity => (),
        Activation::Relu => {
            // As integers, the bits of negative numbers are negative and those of others are not:
            // one instruction everywhere, where the maximum of floats takes several in the page.
            let zero = simd.splat_i32s(0);
            *sums = sums.map(|sums| {
                sums.map(|sum| {
                    let bits: S::i32s = bytemuck::cast(sum);
                    bytemuck::cast(simd.max_i32s(bits, zero))
                })
            });
        }
        Activation::Sigmoid => {
            *sums = sums.map(|sums| {
                sums.map(|mut sum| {
                    sigmoid(bytemuck::cast_slice_mut(slice::from_mut(&mut sum)));
                    sum
                })
            });
        }
    }
    if let Some(addend) = &finish.residual
        && addend.after
    {
        addend.add(simd, sums, pixels, channel);
    }
}

impl Addend<'_> {
    /// Adds `V` vectors from `channel` on to the sums of each pixel.
    #[inline(always)]
    fn add<S: Simd, const P: usize, const V: usize>(
        &self,
        simd: S,
        sums: &mut [[S::f32s; V]; P],
        pixels: &[[usize; 2]; P],
        channel: usize,
    ) {
        for (sums, &[y, x]) in sums.iter_mut().zip(pixels) {
            let at = self.grid.at(y, x) + channel;
            let (values, _) = S::as_simd_f32s(&self.data[at..][..V * S::F32_LANES]);
            for (sum, &value) in sums.iter_mut().zip(values) {
                *sum = simd.add_f32s(*sum, value);
            }
        }
    }
}

/// Value by value: few layers have it, and those have few channels.
#[inline(never)]
fn sigmoid(values: &mut [f32]) {
    for value in values {
        *value = 1.0 / (1.0 + (-*value).exp());
    }
}
