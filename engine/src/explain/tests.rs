//! What holds for every method: on a network that looks at one pixel, on networks of random
//! weights, on symmetric ones.

use proptest::prelude::*;

use super::*;
use crate::classify::Classifier;
use crate::cpu;
use crate::expression::Expression;
use crate::plan::{Activation, InputSpec, Layer, LayerKind, Plan, Residual, TensorId, Window};
use crate::random::Random;
use crate::runner::Runner;

const CLASSES: usize = Expression::FER2013.len();

fn classifier(scale: f32, layers: Vec<Layer>) -> Classifier {
    let outputs = vec![TensorId(layers.len() as u16)];
    let plan = Plan {
        input: InputSpec {
            channels: 1,
            size: Some([SIDE; 2]),
            multiple: 1,
            scale,
            offset: 0.0,
        },
        layers,
        outputs,
    };
    let runner = cpu::Runner::new(plan).expect("a valid plan");
    Classifier::new(Runner::Cpu(Box::new(runner))).expect("a classifier")
}

fn layer(input: u16, kind: LayerKind, activation: Activation) -> Layer {
    Layer {
        input: TensorId(input),
        kind,
        residual: None,
        activation,
    }
}

/// A network whose logit of `happy` is the pixel at a place, over 50, and of `sad` its opposite.
pub(super) fn watcher(y: usize, x: usize) -> Classifier {
    let mut weight = vec![0.0; CLASSES * PIXELS];
    weight[Expression::Happy.index() * PIXELS + y * SIDE + x] = 1.0;
    weight[Expression::Sad.index() * PIXELS + y * SIDE + x] = -1.0;
    let kind = LayerKind::Conv {
        window: Window::square(SIDE, 1, 0),
        out_channels: CLASSES,
        weight,
        bias: vec![0.0; CLASSES],
    };
    classifier(1.0 / 50.0, vec![layer(0, kind, Activation::Identity)])
}

/// A small residual network of random weights. A symmetric one treats left and right alike.
fn network(seed: u64, symmetric: bool) -> Classifier {
    let mut random = Random::new(seed);
    let mut conv = |inputs: usize, outputs: usize, kernel: usize, stride: usize| {
        let scale = (2.0 / (inputs * kernel * kernel) as f32).sqrt();
        let mut weight: Vec<f32> = (0..outputs * kernel * kernel * inputs)
            .map(|_| scale * random.normal())
            .collect();
        if symmetric {
            // [outputs, rows, columns, inputs]: the last column like the first.
            for row in weight.chunks_exact_mut(kernel * inputs) {
                for channel in 0..inputs {
                    row[(kernel - 1) * inputs + channel] = row[channel];
                }
            }
        }
        LayerKind::Conv {
            window: Window {
                kernel: [kernel; 2],
                stride: [stride; 2],
                pad_start: [kernel / 2; 2],
                pad_end: [kernel / 2; 2],
            },
            out_channels: outputs,
            weight,
            bias: (0..outputs).map(|_| 0.1 * random.normal()).collect(),
        }
    };
    let mut layers = vec![
        layer(0, conv(1, 6, 3, 1), Activation::Relu),
        layer(1, conv(6, 6, 3, 1), Activation::Relu),
    ];
    layers[1].residual = Some(Residual::BeforeActivation(TensorId(1)));
    let pool = LayerKind::AveragePool(Window::square(2, 2, 0));
    layers.push(layer(2, pool, Activation::Identity));
    layers.push(layer(3, conv(6, 8, 3, 1), Activation::Relu));
    layers.push(layer(4, LayerKind::GlobalAveragePool, Activation::Identity));
    layers.push(layer(5, conv(8, CLASSES, 1, 1), Activation::Identity));
    classifier(1.0 / 64.0, layers)
}

/// One dense layer of random weights on the crop, whose prediction a cover easily changes.
fn dense(seed: u64) -> Classifier {
    let mut random = Random::new(seed);
    let kind = LayerKind::Conv {
        window: Window::square(SIDE, 1, 0),
        out_channels: CLASSES,
        weight: (0..CLASSES * PIXELS)
            .map(|_| 0.02 * random.normal())
            .collect(),
        bias: vec![0.0; CLASSES],
    };
    classifier(1.0 / 64.0, vec![layer(0, kind, Activation::Identity)])
}

