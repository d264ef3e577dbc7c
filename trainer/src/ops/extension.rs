//! The operations as an extension of Burn's backends, with their gradients.

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, ExtensionType, Flex, TensorMetadata, backend_extension};

use super::buffer::{contiguous, elements, elements_mut, tensor};
use super::conv::{self, ConvShape, Window};
use super::{Precision, norm, pool};

/// A tensor that an operation can do without; the extension macro takes no `Option`.
#[derive(ExtensionType)]
pub enum Optional<B: Backend> {
    /// It is there.
    Present(FloatTensor<B>),
    /// It is not.
    Absent,
}

impl<B: Backend> Optional<B> {
    fn into_option(self) -> Option<FloatTensor<B>> {
        match self {
            Self::Present(tensor) => Some(tensor),
            Self::Absent => None,
        }
    }
}

impl<B: Backend> From<Option<FloatTensor<B>>> for Optional<B> {
    fn from(tensor: Option<FloatTensor<B>>) -> Self {
        tensor.map_or(Self::Absent, Self::Present)
    }
}

/// Training operations beyond Burn's own.
#[backend_extension(Flex, Autodiff)]
pub trait TrainingOps: Backend {
    /// 2-D convolution: `[batch, channels_in, height, width]` to
    /// `[batch, channels_out, height_out, width_out]`.
    fn train_conv2d(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        #[extension_type] bias: Optional<Self>,
        window: Window,
        precision: Precision,
    ) -> FloatTensor<Self>;

    /// Batch norm with the batch's statistics, an optional residual added, an optional ReLU.
    /// Returns the output and the batch's mean and biased variance, `[channels]` each.
    fn train_norm_act(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        #[extension_type] residual: Optional<Self>,
        epsilon: f32,
        relu: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// The maxima of 2 x 2 pixels: `[batch, channels, height, width]` to
    /// `[batch, channels, height / 2, width / 2]`.
    fn train_max_pool2d(input: FloatTensor<Self>) -> FloatTensor<Self>;
}

fn conv_shape(input: &FlexTensor, weight: &FlexTensor, window: Window) -> ConvShape {
    ConvShape::new(input.shape().dims(), weight.shape()[0], window)
}

impl TrainingOps for Flex {
    fn train_conv2d(
        input: FlexTensor,
        weight: FlexTensor,
        bias: Optional<Self>,
        window: Window,
        precision: Precision,
    ) -> FlexTensor {
        let (input, weight, bias) = (
            contiguous(input),
            contiguous(weight),
            bias.into_option().map(contiguous),
        );
        let shape = conv_shape(&input, &weight, window);
        let output = conv::forward(
            &shape,
            precision,
            elements(&input),
            elements(&weight),
            bias.as_ref().map(elements),
        );
        tensor(output, shape.output_dims())
    }

    fn train_norm_act(
        input: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        residual: Optional<Self>,
        epsilon: f32,
        relu: bool,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let (input, residual) = (contiguous(input), residual.into_option().map(contiguous));
        let dims: [usize; 4] = input.shape().dims();
        let norm = norm::forward(
            dims,
            elements(&input),
            &norm::Affine {
                gamma: elements(&contiguous(gamma)),
                beta: elements(&contiguous(beta)),
                epsilon,
            },
            residual.as_ref().map(elements),
            relu,
        );
        (
            tensor(norm.output, dims),
            tensor(norm.mean, [dims[1]]),
            tensor(norm.variance, [dims[1]]),
        )
    }

