//! Outputs and gradients against Burn's own operations and against finite differences.

use burn::module::Param;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::MaxPool2dConfig;
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::tensor::{Device, Distribution, Tensor, TensorData};
use mien_engine::nets::{Ops, StockOps};
use proptest::prelude::*;

use super::{FastOps, Precision};

fn device() -> Device {
    Device::flex().autodiff()
}

fn random<const D: usize>(dims: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(dims, Distribution::Normal(0.3, 1.0), device)
}

// Takes what `into_data` gives, so that every call reads the same.
#[allow(clippy::needless_pass_by_value)]
fn values(data: TensorData) -> Vec<f32> {
    data.try_to_vec().expect("tests use f32")
}

/// Asserts that two tensors agree, relative to the largest value.
#[track_caller]
fn assert_close(what: &str, ours: &[f32], theirs: &[f32], tolerance: f32) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    let largest = theirs.iter().fold(1e-3f32, |max, v| max.max(v.abs()));
    for (index, (a, b)) in ours.iter().zip(theirs).enumerate() {
        assert!(
            (a - b).abs() <= tolerance * largest,
            "{what}[{index}]: {a} instead of {b} (largest {largest})"
        );
    }
}

/// A convolution as the networks have them.
#[derive(Clone, Copy, Debug)]
struct Case {
    batch: usize,
    channels: [usize; 2],
    size: [usize; 2],
    kernel: usize,
    stride: usize,
    padding: usize,
    groups: usize,
    bias: bool,
}

impl Case {
    fn module(&self, device: &Device) -> Conv2d {
        Conv2dConfig::new(self.channels, [self.kernel; 2])
            .with_stride([self.stride; 2])
            .with_padding(PaddingConfig2d::Explicit(
                self.padding,
                self.padding,
                self.padding,
                self.padding,
            ))
            .with_groups(self.groups)
            .with_bias(self.bias)
            .init(device)
    }

    fn input(&self, device: &Device) -> Tensor<4> {
        random(
            [self.batch, self.channels[0], self.size[0], self.size[1]],
            device,
        )
    }
}

/// Output, input gradient (if wanted), weight gradient and bias gradient of a weighted sum of the
/// convolution's outputs.
fn conv_run(
    ops: &impl Ops,
    conv: &Conv2d,
    input: &Tensor<4>,
    weights: &Tensor<4>,
    wants_input: bool,
) -> Vec<Option<Vec<f32>>> {
    let input = input.clone().detach().set_require_grad(wants_input);
    let output = ops.conv2d(conv, input.clone());
    let grads = output.clone().mul(weights.clone()).sum().backward();
    vec![
        Some(values(output.into_data())),
        input.grad(&grads).map(|grad| values(grad.into_data())),
        conv.weight
            .val()
            .grad(&grads)
            .map(|grad| values(grad.into_data())),
        conv.bias
            .as_ref()
            .and_then(|bias| bias.val().grad(&grads))
            .map(|grad| values(grad.into_data())),
    ]
}

fn assert_conv_agrees(case: Case, wants_input: bool) {
    let device = device();
    let (conv, input) = (case.module(&device), case.input(&device));
    assert_module_agrees(&format!("{case:?}"), &conv, &input, wants_input);
}

fn assert_module_agrees(what: &str, conv: &Conv2d, input: &Tensor<4>, wants_input: bool) {
    let output = StockOps.conv2d(conv, input.clone());
    let weights = random(output.dims(), &input.device());
    let ours = conv_run(&FastOps::default(), conv, input, &weights, wants_input);
    let theirs = conv_run(&StockOps, conv, input, &weights, wants_input);
    let names = ["output", "input grad", "weight grad", "bias grad"];
    for ((name, ours), theirs) in names.iter().zip(ours).zip(theirs) {
        assert_eq!(ours.is_some(), theirs.is_some(), "{what} {name}");
        if let (Some(ours), Some(theirs)) = (ours, theirs) {
            assert_close(&format!("{what} {name}"), &ours, &theirs, 2e-5);
        }
    }
}

#[test]
fn rows_and_columns_agree_with_burn() {
    let device = device();
    for kernel in [[1, 7], [7, 1], [1, 3], [3, 1]] {
        for size in [[8, 8], [3, 3], [1, 1]] {
            let [rows, columns] = kernel.map(|side| side / 2);
            let conv = Conv2dConfig::new([5, 12], kernel)
                .with_padding(PaddingConfig2d::Explicit(rows, columns, rows, columns))
                .with_bias(false)
                .init(&device);
            let input = random([3, 5, size[0], size[1]], &device);
            assert_module_agrees(&format!("{kernel:?} on {size:?}"), &conv, &input, true);
        }
    }
}