/// A smooth picture.
fn picture(seed: u64) -> Vec<f32> {
    let noise: Vec<f32> = (0..PIXELS)
        .map({
            let mut random = Random::new(seed);
            move |_| 255.0 * random.unit()
        })
        .collect();
    let smooth = gaussian_blur(&noise, 1.5);
    let contrast = |value: &f32| (127.5 + 4.0 * (value - 127.5)).clamp(0.0, 255.0);
    smooth.iter().map(contrast).collect()
}

fn run(classifier: &mut Classifier, pixels: &[f32], method: &Method, target: Target) -> Saliency {
    let parts = FaceParts::typical();
    pollster::block_on(explain(classifier, pixels, &parts, method, target)).expect("valid")
}

/// Every method, those that draw masks with few of them.
fn methods() -> Vec<Method> {
    MethodKind::ALL
        .map(|kind| match kind.method() {
            Method::Rise(options) => Method::Rise(RiseOptions {
                masks: 200,
                ..options
            }),
            method => method,
        })
        .to_vec()
}

fn happy(score: Score) -> Target {
    Target::new(Expression::Happy, score)
}

#[test]
fn every_method_finds_the_pixel_that_counts() {
    // Bright, so that it lies above what covers it.
    let (y, x) = (37, 24);
    let mut pixels = vec![90.0; PIXELS];
    pixels[y * SIDE + x] = 250.0;
    for method in methods() {
        let saliency = run(&mut watcher(y, x), &pixels, &method, happy(Score::Logit));
        assert_eq!(saliency.values.len(), PIXELS);
        assert!((saliency.score - 5.0).abs() < 1e-4);
        let most = saliency.values.iter().copied().fold(f32::MIN, f32::max);
        let there = saliency.values[y * SIDE + x];
        let slack = match method.kind() {
            // The masks' cells are larger than a pixel, and few.
            MethodKind::Rise => 0.7 * most,
            _ => most - 1e-5,
        };
        assert!(
            most > 0.0 && there >= slack,
            "{method:?}: {there} of {most}"
        );
    }
}

#[test]
fn a_contrast_has_the_opposite_signs_of_its_reverse() {
    let mut network = network(5, false);
    let pixels = picture(6);
    for method in methods() {
        let [one, other] = [
            (Expression::Happy, Expression::Neutral),
            (Expression::Neutral, Expression::Happy),
        ]
        .map(|(class, against)| {
            let target = Target::contrast(class, against, Score::Logit);
            run(&mut network, &pixels, &method, target)
        });
        assert!((one.score + other.score).abs() < 1e-5);
        assert!(
            one.values.iter().any(|value| value.abs() > 1e-6),
            "{method:?}"
        );
        for (one, other) in one.values.iter().zip(&other.values) {
            assert!((one + other).abs() < 1e-4, "{method:?}");
        }
    }
}

#[test]
fn what_cannot_be_explained_is_refused() {
    let mut network = network(1, false);
    let pixels = picture(1);
    let parts = FaceParts::typical();
    for kind in MethodKind::ALL {
        let mut explained = |target: Target| {
            pollster::block_on(explain(
                &mut network,
                &pixels,
                &parts,
                &kind.method(),
                target,
            ))
        };
        let label = explained(happy(Score::Label));
        if kind.scores().contains(&Score::Label) {
            assert!(label.is_ok());
        } else {
            assert!(matches!(label, Err(ExplainError::NoDerivative)));
        }
        let itself = Target::contrast(Expression::Sad, Expression::Sad, Score::Logit);
        assert!(matches!(explained(itself), Err(ExplainError::SameClass)));
    }
    let short = run_short(&mut network);
    assert!(matches!(short, Err(ExplainError::Classify(_))));
}

fn run_short(network: &mut Classifier) -> Result<Saliency, ExplainError> {
    let (pixels, parts) = (vec![0.0; 100], FaceParts::typical());
    let method = MethodKind::IntegratedGradients.method();
    pollster::block_on(explain(
        network,
        &pixels,
        &parts,
        &method,
        happy(Score::Logit),
    ))
}

