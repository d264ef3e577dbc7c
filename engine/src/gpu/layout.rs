//! Where the tensors of a plan lie in GPU memory, for inputs of one size.

use super::error::GpuError;
use super::shader::GROUP;
use crate::plan::{MapShape, Plan, Residual};

/// Tensors of one input size, the slots that they share, and how many inputs may run at once.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) height: usize,
    pub(super) width: usize,
    /// Shape of each tensor, its channels not padded.
    pub(super) shapes: Vec<MapShape>,
    /// The slot of each tensor.
    slot_of_tensor: Vec<usize>,
    /// Bytes of each slot for one input.
    pub(super) slots: Vec<usize>,
    /// The most inputs that may run at once.
    pub(super) most: usize,
}

impl Layout {
    /// Lays out a plan on a device whose buffers hold at most `allowed` bytes, and may hold
    /// `chunk` bytes for several inputs at once.
    pub(super) fn new(
        plan: &Plan,
        height: usize,
        width: usize,
        allowed: u64,
        chunk: u64,
    ) -> Result<Self, GpuError> {
        let shapes = plan.shapes(height, width)?;
        let sizes: Vec<usize> = shapes.iter().map(|&shape| padded_bytes(shape)).collect();
        let needed = sizes.iter().copied().max().unwrap_or(1) as u64;
        if needed > allowed {
            return Err(GpuError::TooLarge { needed, allowed });
        }
        let (slot_of_tensor, slots) = share(&sizes, &last_uses(plan));
        Ok(Self {
            height,
            width,
            shapes,
            slot_of_tensor,
            slots,
            most: (allowed.min(chunk) / needed).max(1) as usize,
        })
    }

    /// The slot of a tensor.
    pub(super) fn slot(&self, tensor: usize) -> usize {
        self.slot_of_tensor[tensor]
    }
}

/// Bytes of a map with its channels padded to whole groups.
pub(super) fn padded_bytes(map: MapShape) -> usize {
    map.height * map.width * map.channels.next_multiple_of(GROUP) * size_of::<f32>()
}

/// The tensor whose making reads each tensor last; itself where nothing does, and past the end
/// for outputs.
fn last_uses(plan: &Plan) -> Vec<usize> {
    let tensors = plan.layers.len() + 1;
    let mut last: Vec<usize> = (0..tensors).collect();
    for (layer, made) in plan.layers.iter().zip(1..) {
        last[layer.input.index()] = made;
        if let Some(tensor) = layer.residual.map(Residual::tensor) {
            last[tensor.index()] = made;
        }
    }
    for output in &plan.outputs {
        last[output.index()] = tensors;
    }
    last
}

/// Gives each tensor a slot such that no two share one while both are needed. Returns the slot of
/// each tensor and the size of each slot.
fn share(sizes: &[usize], last_uses: &[usize]) -> (Vec<usize>, Vec<usize>) {
    let mut slot_of_tensor: Vec<usize> = Vec::with_capacity(sizes.len());
    let mut slots: Vec<usize> = Vec::new();
    let mut free: Vec<usize> = Vec::new();
    for (tensor, &size) in sizes.iter().enumerate() {
        // The smallest slot that is large enough, else the largest, which then grows.
        let waste = |slot: usize| match slots[slot] {
            has if has >= size => (0, has),
            has => (1, usize::MAX - has),
        };
        let best = (0..free.len()).min_by_key(|&i| waste(free[i]));
        let slot = best.map_or(slots.len(), |i| free.swap_remove(i));
        if slot == slots.len() {
            slots.push(size);
        }
        slots[slot] = slots[slot].max(size);
        slot_of_tensor.push(slot);
        // This tensor's layer has run now; what nothing reads any more leaves its slot.
        let done = (0..=tensor).filter(|&earlier| last_uses[earlier] == tensor);
        free.extend(done.map(|earlier| slot_of_tensor[earlier]));
    }
    (slot_of_tensor, slots)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::plan::samples::sample;

    proptest! {
        #[test]
        fn tensors_that_are_needed_together_lie_apart(sample in sample(8)) {
            let plan = &sample.plan;
            let [height, width] = [sample.height, sample.width];
            let layout = Layout::new(plan, height, width, u64::MAX, u64::MAX).expect("valid");
            let last = last_uses(plan);
            for later in 0..last.len() {
                for (earlier, &last_use) in last[..later].iter().enumerate() {
                    // The earlier tensor is read when or after the later one is written.
                    if last_use >= later {
                        prop_assert_ne!(layout.slot(earlier), layout.slot(later));
                    }
                }
            }
            for (tensor, &shape) in layout.shapes.iter().enumerate() {
                prop_assert!(layout.slots[layout.slot(tensor)] >= padded_bytes(shape));
            }
        }
    }
}
