//! Many runs of one input, each with another part of it covered, at a fraction of their cost.
//!
//! Covering a part of the input changes only some pixels of each layer's output: those whose window
//! meets a changed pixel of the layer's input. All else is kept from the run of the whole input.
//! Every pixel is computed as in a full run, so the results are the same to the bit. After Nakandala et al., "Incremental and
//! approximate inference for faster occlusion-based deep CNN explanations" (Krypton), SIGMOD 2019.

use std::mem;
use std::ops::Range;

use super::memory::{Memory, Sharing};
use super::{Runner, compute, forward};
use crate::plan::{LayerKind, MapShape, TensorId, Window};
use crate::runner::{Covered, RunError};

/// Rows and columns of a map, neither of them empty.
type Region = [Range<usize>; 2];

impl Runner {
    /// Runs the network on an input as it is, then with each of its places covered. One vector
    /// for each output of the plan, `[1 + places, height, width, channels]`.
    pub fn run_covered(&mut self, covered: Covered<'_>) -> Result<Vec<Vec<f32>>, RunError> {
        let size = [covered.height, covered.width];
        let mut base = mem::take(&mut self.kept);
        base.fit(&self.plan, &self.columns, size, Sharing::None)?;
        covered.as_batch().check(self.plan.input.channels)?;
        forward(&self.plan, &self.steps, &mut base, covered.data);
        let mut outputs = self.outputs(&base, 1 + covered.places.len());
        self.read(&base, &mut outputs);
        // Equal to `base` between runs.
        let mut work = base.clone();
        let mut changed = vec![None; 1 + self.plan.layers.len()];
        for place in covered.places {
            let place = covered.clip(place);
            let place = (!place[0].is_empty() && !place[1].is_empty()).then_some(place);
            if let Some(place) = &place {
                work.fill(place, covered.fill);
            }
            changed[0] = place;
            self.update(&mut work, &mut changed);
            self.read(&work, &mut outputs);
            for (tensor, region) in changed.iter().enumerate() {
                if let Some(region) = region {
                    work.copy(TensorId(tensor as u16), region, &base);
                }
            }
        }
        self.kept = base;
        Ok(outputs)
    }

    /// Computes what a change of the input, `changed[0]`, changes in each tensor.
    fn update(&self, memory: &mut Memory, changed: &mut [Option<Region>]) {
        for (position, (layer, step)) in self.plan.layers.iter().zip(&self.steps).enumerate() {
            let tensor = TensorId(position as u16 + 1);
            let shape = memory.layout(tensor).shape;
            let reached = changed[layer.input.index()].as_ref();
            let reached = reached.and_then(|region| reach(&layer.kind, region, shape));
            let residual = layer
                .residual
                .map(|it| changed[it.tensor().index()].clone());
            let region = union(reached, residual.flatten());
            if let Some(region) = &region {
                let region = even(&layer.kind, region);
                let output = memory.take(tensor);
                let output = compute(layer, step, memory, tensor, &region, output);
                memory.put(tensor, output);
            }
            changed[tensor.index()] = region;
        }
    }
}

/// The output pixels whose window meets a region of the input.
fn reach(kind: &LayerKind, region: &Region, output: MapShape) -> Option<Region> {
    let sides = [output.height, output.width];
    let window = match kind {
        LayerKind::Conv { window, .. }
        | LayerKind::Depthwise { window, .. }
        | LayerKind::MaxPool(window)
        | LayerKind::AveragePool(window) => window,
        LayerKind::Upsample { .. } => {
            return Some(region.clone().map(|side| 2 * side.start..2 * side.end));
        }
        LayerKind::GlobalAveragePool => return Some([0..1, 0..1]),
    };
    let [rows, columns] = [0, 1].map(|axis| reach_along(window, axis, &region[axis], sides[axis]));
    (!rows.is_empty() && !columns.is_empty()).then_some([rows, columns])
}

/// The same along one axis. Place `i` sees the inputs from `i * stride - pad` on, `kernel` of them.
fn reach_along(
    window: &Window,
    axis: usize,
    changed: &Range<usize>,
    places: usize,
) -> Range<usize> {
    let (stride, pad) = (window.stride[axis], window.pad_start[axis]);
    // The first place that ends after the change starts, the first that starts after it ends.
    let first = (changed.start + pad + 1).saturating_sub(window.kernel[axis]);
    let end = (changed.end + pad).div_ceil(stride).min(places);
    first.div_ceil(stride).min(end)..end
}

/// The smallest region that holds both.
fn union(one: Option<Region>, other: Option<Region>) -> Option<Region> {
    match (one, other) {
        (Some([y, x]), Some([v, u])) => Some([
            y.start.min(v.start)..y.end.max(v.end),
            x.start.min(u.start)..x.end.max(u.end),
        ]),
        (one, other) => one.or(other),
    }
}

/// An upsampling layer computes whole squares of 2 x 2 pixels.
fn even(kind: &LayerKind, region: &Region) -> Region {
    match kind {
        LayerKind::Upsample { .. } => region
            .clone()
            .map(|side| side.start / 2 * 2..side.end.next_multiple_of(2)),
        _ => region.clone(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::plan::samples::{Numbers, sample};
    use crate::runner::Batch;

    proptest! {
        #[test]
        fn covered_runs_equal_full_runs(sample in sample(6), seed in any::<u64>()) {
            let data = sample.inputs(1);
            let mut numbers = Numbers(seed);
            let mut side = |length: usize| {
                let start = numbers.below(length);
                start..start + numbers.below(length)
            };
            let places: Vec<Region> = (0..4)
                .map(|_| [side(sample.height), side(sample.width)])
                .collect();
            let covered = Covered {
                data: &data,
                height: sample.height,
                width: sample.width,
                places: &places,
                fill: 0.5,
            };
            let channels = sample.plan.input.channels;
            let copies: Vec<f32> = [[0..0, 0..0]]
                .iter()
                .chain(&places)
                .flat_map(|place| covered.copy(place, channels))
                .collect();
            let mut runner = Runner::new(sample.plan).expect("valid");
            let batch = Batch { data: &copies, count: 5, ..covered.as_batch() };
            let expected = runner.run(batch).expect("valid");
            for _ in 0..2 {
                prop_assert_eq!(&runner.run_covered(covered).expect("valid"), &expected);
            }
        }

        #[test]
        fn a_window_reaches_exactly_the_places_that_see_a_change(
            kernel in 1..6_usize,
            stride in 1..4_usize,
            pad in 0..5_usize,
            start in 0..20_usize,
            length in 1..6_usize,
        ) {
            let window = Window::square(kernel, stride, pad.min(kernel - 1));
            let sees = |place: usize| {
                let first = place * stride;
                (first..first + kernel)
                    .filter_map(|at| at.checked_sub(window.pad_start[0]))
                    .any(|at| (start..start + length).contains(&at))
            };
            let reached = reach_along(&window, 0, &(start..start + length), 12);
            for place in 0..12 {
                prop_assert_eq!(reached.contains(&place), sees(place));
            }
        }
    }
}