#[test]
fn settings_can_be_listed_and_changed() {
    for kind in MethodKind::ALL {
        assert_eq!(MethodKind::from_name(kind.name()), Some(kind));
        let method = kind.method();
        for setting in method.settings() {
            let (least, most) = match setting.choices {
                Choices::Range(least, most) => (least, most),
                Choices::Fills(fills) => (0, fills.len() as u32 - 1),
            };
            for value in [least, most] {
                let changed = method.with(setting.parameter, value).expect("in range");
                let found = changed
                    .settings()
                    .into_iter()
                    .find(|it| it.parameter == setting.parameter);
                assert_eq!(found.map(|it| it.value), Some(value), "{kind:?}");
            }
            let beyond = method.with(setting.parameter, most + 1);
            assert!(matches!(beyond, Err(ExplainError::Setting { .. })));
        }
    }
    let none = MethodKind::GradCam.method().with(Parameter::Masks, 100);
    assert!(matches!(none, Err(ExplainError::NoSuchSetting(_))));
    // A smaller square takes its step with it.
    let small = MethodKind::Occlusion
        .method()
        .with(Parameter::Patch, 2)
        .expect("in range");
    assert!(matches!(small, Method::Occlusion(options) if options.stride == 2));
}

#[test]
fn part_effects_add_up_and_are_ranked() {
    let mut network = network(8, false);
    let pixels = picture(9);
    let parts = FaceParts::typical();
    let target = happy(Score::Probability);
    let options = ShapleyOptions::default();
    let effects = part_effects(&mut network, &pixels, &parts, &options, target);
    let effects = pollster::block_on(effects).expect("valid");
    let sum: f32 = effects.effects.iter().map(|effect| effect.value).sum();
    assert!((sum - (effects.whole - effects.nothing)).abs() < 1e-5);
    let shares = |sign: f32| -> f32 {
        let shares = effects.effects.iter().map(|effect| sign * effect.share);
        shares.filter(|share| *share > 0.0).sum()
    };
    for sign in [1.0, -1.0] {
        assert!(shares(sign) < 1e-6 || (shares(sign) - 1.0).abs() < 1e-4);
    }
    assert!(
        effects
            .ranked()
            .windows(2)
            .all(|pair| pair[0].value >= pair[1].value)
    );
    // A drop is what covering the part alone does.
    let whole = pollster::block_on(network.logits(&pixels, 1)).expect("valid")[0];
    for effect in &effects.effects {
        let mean = pixels.iter().sum::<f32>() / PIXELS as f32;
        let mask = parts.mask(&[effect.part]);
        let pairs = pixels.iter().zip(mask);
        let covered: Vec<f32> = pairs
            .map(|(&it, covered)| if covered { mean } else { it })
            .collect();
        let logits = pollster::block_on(network.logits(&covered, 1)).expect("valid")[0];
        let drop = target.value(&whole) - target.value(&logits);
        assert!((drop - effect.drop).abs() < 1e-4);
    }
    // The map shows each part's value.
    let saliency = run(&mut network, &pixels, &Method::Shapley(options), target);
    for (map, (share, part)) in effects
        .map()
        .iter()
        .zip(saliency.values.iter().zip(parts.pixels()))
    {
        assert!((map - share * parts.count(*part) as f32).abs() < 1e-4);
    }
}

#[test]
fn a_counter_example_changes_the_prediction_and_has_nothing_needless() {
    let mut found = 0;
    for seed in 0..6 {
        let mut network = dense(seed);
        let pixels = picture(seed + 50);
        for fill in [Fill::Mean, Fill::Blur] {
            let options = CounterExampleOptions { cell: 8, fill };
            let example = counter_example(&mut network, &pixels, &options);
            let Some(example) = pollster::block_on(example).expect("valid") else {
                continue;
            };
            found += 1;
            let mut read = |picture: &[f32]| {
                let logits = pollster::block_on(network.logits(picture, 1)).expect("valid")[0];
                target::most_probable(&logits)
            };
            assert_eq!(read(&example.picture(&pixels, fill)), example.after);
            let mut prediction =
                |covered: &[bool]| read(&fill.cover(&pixels, &fill.background(&pixels), covered));
            assert_eq!(prediction(&[false; PIXELS]), example.before);
            assert_eq!(prediction(&example.covered), example.after);
            assert_ne!(example.before, example.after);
            assert!(example.area() > 0.0 && example.area() <= 0.5);
            let cell = |index: usize| (index / SIDE / 8, index % SIDE / 8);
            for first in (0..PIXELS).filter(|&index| example.covered[index]) {
                let mut fewer = example.covered.clone();
                for (index, covered) in fewer.iter_mut().enumerate() {
                    *covered &= cell(index) != cell(first);
                }
                if fewer.iter().any(|it| *it) {
                    assert_eq!(prediction(&fewer), example.before);
                }
            }
        }
    }
    assert!(found > 6, "{found}");
}

