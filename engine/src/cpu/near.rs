//! Which pixels of a tensor lie near a part of the input.

use std::ops::Range;

use crate::plan::{LayerKind, MapShape, Plan, Window};

/// Where a tensor's pixels lie in the input, along one axis: pixel `i` looks at the surroundings of
/// `first + i * step`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Axis {
    first: f32,
    step: f32,
}

impl Axis {
    const INPUT: Self = Self {
        first: 0.0,
        step: 1.0,
    };

    /// Of what a window makes of the tensor.
    fn slide(self, window: &Window, axis: usize) -> Self {
        let middle = (window.kernel[axis] - 1) as f32 / 2.0;
        Self {
            first: self.first + self.step * (middle - window.pad_start[axis] as f32),
            step: self.step * window.stride[axis] as f32,
        }
    }

    /// Of what an upsampling makes of the tensor: pixels twice as dense, two around each of before.
    fn double(self) -> Self {
        Self {
            first: self.first - self.step / 4.0,
            step: self.step / 2.0,
        }
    }

    /// The pixels that look at places at most `margin` away from a part of the input, or half a
    /// step if that is more, so that no part falls between two pixels.
    fn near(self, part: &Range<usize>, margin: usize) -> Range<usize> {
        let margin = (margin as f32).max(self.step / 2.0);
        let place = |at: f32| (at - self.first) / self.step;
        let start = place(part.start as f32 - margin).ceil().max(0.0);
        let end = place(part.end as f32 - 1.0 + margin).floor() + 1.0;
        start as usize..end.max(start) as usize
    }
}

/// Where the pixels of every tensor of a plan lie in its input.
#[derive(Clone, Debug)]
pub(super) struct Sights(Vec<Option<[Axis; 2]>>);

impl Sights {
    /// Follows the layers; `shapes` are those of [`Plan::shapes`].
    pub fn of(plan: &Plan, shapes: &[MapShape]) -> Self {
        let mut sights = vec![Some([Axis::INPUT; 2])];
        for (layer, shape) in plan.layers.iter().zip(&shapes[1..]) {
            let input = sights[layer.input.index()];
            let sight = input.and_then(|[down, across]| match &layer.kind {
                // One pixel looks at everything.
                _ if [shape.height, shape.width] == [1, 1] => None,
                LayerKind::Conv { window, .. }
                | LayerKind::Depthwise { window, .. }
                | LayerKind::MaxPool(window)
                | LayerKind::AveragePool(window) => {
                    Some([down.slide(window, 0), across.slide(window, 1)])
                }
                LayerKind::Upsample { .. } => Some([down.double(), across.double()]),
                LayerKind::GlobalAveragePool => None,
            });
            sights.push(sight);
        }
        Self(sights)
    }

    /// The part of a tensor's region that lies at most `margin` input pixels away from a part of
    /// the input, if there is any.
    pub fn limit(
        &self,
        tensor: usize,
        region: [Range<usize>; 2],
        part: &[Range<usize>; 2],
        margin: usize,
    ) -> Option<[Range<usize>; 2]> {
        let Some(axes) = self.0[tensor] else {
            return Some(region);
        };
        let [rows, columns] = [0, 1].map(|axis| {
            let near = axes[axis].near(&part[axis], margin);
            region[axis].start.max(near.start)..region[axis].end.min(near.end)
        });
        (!rows.is_empty() && !columns.is_empty()).then_some([rows, columns])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_lie_where_their_windows_look() {
        let two = Window::square(3, 2, 1);
        let axis = Axis::INPUT.slide(&two, 0);
        // Pixel i of 3 x 3, stride 2, padding 1 looks at 2 i.
        assert_eq!((axis.first, axis.step), (0.0, 2.0));
        // Half a step counts as near: pixel 8 looks at 16, one beyond the part.
        assert_eq!(axis.near(&(8..16), 0), 4..9);
        assert_eq!(axis.near(&(8..16), 3), 3..10);
        assert_eq!(axis.near(&(9..10), 0), 4..6);
        assert_eq!(axis.near(&(0..1), 4), 0..3);
        let pool = Axis::INPUT.slide(&Window::square(2, 2, 0), 0);
        assert_eq!((pool.first, pool.step), (0.5, 2.0));
        assert_eq!(pool.double(), Axis::INPUT);
    }
}
