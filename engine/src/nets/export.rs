//! From Burn modules to the layers of a plan.

use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2d;
use burn::nn::{BatchNorm, Linear, PaddingConfig2d};
use burn::tensor::Tensor;

use crate::plan::{Activation, InputSpec, Layer, LayerKind, Plan, Residual, TensorId, Window};

/// Collects layers in execution order.
#[derive(Debug)]
pub struct PlanBuilder {
    input: InputSpec,
    layers: Vec<Layer>,
}

impl PlanBuilder {
    /// A plan without layers.
    #[must_use]
    pub fn new(input: InputSpec) -> Self {
        Self {
            input,
            layers: Vec::new(),
        }
    }

    /// The plan whose outputs are these tensors.
    #[must_use]
    pub fn finish(self, outputs: Vec<TensorId>) -> Plan {
        Plan {
            input: self.input,
            layers: self.layers,
            outputs,
        }
    }

    /// Adds a dense or depthwise convolution with its batch norm folded in.
    ///
    /// # Panics
    /// If the convolution is dilated or grouped other than depthwise: no network here has such.
    pub fn conv(
        &mut self,
        input: TensorId,
        conv: &Conv2d,
        norm: Option<&BatchNorm>,
        residual: Option<Residual>,
        activation: Activation,
    ) -> TensorId {
        assert_eq!(conv.dilation, [1, 1], "plans know no dilation");
        let [out_channels, group_in, kernel_h, kernel_w] = conv.weight.dims();
        let mut weight = values(&conv.weight.val());
        let mut bias = match &conv.bias {
            Some(bias) => values(&bias.val()),
            None => vec![0.0; out_channels],
        };
        if let Some(norm) = norm {
            fold(norm, &mut weight, &mut bias);
        }
        let area = kernel_h * kernel_w;
        let window = window(conv);
        let kind = if conv.groups == 1 {
            LayerKind::Conv {
                window,
                out_channels,
                weight: transposed_each(&weight, group_in, area),
                bias,
            }
        } else {
            assert!(
                group_in == 1 && conv.groups == out_channels,
                "plans know dense and depthwise convolutions"
            );
            LayerKind::Depthwise {
                window,
                weight: transposed_each(&weight, out_channels, area),
                bias,
            }
        };
        self.layer(input, kind, residual, activation)
    }

    /// Adds max pooling without padding.
    pub fn max_pool(&mut self, input: TensorId, pool: &MaxPool2d) -> TensorId {
        let window = Window {
            kernel: pool.kernel_size,
            stride: pool.stride,
            pad_start: [0, 0],
            pad_end: [0, 0],
        };
        self.layer(
            input,
            LayerKind::MaxPool(window),
            None,
            Activation::Identity,
        )
    }

    /// Adds a kernel of `side` x `side` pixels, odd, that picks the middle one of a single channel.
    pub fn pick(&mut self, input: TensorId, side: usize) -> TensorId {
        let mut weight = vec![0.0; side * side];
        weight[side * side / 2] = 1.0;
        let kind = LayerKind::Conv {
            window: Window::square(side, 1, 0),
            out_channels: 1,
            weight,
            bias: vec![0.0],
        };
        self.layer(input, kind, None, Activation::Identity)
    }

    /// Adds the mean of the whole map.
    pub fn global_average_pool(&mut self, input: TensorId) -> TensorId {
        self.layer(
            input,
            LayerKind::GlobalAveragePool,
            None,
            Activation::Identity,
        )
    }

    /// Adds a dense layer on a `1 x 1` map.
    pub fn linear(&mut self, input: TensorId, linear: &Linear) -> TensorId {
        let [inputs, outputs] = linear.weight.dims();
        let kind = LayerKind::Conv {
            window: Window::square(1, 1, 0),
            out_channels: outputs,
            // Burn keeps [inputs, outputs], a plan [outputs, 1, 1, inputs].
            weight: transposed_each(&values(&linear.weight.val()), inputs, outputs),
            bias: match &linear.bias {
                Some(bias) => values(&bias.val()),
                None => vec![0.0; outputs],
            },
        };
        self.layer(input, kind, None, Activation::Identity)
    }

    fn layer(
        &mut self,
        input: TensorId,
        kind: LayerKind,
        residual: Option<Residual>,
        activation: Activation,
    ) -> TensorId {
        self.layers.push(Layer {
            input,
            kind,
            residual,
            activation,
        });
        TensorId(u16::try_from(self.layers.len()).expect("a network has few layers"))
    }
}

/// A tensor's values on the host, row-major.
fn values<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    tensor.to_data().iter::<f32>().collect()
}

/// The sliding window of a convolution.
fn window(conv: &Conv2d) -> Window {
    let (pad_start, pad_end) = match &conv.padding {
        PaddingConfig2d::Valid => ([0, 0], [0, 0]),
        PaddingConfig2d::Explicit(top, left, bottom, right) => ([*top, *left], [*bottom, *right]),
        PaddingConfig2d::Same => panic!("plans take explicit padding"),
    };
    Window {
        kernel: conv.kernel_size,
        stride: conv.stride,
        pad_start,
        pad_end,
    }
}

/// Folds `gamma * (x - mean) / sqrt(var + epsilon) + beta` into the convolution before it.
/// `weight`: `[channels_out, ...]`, `bias`: `[channels_out]`.
fn fold(norm: &BatchNorm, weight: &mut [f32], bias: &mut [f32]) {
    let [gamma, beta] = [&norm.gamma, &norm.beta].map(|param| values(&param.val()));
    let [mean, var] =
        [&norm.running_mean, &norm.running_var].map(|state| values(&state.value_sync()));
    let each = weight.len() / bias.len();
    for (channel, kernel) in weight.chunks_exact_mut(each).enumerate() {
        let scale = f64::from(gamma[channel]) / (f64::from(var[channel]) + norm.epsilon).sqrt();
        for value in kernel {
            *value = (f64::from(*value) * scale) as f32;
        }
        let centred = f64::from(bias[channel]) - f64::from(mean[channel]);
        bias[channel] = (centred * scale + f64::from(beta[channel])) as f32;
    }
}

/// Each block of `rows * columns` values, row-major, transposed.
pub(super) fn transposed_each(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut result = Vec::with_capacity(values.len());
    for block in values.chunks_exact(rows * columns) {
        for column in 0..columns {
            result.extend(block.iter().skip(column).step_by(columns));
        }
    }
    result
}