#[test]
fn a_prediction_that_nothing_changes_has_no_counter_example() {
    // Happy is always ahead: the bias decides.
    let mut bias = vec![0.0; CLASSES];
    bias[Expression::Happy.index()] = 9.0;
    let kind = LayerKind::Conv {
        window: Window::square(SIDE, 1, 0),
        out_channels: CLASSES,
        weight: vec![0.0; CLASSES * PIXELS],
        bias,
    };
    let mut stubborn = classifier(1.0, vec![layer(0, kind, Activation::Identity)]);
    let options = CounterExampleOptions::default();
    let pixels = picture(2);
    let example = counter_example(&mut stubborn, &pixels, &options);
    assert_eq!(pollster::block_on(example).expect("valid"), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Sundararajan et al., proposition 1.
    #[test]
    fn integrated_gradients_are_complete(seed in any::<u64>(), is_probability in any::<bool>()) {
        let mut network = network(seed, false);
        let pixels = picture(seed ^ 1);
        let score = if is_probability { Score::Probability } else { Score::Logit };
        let options = IntegratedGradientsOptions { steps: 512, fill: Fill::Mean };
        let method = Method::IntegratedGradients(options);
        let saliency = run(&mut network, &pixels, &method, happy(score));
        let nothing = Fill::Mean.background(&pixels);
        let nothing = pollster::block_on(network.logits(&nothing, 1)).expect("valid")[0];
        let difference = saliency.score - happy(score).value(&nothing);
        let sum: f32 = saliency.values.iter().sum();
        prop_assert!((sum - difference).abs() < 0.01 * (1.0 + difference.abs()), "{sum} {difference}");
    }

    #[test]
    fn shapley_values_are_efficient(seed in any::<u64>()) {
        let mut network = network(seed, false);
        let pixels = picture(seed ^ 2);
        let method = MethodKind::Shapley.method();
        let saliency = run(&mut network, &pixels, &method, happy(Score::Probability));
        let nothing = Fill::Mean.background(&pixels);
        let nothing = pollster::block_on(network.logits(&nothing, 1)).expect("valid")[0];
        let difference = saliency.score - happy(Score::Probability).value(&nothing);
        prop_assert!((saliency.values.iter().sum::<f32>() - difference).abs() < 1e-4);
    }

    /// A network that treats left and right alike explains a symmetric face symmetrically.
    #[test]
    fn symmetric_networks_give_symmetric_maps(seed in any::<u64>()) {
        let mut network = network(seed, true);
        let half = picture(seed ^ 3);
        let mirrored = |index: usize| index - index % SIDE + SIDE - 1 - index % SIDE;
        let pixels: Vec<f32> = (0..PIXELS)
            .map(|index| f32::midpoint(half[index], half[mirrored(index)]))
            .collect();
        for method in methods() {
            let method = match method {
                // Its last step would be shorter than the others.
                Method::Occlusion(options) => {
                    Method::Occlusion(OcclusionOptions { stride: 4, ..options })
                }
                // Masks are drawn, and not in pairs.
                Method::Rise(_) => continue,
                method => method,
            };
            let map = run(&mut network, &pixels, &method, happy(Score::Logit)).values;
            let largest = map.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
            for index in 0..PIXELS {
                let difference = (map[index] - map[mirrored(index)]).abs();
                // A ReLU at its kink may be rounded to either side in one of many steps.
                let share = match &method {
                    Method::IntegratedGradients(options) => 1.0 / options.steps as f32,
                    _ => 2e-3,
                };
                prop_assert!(difference <= share * largest + 1e-5, "{method:?} at {index}: {difference} of {largest}");
            }
        }
    }

    /// What a network of other weights is explained by is another map.
    #[test]
    fn maps_hang_on_the_weights(seed in any::<u64>()) {
        let (mut one, mut other) = (network(seed, false), network(seed ^ 0xff, false));
        let pixels = picture(seed ^ 4);
        for method in methods() {
            let [first, second] = [&mut one, &mut other]
                .map(|network| run(network, &pixels, &method, happy(Score::Logit)).values);
            prop_assert_ne!(first, second);
        }
    }
}
