//! Weights from elsewhere arrive where they belong.

mod common;

use std::fs;
use std::io::Write;
use std::path::Path;

use burn::module::Module;
use burn::store::{BurnToPyTorchAdapter, ModuleSnapshot, bridge};
use burn::tensor::module::conv2d;
use burn::tensor::ops::{ConvOptions, PadMode};
use burn::tensor::{Device, Tensor, TensorData};
use half::f16;
use mien_engine::nets::blocks::mean_over_map;
use mien_engine::nets::stack::resized;
use mien_engine::nets::studies::{StudyConfig, StudyNetwork, System};
use mien_engine::nets::{Network, NetworkConfig, StockOps};
use mien_trainer::pretrained::{self, PretrainedError};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A name, a shape and numbers.
type Entry = (String, Vec<usize>, Vec<f32>);

fn config(system: System, reduce: usize) -> StudyConfig {
    StudyConfig {
        system,
        classes: 7,
        rgb: false,
        reduce,
    }
}

fn fresh(config: &StudyConfig) -> Network {
    NetworkConfig::Study(config.clone()).init(&Device::flex())
}

fn load(path: &Path, config: &StudyConfig) -> Result<Network, PretrainedError> {
    let network = NetworkConfig::Study(config.clone());
    pretrained::load(path, &network, fresh(config), &common::faces(16))
}

/// All tensors of a network as PyTorch has them, in the order of its layers, with our names.
fn tensors(network: &Network) -> Vec<Entry> {
    let all = network.collect(None, Some(Box::new(BurnToPyTorchAdapter)), true);
    let entry = |tensor: &burn::store::burn_pack::Tensor| {
        let data = bridge::to_data(tensor).expect("a tensor");
        let shape = data.shape().as_slice().to_vec();
        (tensor.name.clone(), shape, data.iter::<f32>().collect())
    };
    all.iter().map(entry).collect()
}

/// torchvision's names of the layers of convolution and batch norm, in the order of ours.
fn pairs(system: System) -> Vec<[String; 2]> {
    match system {
        System::ResNet50 => res_net50(),
        System::InceptionV3 => {
            let pair = |name: String| [format!("{name}.conv"), format!("{name}.bn")];
            inception_v3().into_iter().map(pair).collect()
        }
        _ => unreachable!("no batch norms"),
    }
}

fn res_net50() -> Vec<[String; 2]> {
    let mut names = vec![["conv1".to_owned(), "bn1".to_owned()]];
    for (layer, blocks) in [(1, 3), (2, 4), (3, 6), (4, 3)] {
        for block in 0..blocks {
            let at = format!("layer{layer}.{block}");
            for number in 1..=3 {
                names.push([format!("{at}.conv{number}"), format!("{at}.bn{number}")]);
            }
            if block == 0 {
                names.push([0, 1].map(|part| format!("{at}.downsample.{part}")));
            }
        }
    }
    names
}

/// The layers as torchvision's source lists them; where paths fork, both ends follow the last path.
fn inception_v3() -> Vec<String> {
    let a = "1x1 5x5_1 5x5_2 3x3dbl_1 3x3dbl_2 3x3dbl_3 _pool";
    let b = "3x3 3x3dbl_1 3x3dbl_2 3x3dbl_3";
    let c = "1x1 7x7_1 7x7_2 7x7_3 7x7dbl_1 7x7dbl_2 7x7dbl_3 7x7dbl_4 7x7dbl_5 _pool";
    let d = "3x3_1 3x3_2 7x7x3_1 7x7x3_2 7x7x3_3 7x7x3_4";
    let e = "1x1 3x3_1 3x3dbl_1 3x3dbl_2 3x3_2a 3x3_2b 3x3dbl_3a 3x3dbl_3b _pool";
    let mut names: Vec<String> = ["1a_3x3", "2a_3x3", "2b_3x3", "3b_1x1", "4a_3x3"]
        .map(|name| format!("Conv2d_{name}"))
        .to_vec();
    for (block, branches) in [
        ("5b", a),
        ("5c", a),
        ("5d", a),
        ("6a", b),
        ("6b", c),
        ("6c", c),
        ("6d", c),
        ("6e", c),
        ("7a", d),
        ("7b", e),
        ("7c", e),
    ] {
        let name = |branch| format!("Mixed_{block}.branch{branch}");
        names.extend(branches.split(' ').map(name));
    }
    names
}