    fn train_max_pool2d(input: FlexTensor) -> FlexTensor {
        max_pool2d(input).0
    }
}

/// The maxima, and which of the four pixels each was.
fn max_pool2d(input: FlexTensor) -> (FlexTensor, Vec<u8>) {
    let input = contiguous(input);
    let [batch, channels, height, width] = input.shape().dims();
    let pooled = pool::forward([height, width], elements(&input));
    let dims = [batch, channels, height / 2, width / 2];
    (tensor(pooled.output, dims), pooled.places)
}

/// Gradient of the convolution; `N` is 3 with a bias and 2 without.
#[derive(Debug)]
struct ConvBackward;

#[derive(Clone, Debug)]
struct ConvState {
    input: FlexTensor,
    weight: FlexTensor,
    window: Window,
    precision: Precision,
}

impl<const N: usize> Backward<Flex, N> for ConvBackward {
    type State = ConvState;

    fn backward(
        self,
        ops: Ops<ConvState, N>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let output_grad = contiguous(grads.consume::<Flex>(&ops.node));
        let ConvState {
            input,
            weight,
            window,
            precision,
        } = ops.state;
        let shape = conv_shape(&input, &weight, window);
        let mut parents = ops.parents.into_iter();
        let [input_node, weight_node, bias_node] = [(); 3].map(|()| parents.next().flatten());

        let (input_grad, weight_grad) = conv::backward(
            &shape,
            precision,
            elements(&input),
            elements(&weight),
            elements(&output_grad),
            conv::Wanted {
                input: input_node.is_some(),
                weight: weight_node.is_some(),
            },
        );
        if let (Some(node), Some(grad)) = (input_node, input_grad) {
            grads.register::<Flex>(node.id, tensor(grad, input.shape()));
        }
        if let (Some(node), Some(grad)) = (weight_node, weight_grad) {
            grads.register::<Flex>(node.id, tensor(grad, weight.shape()));
        }
        if let Some(node) = bias_node {
            let grad = conv::bias_grad(&shape, elements(&output_grad));
            grads.register::<Flex>(node.id, tensor(grad, [shape.channels_out]));
        }
    }
}

/// Gradient of batch norm with activation; `N` is 4 with a residual and 3 without.
#[derive(Debug)]
struct NormBackward;

#[derive(Clone, Debug)]
struct NormState {
    input: FlexTensor,
    gamma: FlexTensor,
    beta: FlexTensor,
    mean: FlexTensor,
    variance: FlexTensor,
    epsilon: f32,
    relu: bool,
    /// Where the ReLU let values pass; without a residual it is told from the input.
    output: Option<FlexTensor>,
}

impl<const N: usize> Backward<Flex, N> for NormBackward {
    type State = NormState;

    fn backward(
        self,
        ops: Ops<NormState, N>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let mut grad = contiguous(grads.consume::<Flex>(&ops.node));
        let state = ops.state;
        let dims: [usize; 4] = state.input.shape().dims();
        let mut parents = ops.parents.into_iter();
        let [input_node, gamma_node, beta_node, residual_node] =
            [(); 4].map(|()| parents.next().flatten());

        // Without a mask the residual's gradient is the output's own.
        let passed = (residual_node.is_some() && !state.relu).then(|| grad.clone());
        let back = norm::backward(
            dims,
            elements(&state.input),
            &norm::Affine {
                gamma: elements(&state.gamma),
                beta: elements(&state.beta),
                epsilon: state.epsilon,
            },
            elements(&state.mean),
            elements(&state.variance),
            match (&state.output, state.relu) {
                (_, false) => norm::Mask::None,
                (None, true) => norm::Mask::FromInput,
                (Some(output), true) => norm::Mask::FromOutput(elements(output)),
            },
            elements_mut(&mut grad),
            residual_node.is_some(),
        );
        if let Some(node) = input_node {
            grads.register::<Flex>(node.id, grad);
        }
        if let Some(node) = gamma_node {
            grads.register::<Flex>(node.id, tensor(back.gamma, [dims[1]]));
        }
        if let Some(node) = beta_node {
            grads.register::<Flex>(node.id, tensor(back.beta, [dims[1]]));
        }
        let residual_grad = back.residual.map(|residual| tensor(residual, dims));
        if let (Some(node), Some(grad)) = (residual_node, residual_grad.or(passed)) {
            grads.register::<Flex>(node.id, grad);
        }
    }
}

/// Gradient of max pooling.
#[derive(Debug)]
struct PoolBackward;

#[derive(Clone, Debug)]
struct PoolState {
    input: [usize; 4],
    places: Arc<[u8]>,
}

impl Backward<Flex, 1> for PoolBackward {
    type State = PoolState;

