//! Burn's CPU tensors as slices of `f32`, and back.

use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::{Bytes, DType, Shape};

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

/// A tensor of this shape with these elements.
pub fn tensor(elements: Vec<f32>, shape: impl Into<Shape>) -> FlexTensor {
    let layout = Layout::contiguous(shape.into());
    debug_assert_eq!(elements.len(), layout.num_elements());
    FlexTensor::new(Bytes::from_elems(elements), layout, DType::F32)
}