/// The names of all tensors of EfficientNet-B0 but the classifier's.
fn efficient_net() -> Vec<String> {
    let mut names = Vec::new();
    let mut pair = |at: &str| {
        names.push(format!("{at}.0.weight"));
        for value in ["weight", "bias", "running_mean", "running_var"] {
            names.push(format!("{at}.1.{value}"));
        }
    };
    pair("features.0");
    let mut attention = Vec::new();
    for (stage, blocks) in [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (6, 4), (7, 1)] {
        for block in 0..blocks {
            let at = format!("features.{stage}.{block}.block");
            let last = if stage == 1 { 2 } else { 3 };
            for part in (0..=last).filter(|&part| part != last - 1) {
                pair(&format!("{at}.{part}"));
            }
            attention.push((
                format!("{at}.{last}.0.weight"),
                format!("{at}.{}", last - 1),
            ));
        }
    }
    pair("features.8");
    // Squeeze and excitation comes before the last convolution of its block.
    for (before, at) in attention {
        let place = names.iter().position(|name| *name == before);
        let place = place.expect("the convolution");
        let of = ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"];
        names.splice(place..place, of.map(|name| format!("{at}.{name}")));
    }
    names
}

/// torchvision's names of a network's tensors, in the order of ours.
fn names(system: System) -> Vec<String> {
    match system {
        System::Vgg16 => [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]
            .iter()
            .flat_map(|place| ["weight", "bias"].map(|of| format!("features.{place}.{of}")))
            .collect(),
        System::EfficientNet => efficient_net(),
        _ => pairs(system)
            .into_iter()
            .flat_map(|[conv, norm]| {
                let of = ["weight", "bias", "running_mean", "running_var"];
                let norms = of.map(|of| format!("{norm}.{of}"));
                std::iter::once(format!("{conv}.weight")).chain(norms)
            })
            .collect(),
    }
}

/// The tensors of a network with torchvision's names and three colours, besides two that no network
/// has.
fn state_dict(system: System, network: &Network) -> Vec<Entry> {
    let mut entries: Vec<Entry> = (names(system).into_iter().zip(tensors(network)))
        .map(|(name, (_, shape, numbers))| (name, shape, numbers))
        .collect();
    let (_, shape, numbers) = &mut entries[0];
    let kernel: usize = shape[2..].iter().product();
    shape[1] = 3;
    // A half, a quarter and a quarter: the sum is exact.
    *numbers = (numbers.chunks_exact(kernel))
        .flat_map(|filter| [0.5, 0.25, 0.25].map(|share| filter.iter().map(move |w| share * w)))
        .flatten()
        .collect();
    entries.push(("num_batches_tracked".to_owned(), vec![1], vec![7.0]));
    entries.push(("fc.bias".to_owned(), vec![1000], vec![0.5; 1000]));
    entries
}

/// What `torch.save` writes: a zip file with a pickle that names the others.
fn write_pth(path: &Path, entries: &[Entry]) {
    let mut pickle = b"\x80\x02ccollections\nOrderedDict\n)R(".to_vec();
    let text = |pickle: &mut Vec<u8>, text: &str| {
        pickle.push(b'X');
        pickle.extend((text.len() as u32).to_le_bytes());
        pickle.extend(text.as_bytes());
    };
    let number = |pickle: &mut Vec<u8>, number: usize| {
        pickle.push(b'J');
        pickle.extend((number as u32).to_le_bytes());
    };
    for (index, (name, shape, numbers)) in entries.iter().enumerate() {
        text(&mut pickle, name);
        pickle.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        text(&mut pickle, "storage");
        pickle.extend(b"ctorch\nFloatStorage\n");
        text(&mut pickle, &index.to_string());
        text(&mut pickle, "cpu");
        number(&mut pickle, numbers.len());
        pickle.extend(b"tQ");
        number(&mut pickle, 0);
        pickle.push(b'(');
        for &side in shape {
            number(&mut pickle, side);
        }
        pickle.extend(b"t(");
        for axis in 0..shape.len() {
            number(&mut pickle, shape[axis + 1..].iter().product());
        }
        pickle.extend(b"t\x89ccollections\nOrderedDict\n)RtR");
    }
    pickle.extend(b"u.");
    let mut zip = ZipWriter::new(fs::File::create(path).expect("a file"));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut add = |name: String, bytes: &[u8]| {
        zip.start_file(name, stored).expect("an entry");
        zip.write_all(bytes).expect("its bytes");
    };
    add("archive/data.pkl".to_owned(), &pickle);
    for (index, (_, _, numbers)) in entries.iter().enumerate() {
        add(
            format!("archive/data/{index}"),
            bytemuck::cast_slice(numbers),
        );
    }
    add("archive/version".to_owned(), b"3\n");
    zip.finish().expect("a zip file");
}

