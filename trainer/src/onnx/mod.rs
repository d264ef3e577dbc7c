//! Converts a plain convolutional network from ONNX to a plan, and any plan to ONNX.

mod convert;
mod node;
mod proto;
mod write;

pub use self::write::write_plan;

use prost::Message;
use thiserror::Error;

use mien_engine::plan::{InputSpec, Plan, ShapeError};

/// Why an ONNX file has no plan.
#[derive(Debug, Error)]
pub enum OnnxError {
    /// The bytes are not an ONNX model.
    #[error("this is not an ONNX model: {0}")]
    Decode(#[from] prost::DecodeError),
    /// The model holds no graph, or not exactly one input.
    #[error("the ONNX model has no graph with one input")]
    NoGraph,
    /// An operation that plans do not have, or not with these attributes.
    #[error("{operation} that writes `{output}` cannot be converted: {what}")]
    Unsupported {
        /// The operator's name.
        operation: String,
        /// The tensor that it writes.
        output: String,
        /// What is in the way.
        what: &'static str,
    },
    /// A weight is missing, or has another type or size than its use asks for.
    #[error("the weights `{name}` are missing or of another type or size")]
    Weights {
        /// The initializer's name.
        name: String,
    },
    /// A tensor is read that no earlier operation writes.
    #[error("the tensor `{name}` is read before it is written")]
    Missing {
        /// The tensor's name.
        name: String,
    },
    /// The layers do not fit together.
    #[error(transparent)]
    Shape(#[from] ShapeError),
}

/// Converts an ONNX model made of convolutions (dense and depthwise), 2 x 2 transposed
/// convolutions, pools, batch norms, additions, ReLU and sigmoid. Batch norms are folded into the
/// convolutions before them, additions and activations fused into the layers before them; maps of
/// one pixel may be flattened. The plan's outputs are the graph's, in its order. `input` says what
/// ONNX does not.
pub fn read_plan(bytes: &[u8], input: InputSpec) -> Result<Plan, OnnxError> {
    let model = proto::Model::decode(bytes)?;
    let graph = model.graph.ok_or(OnnxError::NoGraph)?;
    convert::convert(&graph, input)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod write_tests;
