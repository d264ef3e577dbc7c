//! Networks in files, on Burn's CPU backend.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Distribution, Tensor};
use mien_engine::crop::SIDE;
use mien_engine::expression::Expression;
use mien_engine::nets::studies::{StudyConfig, System};
use mien_engine::nets::{
    CompactVggConfig, Network, NetworkConfig, NetworkFile, NetworkFileError, StockOps,
};
use proptest::prelude::*;

fn study(system: System) -> NetworkConfig {
    NetworkConfig::Study(StudyConfig {
        system,
        classes: Expression::FER2013.len(),
        rgb: false,
        reduce: 1,
    })
}

/// Moves every number away from its start value, those of batch norms too; they stay positive.
struct Unsettle;

impl ModuleMapper for Unsettle {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| {
            let noise = tensor.random_like(Distribution::Uniform(0.01, 0.05));
            tensor.add(noise)
        })
    }
}

/// Every number of a network, in order.
#[derive(Default)]
struct Numbers(Vec<f32>);

impl ModuleVisitor for Numbers {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.extend(param.val().to_data().iter::<f32>());
    }
}

fn numbers(network: &Network) -> Vec<f32> {
    let mut numbers = Numbers::default();
    network.visit(&mut numbers);
    numbers.0
}

fn file(config: NetworkConfig) -> NetworkFile {
    let labels = (0..config.classes()).map(|class| format!("class {class}"));
    NetworkFile {
        labels: labels.collect(),
        network: config.init(&Device::flex()).map(&mut Unsettle),
        config,
    }
}

fn bytes(system: System) -> Vec<u8> {
    file(study(system)).to_bytes().expect("written")
}

fn fault(bytes: &[u8]) -> NetworkFileError {
    NetworkFile::from_bytes(bytes, &Device::flex()).expect_err("a fault")
}

/// The same file with other text in its header, padded to the same length.
fn with_header(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let length = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes")) as usize;
    let header = str::from_utf8(&bytes[8..8 + length]).expect("text");
    assert!(header.contains(from), "{header}");
    let header = header.replacen(from, to, 1);
    let mut changed = (header.len() as u64).to_le_bytes().to_vec();
    changed.extend(header.as_bytes());
    changed.extend(&bytes[8 + length..]);
    changed
}

#[test]
fn a_network_comes_back_within_the_rounding_of_16_bits() {
    let device = Device::flex();
    // Together they have all kinds of layers: batch norms, capsules, a spatial transformer.
    for system in [
        System::Autoencoder,
        System::CapsuleNet,
        System::DeepEmotion,
        System::FinalModel,
        System::MicroExpNetXxs,
    ] {
        let written = file(study(system));
        let bytes = written.to_bytes().expect("written");
        let read = NetworkFile::from_bytes(&bytes, &device).expect("read");
        assert_eq!(read.config, written.config);
        assert_eq!(read.labels, written.labels);
        let [before, after] = [&written, &read].map(|file| numbers(&file.network));
        assert_eq!(before.len(), after.len(), "{system:?}");
        for (before, after) in before.iter().zip(&after) {
            let error = (before - after).abs();
            assert!(error <= before.abs() / 2048.0 + 1e-7, "{before} {after}");
        }
        // Numbers of 16 bits stay what they are.
        let bytes = read.to_bytes().expect("written");
        let again = NetworkFile::from_bytes(&bytes, &device).expect("read");
        assert_eq!(numbers(&again.network), after);
        let faces = Tensor::<4>::random([2, 1, SIDE, SIDE], Distribution::Default, &device);
        let logits = read.network.forward(faces, &StockOps);
        assert_eq!(logits.dims(), [2, Expression::FER2013.len()]);
    }
}

#[test]
fn tensors_are_named_by_their_place() {
    let bytes = bytes(System::DeepEmotion);
    let header = String::from_utf8_lossy(&bytes[8..]);
    for name in [
        "localisation.features.0.weight",
        "features.features.3.running_var",
        "features.dense.1.linear.bias",
    ] {
        assert!(header.contains(&format!("\"{name}\"")), "{name}");
    }
}