/// A safetensors file of 16-bit floats.
fn write_safetensors(path: &Path, entries: &[Entry]) {
    let bytes: Vec<Vec<u8>> = (entries.iter())
        .map(|(_, _, numbers)| {
            let halves = numbers.iter().map(|&number| f16::from_f32(number));
            halves.flat_map(f16::to_le_bytes).collect()
        })
        .collect();
    let views = entries.iter().zip(&bytes).map(|((name, shape, _), bytes)| {
        let view =
            safetensors::tensor::TensorView::new(safetensors::Dtype::F16, shape.clone(), bytes);
        (name.as_str(), view.expect("a tensor"))
    });
    let file = safetensors::serialize(views, None).expect("a file");
    fs::write(path, file).expect("written");
}

/// All layers but the last are the other network's.
fn is_same(found: &Network, expected: &Network, layers: usize, apart: f32) {
    let (found, expected) = (tensors(found), tensors(expected));
    for (found, expected) in found.iter().zip(&expected).take(layers) {
        assert_eq!(found.1, expected.1, "{}", found.0);
        for (a, b) in found.2.iter().zip(&expected.2) {
            assert!((a - b).abs() <= apart, "{}: {a} and {b}", found.0);
        }
    }
    assert!(found.len() > layers, "the last layer is left");
    assert_ne!(
        found[layers].2, expected[layers].2,
        "the last layer is fresh"
    );
}

#[test]
fn a_state_dict_of_pytorch_fills_each_network() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for system in [
        System::Vgg16,
        System::ResNet50,
        System::InceptionV3,
        System::EfficientNet,
    ] {
        let config = config(system, 8);
        let network = fresh(&config);
        let path = folder.path().join(format!("{system:?}.pth"));
        write_pth(&path, &state_dict(system, &network));
        let found = load(&path, &config).unwrap_or_else(|error| panic!("{system:?}: {error}"));
        is_same(&found, &network, names(system).len(), 0.0);
    }
}

#[test]
fn a_file_of_safetensors_in_16_bits_does_so_as_well() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = config(System::ResNet50, 8);
    let network = fresh(&config);
    let path = folder.path().join("weights.safetensors");
    write_safetensors(&path, &state_dict(System::ResNet50, &network));
    let found = load(&path, &config).expect("a network");
    is_same(&found, &network, names(System::ResNet50).len(), 2e-3);
    // The numbers have 32 bits again: a run can begin with them.
    let faces = Tensor::zeros([1, 1, 48, 48], &Device::flex());
    assert_eq!(found.forward(faces, &StockOps).dims(), [1, 7]);
}

#[test]
fn what_does_not_fit_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("weights.pth");
    let config = config(System::ResNet50, 8);
    let mut entries = state_dict(System::ResNet50, &fresh(&config));

    let removed = entries.remove(5);
    write_pth(&path, &entries);
    let error = load(&path, &config).expect_err("a tensor is missing");
    let PretrainedError::Missing { name } = error else {
        panic!("{error}");
    };
    assert_eq!(name, "blocks.0.narrow.conv.weight");
    entries.push(removed);

    write_pth(&path, &entries);
    let wider = StudyConfig {
        reduce: 4,
        ..config.clone()
    };
    let error = load(&path, &wider).expect_err("another width");
    assert!(matches!(error, PretrainedError::Shape { .. }), "{error}");

    let deep = StudyConfig {
        system: System::Deep,
        ..config.clone()
    };
    let error = load(&path, &deep).expect_err("no names are known");
    assert!(matches!(error, PretrainedError::Network), "{error}");

    for name in ["torn.pth", "torn.safetensors"] {
        let torn = folder.path().join(name);
        let bytes = fs::read(&path).expect("the file");
        fs::write(&torn, &bytes[..bytes.len() / 3]).expect("written");
        let error = load(&torn, &config).expect_err("half a file");
        assert!(matches!(error, PretrainedError::Format { .. }), "{error}");
        let error = load(&folder.path().join("no").join(name), &config).expect_err("no file");
        assert!(matches!(error, PretrainedError::Read { .. }), "{error}");
    }
}

