//! Burn's CPU tensors as slices of `f32`, and back.
//!
//! Tensors made here give their memory back to a pool when the last of them is dropped. A training
//! step needs the same sizes again and again; memory fresh from the system would be zeroed and
//! mapped page by page each time, which costs as much as the cheaper layers themselves.

use std::collections::HashMap;
use std::mem::{self, MaybeUninit};
use std::sync::{Mutex, PoisonError};

use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::{AllocationProperty, Bytes, DType, Shape};
use burn_std::{AccessError, AccessPolicy, AllocationController};

/// Shorter buffers are not worth keeping.
const KEPT_LENGTH: usize = 1 << 14;

/// Floats that the pool keeps at most: 1 GiB.
const CAPACITY: usize = 1 << 28;

static POOL: Mutex<Option<Pool>> = Mutex::new(None);

/// Unused buffers by length.
#[derive(Default)]
struct Pool {
    buffers: HashMap<usize, Vec<Vec<f32>>>,
    floats: usize,
}

impl Pool {
    fn take(&mut self, length: usize) -> Option<Vec<f32>> {
        let buffer = self.buffers.get_mut(&length)?.pop()?;
        self.floats -= length;
        Some(buffer)
    }

    fn give(&mut self, buffer: Vec<f32>) {
        if self.floats + buffer.len() > CAPACITY {
            // The sizes have changed, or there are too many: start again.
            *self = Self::default();
        }
        self.floats += buffer.len();
        self.buffers.entry(buffer.len()).or_default().push(buffer);
    }
}

fn with_pool<T>(use_pool: impl FnOnce(&mut Pool) -> T) -> T {
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    use_pool(pool.get_or_insert_default())
}

/// A buffer whose values are arbitrary: to be overwritten whole.
pub fn recycled(length: usize) -> Vec<f32> {
    let old = (length >= KEPT_LENGTH).then(|| with_pool(|pool| pool.take(length)));
    old.flatten().unwrap_or_else(|| vec![0.0; length])
}

/// A tensor whose elements lie in order, without gaps: the tensor itself where it already is one.
pub fn contiguous(tensor: FlexTensor) -> FlexTensor {
    if tensor.is_contiguous() {
        tensor
    } else {
        tensor.to_contiguous()
    }
}

/// The elements of a contiguous tensor.
///
/// # Panics
/// If the tensor is not contiguous or not `f32`: the extension passes no other.
pub fn elements(tensor: &FlexTensor) -> &[f32] {
    tensor
        .as_slice()
        .expect("training runs on contiguous f32 tensors")
}

/// [`elements`] to be changed, after a copy if the tensor shares them.
///
/// # Panics
/// As [`elements`].
pub fn elements_mut(tensor: &mut FlexTensor) -> &mut [f32] {
    let (start, end) = tensor
        .layout()
        .contiguous_offsets()
        .expect("training runs on contiguous f32 tensors");
    &mut tensor.storage_mut()[start..end]
}

/// A tensor of this shape with these elements.
pub fn tensor(elements: Vec<f32>, shape: impl Into<Shape>) -> FlexTensor {
    let layout = Layout::contiguous(shape.into());
    assert_eq!(elements.len(), layout.num_elements());
    let bytes = mem::size_of_val(elements.as_slice());
    let memory = Box::new(Memory(elements));
    // SAFETY: all floats of the vector are initialised, so all its bytes are.
    let bytes = unsafe { Bytes::from_controller(memory, bytes) };
    FlexTensor::new(bytes, layout, DType::F32)
}

/// The memory of a tensor.
struct Memory(Vec<f32>);

impl Drop for Memory {
    fn drop(&mut self) {
        if self.0.len() >= KEPT_LENGTH {
            with_pool(|pool| pool.give(mem::take(&mut self.0)));
        }
    }
}

impl AllocationController for Memory {
    fn alloc_align(&self) -> usize {
        mem::align_of::<f32>()
    }

    fn property(&self) -> AllocationProperty {
        AllocationProperty::Other
    }

    unsafe fn memory_mut(
        &mut self,
        _policy: AccessPolicy,
    ) -> Result<&mut [MaybeUninit<u8>], AccessError> {
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut self.0);
        // SAFETY: the layout is the same, and the caller writes only initialised bytes.
        Ok(unsafe { &mut *(std::ptr::from_mut(bytes) as *mut [MaybeUninit<u8>]) })
    }

    fn memory(&self, _policy: AccessPolicy) -> Result<&[MaybeUninit<u8>], AccessError> {
        let bytes: &[u8] = bytemuck::cast_slice(&self.0);
        // SAFETY: the layout is the same, and initialised bytes may be read as possibly not so.
        Ok(unsafe { &*(std::ptr::from_ref(bytes) as *const [MaybeUninit<u8>]) })
    }
}
