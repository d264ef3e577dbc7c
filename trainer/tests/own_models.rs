//! Runs begin with our own models and networks.

mod common;

use std::fs;
use std::path::Path;

use burn::module::Module;
use burn::tensor::Device;
use mien_engine::nets::studies::{StudyConfig, System};
use mien_engine::nets::{Network, NetworkConfig, NetworkFile, StockOps};
use mien_engine::plan::{LayerKind, Plan, WeightStorage};
use mien_trainer::data::DataSet;
use mien_trainer::evaluate;
use mien_trainer::pretrained::{self, PretrainedError};

/// A network that plans are made from, whose batch norms have seen faces.
fn trained(config: &NetworkConfig) -> Network {
    let network = config.init(&Device::flex().autodiff());
    for _ in 0..3 {
        logits(&network, &common::faces(12));
    }
    network.valid()
}

fn small(kind: &str) -> NetworkConfig {
    let config = match kind {
        "student" => r#"{ "kind": "student", "channels": [2, 4, 6, 8], "dropout": 0.0 }"#,
        "compact-vgg" => {
            r#"{ "kind": "compact-vgg", "channels": [4, 6], "depth": 2, "dropout": 0.0 }"#
        }
        _ => {
            r#"{ "kind": "compact-res-net", "stem": 4, "channels": [6, 8], "depth": 2, "dropout": 0.0 }"#
        }
    };
    serde_json::from_str(config).expect("a network")
}

/// The logits of the data set's faces.
fn logits(network: &Network, faces: &DataSet) -> Vec<f32> {
    let pixels: Vec<f32> = (0..faces.len())
        .flat_map(|face| faces.pixels(face))
        .collect();
    evaluate::logits(network, &pixels, &StockOps)
}

fn write_model(path: &Path, network: &Network) {
    let plan = network.export().expect("a plan");
    fs::write(path, plan.to_bytes(WeightStorage::F16)).expect("written");
}

#[test]
fn a_model_of_ours_computes_what_it_did_and_can_learn_on() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("model.mien");
    let faces = common::faces(16);
    for kind in ["student", "compact-vgg", "compact-res-net"] {
        let config = small(kind);
        let network = trained(&config);
        write_model(&path, &network);
        let fresh = config.init(&Device::flex());
        let found = pretrained::load(&path, &config, fresh, &faces).expect("a network");
        let (ours, theirs) = (logits(&found, &faces), logits(&network, &faces));
        let size = theirs
            .iter()
            .fold(0.0_f32, |size, logit| size.max(logit.abs()));
        for (a, b) in ours.iter().zip(&theirs) {
            assert!((a - b).abs() < 1e-2 * size, "{kind}: {a} and {b}");
        }

        // Statistics of the batch itself, as in training, are those that the norms got.
        let learning = logits(&found.fork(&Device::flex().autodiff()), &faces);
        for (a, b) in learning.iter().zip(&ours) {
            assert!(
                (a - b).abs() < 2e-2 * size,
                "{kind}: {a} and {b} in training"
            );
        }
    }
}

#[test]
fn a_model_of_other_classes_gives_all_but_its_last_layer() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("model.mien");
    let config = small("student");
    let network = trained(&config);
    write_model(&path, &network);
    let more = config.with_classes(8);
    let fresh = more.init(&Device::flex());
    let found = pretrained::load(&path, &more, fresh, &common::faces(16)).expect("a network");
    assert_eq!(logits(&found, &common::faces(2)).len(), 2 * 8);
    let (found, expected) = (found.export(), network.export());
    let (found, expected) = (found.expect("a plan"), expected.expect("a plan"));
    let first = |plan: &Plan| match &plan.layers[0].kind {
        LayerKind::Conv { weight, bias, .. } => [weight.clone(), bias.clone()].concat(),
        _ => panic!("another layer"),
    };
    for (a, b) in first(&found).iter().zip(first(&expected)) {
        assert!((a - b).abs() < 1e-2, "{a} and {b}");
    }
}

#[test]
fn a_network_of_ours_comes_with_its_statistics() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("network.safetensors");
    let config = small("student");
    let network = trained(&config);
    let file = NetworkFile {
        config: config.clone(),
        labels: (0..7).map(|class| class.to_string()).collect(),
        network: network.clone(),
    };
    fs::write(&path, file.to_bytes().expect("a file")).expect("written");
    let faces = common::faces(16);
    let load = |config: &NetworkConfig| {
        pretrained::load(&path, config, config.init(&Device::flex()), &faces)
    };
    let found = load(&config).expect("a network");
    for (a, b) in logits(&found, &faces).iter().zip(logits(&network, &faces)) {
        assert!((a - b).abs() < 1e-2, "{a} and {b}");
    }
    let more = load(&config.clone().with_classes(8)).expect("a network of more classes");
    assert_eq!(logits(&more, &faces).len(), 16 * 8);
    let error = load(&small("compact-vgg")).expect_err("another network");
    assert!(matches!(error, PretrainedError::Other { .. }), "{error}");
}

#[test]
fn a_model_of_another_network_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("model.mien");
    write_model(&path, &trained(&small("student")));
    let load = |config: &NetworkConfig| {
        let fresh = config.init(&Device::flex());
        pretrained::load(&path, config, fresh, &common::faces(4))
    };
    for kind in ["compact-vgg", "compact-res-net"] {
        let error = load(&small(kind)).expect_err("another network");
        assert!(matches!(error, PretrainedError::Other { .. }), "{error}");
    }
    let study = NetworkConfig::Study(StudyConfig {
        system: System::Deep,
        classes: 7,
        rgb: false,
        reduce: 1,
    });
    let error = load(&study).expect_err("a network without a plan");
    assert!(matches!(error, PretrainedError::Network), "{error}");
    fs::write(&path, b"MIEN, not quite").expect("written");
    let error = load(&small("student")).expect_err("a damaged file");
    assert!(matches!(error, PretrainedError::Format { .. }), "{error}");
    fs::remove_file(&path).expect("removed");
    let error = load(&small("student")).expect_err("no file");
    assert!(matches!(error, PretrainedError::Read { .. }), "{error}");
}