/// Numbers around zero that look drawn at random.
fn noise(count: usize, size: f32, seed: usize) -> Vec<f32> {
    let value = |index: usize| ((index + 31 * seed) as f32 * 12.9898).sin() * 43_758.547;
    (0..count)
        .map(|index| size * (value(index).fract()))
        .collect()
}

/// A folded `MobileNetV1` of an eighth of the channels, as its converter stores it.
fn graph() -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut add = |name: String, shape: Vec<usize>, size: f32| {
        let count = shape.iter().product();
        let numbers = noise(count, size, entries.len());
        entries.push((name, shape, numbers));
    };
    add("feats/bias".to_owned(), vec![3], 1.0);
    add(
        "conv1/convolution/merged_input".to_owned(),
        vec![3, 3, 3, 4],
        5e-3,
    );
    add("conv1_bn/batchnorm_1/sub".to_owned(), vec![4], 0.5);
    let mut from = 4;
    for (index, to) in [8, 16, 16, 32, 32, 64, 64, 64, 64, 64, 64, 128, 128]
        .iter()
        .enumerate()
    {
        let number = index + 1;
        let norm = format!("conv_dw_{number}_bn/batchnorm_1");
        add(
            format!("conv_dw_{number}/depthwise_kernel"),
            vec![3, 3, from, 1],
            0.6,
        );
        add(format!("{norm}/mul"), vec![from], 1.5);
        add(format!("{norm}/sub"), vec![from], 0.5);
        let size = 2.0 / (from as f32).sqrt();
        add(
            format!("conv_pw_{number}/convolution/merged_input"),
            vec![1, 1, from, *to],
            size,
        );
        add(
            format!("conv_pw_{number}_bn/batchnorm_1/sub"),
            vec![*to],
            0.5,
        );
        from = *to;
    }
    entries
}

fn write_graph(path: &Path, entries: &[Entry]) {
    let weights: Vec<_> = (entries.iter())
        .map(|(name, shape, _)| {
            serde_json::json!({ "name": name, "shape": shape, "dtype": "float32" })
        })
        .collect();
    let graph = serde_json::json!({
        "format": "graph-model",
        "weightsManifest": [{ "paths": ["weights.bin"], "weights": weights }],
    });
    fs::write(path, graph.to_string()).expect("written");
    let bytes: Vec<u8> = (entries.iter())
        .flat_map(|(_, _, numbers)| numbers.iter().flat_map(|number| number.to_le_bytes()))
        .collect();
    fs::write(path.with_file_name("weights.bin"), bytes).expect("written");
}

/// The graph's own computation on pixels of 0 to 255: blue, green and red minus their means.
fn features(entries: &[Entry], pixels: Tensor<4>) -> Tensor<2> {
    let device = Device::flex();
    let get = |name: &str| {
        let entry = entries.iter().find(|(other, ..)| other == name);
        let (_, shape, numbers) = entry.unwrap_or_else(|| panic!("no {name}"));
        TensorData::new(numbers.clone(), shape.clone())
    };
    let vector = |name: String| {
        let values = Tensor::<1>::from_data(get(&name), &device);
        let channels = values.dims()[0];
        values.reshape([1, channels, 1, 1])
    };
    let options = |stride, pad, groups| ConvOptions::new([stride; 2], [pad; 2], [1; 2], groups);
    // Beyond the faces is what our networks take for zero.
    let x = resized(pixels, 96).pad((0, 1, 0, 1), PadMode::Constant(128.0));
    let means = Tensor::<1>::from_floats([103.939, 116.779, 123.68], &device);
    let x = x.repeat_dim(1, 3) - means.reshape([1, 3, 1, 1]);
    let kernel = Tensor::<4>::from_data(get("conv1/convolution/merged_input"), &device);
    let x = conv2d(x, kernel.permute([3, 2, 0, 1]), None, options(2, 0, 1));
    let mut x = (x + vector("conv1_bn/batchnorm_1/sub".to_owned())).clamp(0.0, 6.0);
    for number in 1..=13 {
        let kernel = get(&format!("conv_dw_{number}/depthwise_kernel"));
        let kernel = Tensor::<4>::from_data(kernel, &device).permute([2, 3, 0, 1]);
        let channels = kernel.dims()[0];
        let halves = [2, 4, 6, 12].contains(&number);
        x = if halves {
            let x = x.pad((0, 1, 0, 1), PadMode::Constant(0.0));
            conv2d(x, kernel, None, options(2, 0, channels))
        } else {
            conv2d(x, kernel, None, options(1, 1, channels))
        };
        let norm = format!("conv_dw_{number}_bn/batchnorm_1");
        x = x * vector(format!("{norm}/mul")) + vector(format!("{norm}/sub"));
        let kernel = get(&format!("conv_pw_{number}/convolution/merged_input"));
        let kernel = Tensor::<4>::from_data(kernel, &device).permute([3, 2, 0, 1]);
        x = conv2d(x.clamp(0.0, 6.0), kernel, None, options(1, 0, 1));
        x = x + vector(format!("conv_pw_{number}_bn/batchnorm_1/sub"));
        x = x.clamp(0.0, 6.0);
    }
    mean_over_map(x)
}