/// Kernel, stride, padding and whether depthwise: every kind that the networks use.
const WINDOWS: [(usize, usize, usize, bool); 8] = [
    (3, 1, 1, false),
    (3, 2, 1, false),
    (1, 1, 0, false),
    (1, 2, 0, false),
    (3, 1, 1, true),
    (3, 2, 1, true),
    (5, 1, 2, false),
    (5, 2, 2, true),
];

const SIZES: [[usize; 2]; 9] = [
    [44, 44],
    [22, 22],
    [11, 11],
    [6, 6],
    [5, 5],
    [3, 3],
    [7, 12],
    [13, 8],
    [2, 1],
];

#[test]
fn convolutions_agree_with_burn() {
    for (kernel, stride, padding, depthwise) in WINDOWS {
        for size in SIZES {
            for channels in [[1, 8], [8, 8], [19, 19], [5, 33]] {
                if depthwise && channels[0] != channels[1] {
                    continue;
                }
                assert_conv_agrees(
                    Case {
                        batch: 5,
                        channels,
                        size,
                        kernel,
                        stride,
                        padding,
                        groups: if depthwise { channels[0] } else { 1 },
                        bias: channels[0] == 8,
                    },
                    channels[0] != 1,
                );
            }
        }
    }
}

/// The nearest bfloat16 of every value.
fn round<const D: usize>(tensor: &Tensor<D>) -> Tensor<D> {
    let dims = tensor.dims();
    let data = values(tensor.to_data()).into_iter();
    let rounded = data.map(|value| half::bf16::from_f32(value).to_f32());
    let data = TensorData::new(rounded.collect::<Vec<f32>>(), dims);
    Tensor::from_data(data, &tensor.device())
}