    fn backward(
        self,
        ops: Ops<PoolState, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let output_grad = contiguous(grads.consume::<Flex>(&ops.node));
        let PoolState { input, places } = ops.state;
        if let [Some(node)] = ops.parents {
            let grad = pool::backward([input[2], input[3]], &places, elements(&output_grad));
            grads.register::<Flex>(node.id, tensor(grad, input));
        }
    }
}

impl<C: CheckpointStrategy> TrainingOps for Autodiff<Flex, C> {
    fn train_conv2d(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: Optional<Self>,
        window: Window,
        precision: Precision,
    ) -> FloatTensor<Self> {
        let bias = bias.into_option();
        let state = ConvState {
            input: contiguous(input.primitive().clone()),
            weight: contiguous(weight.primitive().clone()),
            window,
            precision,
        };
        let output = Flex::train_conv2d(
            state.input.clone(),
            state.weight.clone(),
            bias.as_ref().map(|bias| bias.primitive().clone()).into(),
            window,
            precision,
        );
        match bias {
            Some(bias) => record::<_, C, 3>(
                ConvBackward,
                [input.node(), weight.node(), bias.node()],
                state,
                output,
            ),
            None => record::<_, C, 2>(ConvBackward, [input.node(), weight.node()], state, output),
        }
    }

    fn train_norm_act(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        residual: Optional<Self>,
        epsilon: f32,
        relu: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let residual = residual.into_option();
        let (output, mean, variance) = Flex::train_norm_act(
            input.primitive().clone(),
            gamma.primitive().clone(),
            beta.primitive().clone(),
            residual
                .as_ref()
                .map(|tensor| tensor.primitive().clone())
                .into(),
            epsilon,
            relu,
        );
        let state = NormState {
            input: contiguous(input.primitive().clone()),
            gamma: contiguous(gamma.primitive().clone()),
            beta: contiguous(beta.primitive().clone()),
            mean: mean.clone(),
            variance: variance.clone(),
            epsilon,
            relu,
            output: (relu && residual.is_some()).then(|| output.clone()),
        };
        let nodes = [input.node(), gamma.node(), beta.node()];
        let output = match residual {
            Some(residual) => {
                let [input, gamma, beta] = nodes;
                let nodes = [input, gamma, beta, residual.node()];
                record::<_, C, 4>(NormBackward, nodes, state, output)
            }
            None => record::<_, C, 3>(NormBackward, nodes, state, output),
        };
        (
            output,
            FloatTensor::<Self>::new(mean),
            FloatTensor::<Self>::new(variance),
        )
    }
    fn train_max_pool2d(input: FloatTensor<Self>) -> FloatTensor<Self> {
        let (output, places) = max_pool2d(input.primitive().clone());
        let state = PoolState {
            input: input.shape().dims(),
            places: places.into(),
        };
        record::<_, C, 1>(PoolBackward, [input.node()], state, output)
    }
}

/// Enters an operation that has been computed into the graph of gradients.
fn record<Op, C: CheckpointStrategy, const N: usize>(
    backward: Op,
    inputs: [NodeGuard; N],
    state: Op::State,
    output: FlexTensor,
) -> FloatTensor<Autodiff<Flex>>
where
    Op: Backward<Flex, N>,
{
    match backward.prepare::<C>(inputs).compute_bound().stateful() {
        OpsKind::Tracked(prep) => prep.finish(state, output),
        OpsKind::UnTracked(prep) => prep.finish(output),
    }
}