#[test]
fn faults_are_told_apart() {
    let whole = bytes(System::DeepEmotion);
    assert!(matches!(
        fault(&whole[..whole.len() - 1]),
        NetworkFileError::Format(_)
    ));
    assert!(matches!(fault(b"<html>"), NetworkFileError::Format(_)));
    assert!(matches!(
        fault(&vec![0; 1 << 24]),
        NetworkFileError::TooLarge(_)
    ));
    for (from, to) in [
        ("deep-emotion", "deep-feeling"),
        ("\"network\"", "\"net\""),
        (r#"\"classes\":7"#, r#"\"classes\":1000000000000"#),
    ] {
        let changed = with_header(&whole, from, to);
        let fault = fault(&changed);
        assert!(
            matches!(fault, NetworkFileError::UnknownNetwork(_)),
            "{fault}"
        );
    }
    for (from, to) in [
        (r#"\"class 6\""#, "6"),
        (r#"\"class 5\","#, ""),
        ("\"labels\"", "\"names\""),
    ] {
        let changed = with_header(&whole, from, to);
        assert_eq!(fault(&changed), NetworkFileError::Labels);
    }
    let changed = with_header(&whole, "\"affine.bias\"", "\"affine.other\"");
    assert_eq!(
        fault(&changed),
        NetworkFileError::Missing("affine.bias".to_owned())
    );
    let changed = with_header(&whole, "[32,6]", "[6,32]");
    assert!(matches!(
        fault(&changed),
        NetworkFileError::Shape { name, .. } if name == "affine.weight"
    ));
    // Another network, of which this one has all tensors and more.
    let bigger = file(NetworkConfig::CompactVgg(CompactVggConfig {
        channels: vec![4],
        depth: 2,
        ..CompactVggConfig::default()
    }));
    let changed = with_header(
        &bigger.to_bytes().expect("written"),
        r#"\"depth\":2"#,
        r#"\"depth\":1"#,
    );
    assert_eq!(
        fault(&changed),
        NetworkFileError::Unexpected {
            expected: 7,
            found: 12
        }
    );
}

#[test]
fn sizes_out_of_range_are_refused_before_anything_is_built() {
    let small = CompactVggConfig {
        channels: vec![4],
        ..CompactVggConfig::default()
    };
    let whole = file(NetworkConfig::CompactVgg(small));
    let whole = whole.to_bytes().expect("written");
    for (from, to) in [
        (r#"\"channels\":[4]"#, r#"\"channels\":[4000000000]"#),
        (r#"\"channels\":[4]"#, r#"\"channels\":[0]"#),
        (r#"\"channels\":[4]"#, r#"\"channels\":[4,4,4,4,4,4]"#),
        (r#"\"depth\":2"#, r#"\"depth\":4000000000"#),
        (r#"\"margin\":4"#, r#"\"margin\":24"#),
        (r#"\"dropout\":0.2"#, r#"\"dropout\":2.0"#),
    ] {
        let fault = fault(&with_header(&whole, from, to));
        assert!(
            matches!(fault, NetworkFileError::UnknownNetwork(_)),
            "{to}: {fault}"
        );
    }
}

#[test]
fn numbers_that_are_none_are_neither_written_nor_read() {
    struct Spoil;
    impl ModuleMapper for Spoil {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|tensor| tensor.mul_scalar(f32::NAN))
        }
    }
    let mut spoilt = file(study(System::DeepEmotion));
    spoilt.network = spoilt.network.map(&mut Spoil);
    assert!(matches!(
        spoilt.to_bytes(),
        Err(NetworkFileError::NotFinite(_))
    ));
    let mut bytes = bytes(System::DeepEmotion);
    let end = bytes.len();
    bytes[end - 2..].copy_from_slice(&[0x00, 0x7c]); // infinity
    assert!(matches!(fault(&bytes), NetworkFileError::NotFinite(_)));
}

#[test]
fn labels_have_to_be_as_many_as_classes() {
    let mut short = file(study(System::DeepEmotion));
    short.labels.pop();
    assert_eq!(short.to_bytes(), Err(NetworkFileError::Labels));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn changed_bytes_never_panic(place in 0_usize..6000, byte in any::<u8>()) {
        let mut bytes = bytes(System::DeepEmotion);
        bytes[place] = byte;
        let _ = NetworkFile::from_bytes(&bytes, &Device::flex());
    }
}