#[test]
fn bfloat16_convolutions_lose_only_the_rounding() {
    let device = device();
    let ops = FastOps {
        precision: Precision::Bf16,
    };
    for (kernel, stride, padding, _) in WINDOWS {
        for (size, batch) in [([44, 44], 3), ([11, 11], 5), ([5, 5], 12), ([7, 12], 1)] {
            for channels in [[2, 8], [8, 24], [19, 5], [33, 40], [1, 3]] {
                let case = Case {
                    batch,
                    channels,
                    size,
                    kernel,
                    stride,
                    padding,
                    groups: 1,
                    bias: channels[0] == 8,
                };
                let mut conv = case.module(&device);
                let input = case.input(&device);
                let weights = random(StockOps.conv2d(&conv, input.clone()).dims(), &device);
                let inexact = conv_run(&ops, &conv, &input, &weights, true);
                let exact = conv_run(&StockOps, &conv, &input, &weights, true);

                // Of numbers that are already rounded nothing is lost.
                let (input, weights) = (round(&input), round(&weights));
                conv.weight = Param::from_tensor(round(&conv.weight.val().detach()));
                let ours = conv_run(&ops, &conv, &input, &weights, true);
                let theirs = conv_run(&StockOps, &conv, &input, &weights, true);
                let names = ["output", "input grad", "weight grad", "bias grad"];
                for (index, name) in names.iter().enumerate() {
                    let what = format!("{case:?} {name}");
                    let pair = |a: &[Option<Vec<f32>>], b: &[Option<Vec<f32>>]| {
                        a[index].clone().zip(b[index].clone())
                    };
                    if let Some((ours, theirs)) = pair(&ours, &theirs) {
                        assert_close(&what, &ours, &theirs, 2e-5);
                    }
                    if let Some((ours, theirs)) = pair(&inexact, &exact) {
                        assert_close(&what, &ours, &theirs, 1e-2);
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_convolution_agrees_with_burn(
        batch in 1usize..12,
        channels in [1usize..40, 1usize..40],
        size in [1usize..20, 1usize..20],
        kernel in 1usize..5,
        stride in 1usize..4,
        padding in 0usize..3,
        depthwise: bool,
        bias: bool,
    ) {
        prop_assume!(size.iter().all(|size| size + 2 * padding >= kernel));
        let channels = if depthwise { [channels[0]; 2] } else { channels };
        let groups = if depthwise { channels[0] } else { 1 };
        let case = Case { batch, channels, size, kernel, stride, padding, groups, bias };
        assert_conv_agrees(case, true);
    }
}

/// The directional derivative of `loss` along `direction` at `point`, by central differences.
fn slope(point: &Tensor<4>, direction: &Tensor<4>, loss: impl Fn(Tensor<4>) -> f64) -> f64 {
    let step = 1e-2;
    let shifted = |step: f32| (point.clone() + direction.clone() * step).detach();
    (loss(shifted(step)) - loss(shifted(-step))) / f64::from(2.0 * step)
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    let products = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b));
    products.sum()
}

#[test]
fn convolution_gradients_are_slopes() {
    let device = device();
    for (kernel, stride, padding, depthwise) in WINDOWS {
        let case = Case {
            batch: 2,
            channels: [3, if depthwise { 3 } else { 4 }],
            size: [7, 6],
            kernel,
            stride,
            padding,
            groups: if depthwise { 3 } else { 1 },
            bias: false,
        };
        let conv = case.module(&device);
        let input = case.input(&device);
        let weights = random(
            FastOps::default().conv2d(&conv, input.clone()).dims(),
            &device,
        );
        let found = conv_run(&FastOps::default(), &conv, &input, &weights, true);
        let loss = |conv: &Conv2d, input: Tensor<4>| {
            let output = values(FastOps::default().conv2d(conv, input).into_data());
            dot(&output, &values(weights.clone().into_data()))
        };

        let direction = random(input.dims(), &device);
        let expected = slope(&input, &direction, |input| loss(&conv, input));
        let slope_found = dot(found[1].as_ref().unwrap(), &values(direction.into_data()));
        assert!(
            (expected - slope_found).abs() < 1e-2 * (1.0 + expected.abs()),
            "{case:?} input: {slope_found} instead of {expected}"
        );

        let weight = conv.weight.val().detach();
        let direction = random(weight.dims(), &device);
        let expected = slope(&weight, &direction, |weight| {
            let mut conv = conv.clone();
            conv.weight = Param::from_tensor(weight);
            loss(&conv, input.clone())
        });
        let slope_found = dot(found[2].as_ref().unwrap(), &values(direction.into_data()));
        assert!(
            (expected - slope_found).abs() < 1e-2 * (1.0 + expected.abs()),
            "{case:?} weight: {slope_found} instead of {expected}"
        );
    }
}

/// A batch norm with parameters and running statistics that are not the initial ones.
fn norm_module(channels: usize, device: &Device) -> BatchNorm {
    let mut norm = BatchNormConfig::new(channels)
        .with_momentum(0.2)
        .with_epsilon(1e-3)
        .init(device);
    norm.gamma = Param::from_tensor(random([channels], device));
    norm.beta = Param::from_tensor(random([channels], device));
    norm
}

/// Output, gradients of input, residual, gamma and beta, running mean and variance.
fn norm_run(
    ops: &impl Ops,
    norm: &BatchNorm,
    input: &Tensor<4>,
    residual: Option<&Tensor<4>>,
    relu: bool,
    weights: &Tensor<4>,
) -> Vec<Option<Vec<f32>>> {
    // Running statistics are shared between clones: start each run from its own module.
    let device = input.device();
    let mut fresh = norm_module(input.dims()[1], &device);
    fresh.gamma = norm.gamma.clone();
    fresh.beta = norm.beta.clone();
    let input = input.clone().detach().require_grad();
    let residual = residual.map(|residual| residual.clone().detach().require_grad());
    let output = ops.norm_act(&fresh, input.clone(), residual.clone(), relu);
    let grads = output.clone().mul(weights.clone()).sum().backward();
    let grad = |tensor: &Tensor<4>| tensor.grad(&grads).map(|grad| values(grad.into_data()));
    let parameter = |tensor: Tensor<1>| tensor.grad(&grads).map(|grad| values(grad.into_data()));
    vec![
        Some(values(output.into_data())),
        grad(&input),
        residual.as_ref().and_then(grad),
        parameter(fresh.gamma.val()),
        parameter(fresh.beta.val()),
        Some(values(fresh.running_mean.value_sync().into_data())),
        Some(values(fresh.running_var.value_sync().into_data())),
    ]
}

fn assert_norm_agrees(dims: [usize; 4], with_residual: bool, relu: bool) {
    let device = device();
    let norm = norm_module(dims[1], &device);
    let (input, weights) = (random(dims, &device), random(dims, &device));
    let residual = with_residual.then(|| random(dims, &device));
    let ours = norm_run(
        &FastOps::default(),
        &norm,
        &input,
        residual.as_ref(),
        relu,
        &weights,
    );
    let theirs = norm_run(&StockOps, &norm, &input, residual.as_ref(), relu, &weights);
    let names = [
        "output",
        "input",
        "residual",
        "gamma",
        "beta",
        "running mean",
        "running variance",
    ];
    for ((name, ours), theirs) in names.iter().zip(ours).zip(theirs) {
        let what = format!("{dims:?} residual {with_residual} relu {relu}: {name}");
        assert_eq!(ours.is_some(), theirs.is_some(), "{what}");
        if let (Some(ours), Some(theirs)) = (ours, theirs) {
            assert_close(&what, &ours, &theirs, 5e-5);
        }
    }
}

#[test]
fn norms_agree_with_burn() {
    for dims in [
        [4, 3, 44, 44],
        [3, 5, 11, 11],
        [8, 20, 5, 5],
        [6, 2, 1, 3],
        [2, 1, 17, 2],
    ] {
        for with_residual in [false, true] {
            for relu in [false, true] {
                assert_norm_agrees(dims, with_residual, relu);
            }
        }
    }
}

#[test]
fn norm_gradients_are_slopes() {
    let device = device();
    let dims = [3, 4, 5, 3];
    let norm = norm_module(dims[1], &device);
    let (input, weights) = (random(dims, &device), random(dims, &device));
    let residual = random(dims, &device);
    // Without a ReLU: its kinks have no slope.
    let found = norm_run(
        &FastOps::default(),
        &norm,
        &input,
        Some(&residual),
        false,
        &weights,
    );
    let loss = |input: Tensor<4>| {
        let output = FastOps::default().norm_act(&norm, input, Some(residual.clone()), false);
        dot(
            &values(output.into_data()),
            &values(weights.clone().into_data()),
        )
    };
    let direction = random(dims, &device);
    let expected = slope(&input, &direction, loss);
    let slope_found = dot(found[1].as_ref().unwrap(), &values(direction.into_data()));
    assert!(
        (expected - slope_found).abs() < 1e-2 * (1.0 + expected.abs()),
        "{slope_found} instead of {expected}"
    );
}

#[test]
fn large_means_keep_the_variance() {
    let device = device();
    let input = random([4, 2, 9, 9], &device) + 1e4;
    let norm = BatchNormConfig::new(2).init(&device);
    let output = values(
        FastOps::default()
            .norm_act(&norm, input, None, false)
            .into_data(),
    );
    let count = output.len() as f64;
    let variance = dot(&output, &output) / count;
    assert!((variance - 1.0).abs() < 1e-2, "{variance}");
}

#[test]
fn inference_uses_running_statistics() {
    let device = Device::flex();
    let norm = BatchNormConfig::new(3).init(&device);
    let input = random([2, 3, 4, 4], &device);
    let ours = values(
        FastOps::default()
            .norm_act(&norm, input.clone(), None, true)
            .into_data(),
    );
    let theirs = values(StockOps.norm_act(&norm, input, None, true).into_data());
    assert_eq!(ours, theirs);
}

#[test]
fn pools_agree_with_burn() {
    let device = device();
    let pool = MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init();
    for size in [[44, 44], [11, 11], [5, 8], [2, 3], [3, 2]] {
        let input = random([3, 4, size[0], size[1]], &device);
        let weights = random([3, 4, size[0] / 2, size[1] / 2], &device);
        let run = |ops: &dyn Fn(Tensor<4>) -> Tensor<4>| {
            let input = input.clone().detach().require_grad();
            let output = ops(input.clone());
            let grads = output.clone().mul(weights.clone()).sum().backward();
            let grad = input.grad(&grads).expect("the input is tracked");
            (values(output.into_data()), values(grad.into_data()))
        };
        let ours = run(&|input| FastOps::default().max_pool2d(&pool, input));
        let theirs = run(&|input| StockOps.max_pool2d(&pool, input));
        assert_eq!(ours, theirs, "{size:?}");
    }
}

#[test]
fn views_are_read_in_order() {
    let device = device();
    let conv = Conv2dConfig::new([3, 4], [3, 3]).init(&device);
    let input = random([2, 6, 5, 3], &device).permute([0, 3, 1, 2]);
    let ours = values(FastOps::default().conv2d(&conv, input.clone()).into_data());
    let theirs = values(StockOps.conv2d(&conv, input).into_data());
    assert_close("permuted input", &ours, &theirs, 1e-5);
}