#[test]
fn a_graph_of_tensorflow_computes_in_our_network_what_it_did() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("weights.json");
    let entries = graph();
    write_graph(&path, &entries);
    let found = load(&path, &config(System::MobileNet, 8)).expect("a network");
    let Network::Study(StudyNetwork::MobileNet(network)) = found else {
        panic!("another network");
    };

    let faces = common::faces(16);
    let pixels: Vec<f32> = (0..16).flat_map(|face| faces.pixels(face)).collect();
    let pixels = Tensor::<4>::from_data(TensorData::new(pixels, [16, 1, 48, 48]), &Device::flex());
    let expected = features(&entries, pixels.clone());
    let input = pixels.div_scalar(64.0).sub_scalar(2.0);
    let ours = network.features(input.clone(), &StockOps);
    let apart = (ours.clone() - expected.clone())
        .abs()
        .max()
        .into_scalar::<f32>();
    let size = expected.abs().max().into_scalar::<f32>();
    assert!(size > 0.1, "the features are empty: {size}");
    assert!(apart < 1e-3 * size, "{apart} of {size}");

    // Statistics of the batch itself, as in training, are those that the norms got.
    let device = Device::flex().autodiff();
    let training = network.fork(&device);
    let input = Tensor::from_data(input.into_data(), &device);
    let learning = training.features(input, &StockOps).into_data();
    for (a, b) in learning.iter::<f32>().zip(ours.into_data().iter::<f32>()) {
        assert!((a - b).abs() < 1e-2 * size, "{a} and {b}");
    }
}

#[test]
fn a_graph_that_lacks_something_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("weights.json");
    let mobile = config(System::MobileNet, 8);
    let mut entries = graph();
    let removed = entries.remove(4);
    write_graph(&path, &entries);
    let error = load(&path, &mobile).expect_err("a tensor is missing");
    assert!(error.to_string().contains(&removed.0), "{error}");
    entries.push(removed);

    write_graph(&path, &entries);
    let error = load(&path, &config(System::MobileNet, 4)).expect_err("another width");
    assert!(matches!(error, PretrainedError::Shape { .. }), "{error}");
    let error = load(&path, &config(System::ResNet50, 8)).expect_err("another network");
    assert!(matches!(error, PretrainedError::Network), "{error}");

    fs::write(folder.path().join("weights.bin"), [0; 100]).expect("written");
    let error = load(&path, &mobile).expect_err("the weights end too soon");
    assert!(matches!(error, PretrainedError::Format { .. }), "{error}");
    fs::remove_file(folder.path().join("weights.bin")).expect("removed");
    let error = load(&path, &mobile).expect_err("no weights");
    assert!(matches!(error, PretrainedError::Read { .. }), "{error}");

    let elsewhere = r#"{ "weightsManifest": [{ "paths": ["../secret"], "weights": [] }] }"#;
    fs::write(&path, elsewhere).expect("written");
    let error = load(&path, &mobile).expect_err("another folder");
    assert!(matches!(error, PretrainedError::Format { .. }), "{error}");
}
