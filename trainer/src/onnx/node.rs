//! What a node's attributes and a tensor's bytes say.

use mien_engine::plan::Window;

use super::OnnxError;
use super::proto::{Node, Tensor};

pub fn floats(tensor: &Tensor) -> Option<Vec<f32>> {
    if tensor.data_type != Tensor::FLOAT {
        return None;
    }
    if tensor.raw.is_empty() {
        return Some(tensor.floats.clone());
    }
    let (chunks, rest) = tensor.raw.as_chunks::<4>();
    let values = chunks.iter().map(|bytes| f32::from_le_bytes(*bytes));
    rest.is_empty().then(|| values.collect())
}

pub fn unsupported(node: &Node, what: &'static str) -> OnnxError {
    OnnxError::Unsupported {
        operation: node.operation.clone(),
        output: node.outputs.first().cloned().unwrap_or_default(),
        what,
    }
}

pub fn operand(node: &Node, index: usize) -> Result<&str, OnnxError> {
    let operand = node.inputs.get(index).map(String::as_str);
    operand.ok_or_else(|| unsupported(node, "an input is missing"))
}

pub fn ints<'a>(node: &'a Node, name: &str) -> Option<&'a [i64]> {
    let found = node
        .attributes
        .iter()
        .find(|attribute| attribute.name == name)?;
    Some(&found.ints)
}

pub fn int(node: &Node, name: &str) -> Option<usize> {
    let found = node
        .attributes
        .iter()
        .find(|attribute| attribute.name == name)?;
    usize::try_from(found.int).ok()
}

/// Whether an attribute is absent or `value`.
pub fn attribute_int_is(node: &Node, name: &str, value: usize) -> bool {
    int(node, name).unwrap_or(value) == value
}

/// Whether an attribute is absent or each of its values is `value`.
pub fn attribute_is(node: &Node, name: &str, value: i64) -> bool {
    ints(node, name).is_none_or(|values| values.iter().all(|&found| found == value))
}

pub fn window(node: &Node, kernel: [usize; 2]) -> Result<Window, OnnxError> {
    let list = |name: &str, default: usize, length: usize| -> Option<Vec<usize>> {
        let Some(values) = ints(node, name) else {
            return Some(vec![default; length]);
        };
        let values = values.iter().map(|&value| usize::try_from(value).ok());
        values.collect()
    };
    let explicit = node
        .attributes
        .iter()
        .all(|attribute| attribute.name != "auto_pad" || attribute.bytes == b"NOTSET");
    if !explicit || !attribute_is(node, "dilations", 1) {
        return Err(unsupported(node, "it is dilated or pads by itself"));
    }
    let strides = list("strides", 1, 2);
    let pads = list("pads", 0, 4);
    let (Some([down, right]), Some([top, left, bottom, end])) =
        (strides.as_deref(), pads.as_deref())
    else {
        return Err(unsupported(node, "its strides or pads cannot be read"));
    };
    Ok(Window {
        kernel,
        stride: [*down, *right],
        pad_start: [*top, *left],
        pad_end: [*bottom, *end],
    })
}
