//! What torchvision calls the layers of the networks.

use mien_engine::nets::studies::System;

/// How names become ours, and which are the first and the last.
pub struct Names {
    /// Regular expressions with what replaces them, applied one after the other.
    pub rules: Vec<(String, String)>,
    /// Ours: the weights of the first convolution.
    pub first: &'static str,
    /// Ours: what the names of the layers that begin afresh begin with.
    pub last: &'static str,
}

/// The names in torchvision's state dict of a network; none where it has no such network.
#[must_use]
pub fn of(system: System) -> Option<Names> {
    match system {
        System::Vgg16 => Some(Names {
            rules: Vec::new(),
            first: "features.0.weight",
            last: "dense.",
        }),
        System::ResNet50 => Some(Names {
            rules: res_net50(),
            first: "stem.conv.weight",
            last: "head.",
        }),
        System::InceptionV3 => Some(Names {
            rules: inception_v3(),
            first: "stem.0.conv.weight",
            last: "head.",
        }),
        System::EfficientNet => Some(Names {
            rules: efficient_net(),
            first: "stem.conv.weight",
            last: "head.",
        }),
        _ => None,
    }
}

/// A name at the beginning, without the dot that follows.
fn rule(theirs: &str, ours: &str) -> (String, String) {
    (
        format!("^{}\\.", theirs.replace('.', "\\.")),
        format!("{ours}."),
    )
}

/// A name after that of a block.
fn inner(theirs: &str, ours: &str) -> (String, String) {
    (
        format!("^(blocks\\.\\d+)\\.{}\\.", theirs.replace('.', "\\.")),
        format!("${{1}}.{ours}."),
    )
}

fn res_net50() -> Vec<(String, String)> {
    let mut rules = vec![rule("conv1", "stem.conv"), rule("bn1", "stem.norm")];
    let mut place = 0;
    for (stage, blocks) in [3, 4, 6, 3].into_iter().enumerate() {
        for block in 0..blocks {
            let theirs = format!("layer{}.{block}", stage + 1);
            rules.push(rule(&theirs, &format!("blocks.{place}")));
            place += 1;
        }
    }
    for (number, ours) in [(1, "narrow"), (2, "spatial"), (3, "widen")] {
        rules.push(inner(&format!("conv{number}"), &format!("{ours}.conv")));
        rules.push(inner(&format!("bn{number}"), &format!("{ours}.norm")));
    }
    rules.push(inner("downsample.0", "shortcut.conv"));
    rules.push(inner("downsample.1", "shortcut.norm"));
    rules
}

fn inception_v3() -> Vec<(String, String)> {
    let stem = ["1a_3x3", "2a_3x3", "2b_3x3", "3b_1x1", "4a_3x3"];
    let mut rules: Vec<_> = (stem.iter().enumerate())
        .map(|(place, name)| rule(&format!("Conv2d_{name}"), &format!("stem.{place}")))
        .collect();
    // The convolutions of each path, path by path; those of the last kind of block end in two.
    let narrow: &[&[&str]] = &[
        &["1x1"],
        &["5x5_1", "5x5_2"],
        &["3x3dbl_1", "3x3dbl_2", "3x3dbl_3"],
    ];
    let first_halving: &[&[&str]] = &[&["3x3"], &["3x3dbl_1", "3x3dbl_2", "3x3dbl_3"]];
    let long: &[&[&str]] = &[
        &["1x1"],
        &["7x7_1", "7x7_2", "7x7_3"],
        &["7x7dbl_1", "7x7dbl_2", "7x7dbl_3", "7x7dbl_4", "7x7dbl_5"],
    ];
    let second_halving: &[&[&str]] = &[
        &["3x3_1", "3x3_2"],
        &["7x7x3_1", "7x7x3_2", "7x7x3_3", "7x7x3_4"],
    ];
    let wide: &[&[&str]] = &[&["1x1"], &["3x3_1"], &["3x3dbl_1", "3x3dbl_2"]];
    let blocks = [
        ("5b", narrow),
        ("5c", narrow),
        ("5d", narrow),
        ("6a", first_halving),
        ("6b", long),
        ("6c", long),
        ("6d", long),
        ("6e", long),
        ("7a", second_halving),
        ("7b", wide),
        ("7c", wide),
    ];
    for (place, (block, paths)) in blocks.into_iter().enumerate() {
        let mut add = |theirs: &str, ours: &str| {
            rules.push(rule(
                &format!("Mixed_{block}.branch{theirs}"),
                &format!("blocks.{place}.{ours}"),
            ));
        };
        for (path, layers) in paths.iter().enumerate() {
            for (layer, name) in layers.iter().enumerate() {
                add(name, &format!("paths.{path}.layers.{layer}"));
            }
        }
        for (fork, name) in ["3x3_2", "3x3dbl_3"].into_iter().enumerate() {
            add(&format!("{name}a"), &format!("forks.{fork}.0"));
            add(&format!("{name}b"), &format!("forks.{fork}.1"));
        }
        add("_pool", "pooled");
    }
    rules.push(("\\.bn\\.".to_owned(), ".norm.".to_owned()));
    rules
}

fn efficient_net() -> Vec<(String, String)> {
    let mut rules = vec![
        rule("features.0.0", "stem.conv"),
        rule("features.0.1", "stem.norm"),
        rule("features.8.0", "last.conv"),
        rule("features.8.1", "last.norm"),
    ];
    let mut place = 0;
    for (stage, blocks) in [1, 2, 2, 3, 3, 4, 1].into_iter().enumerate() {
        // The blocks of the first stage do not widen.
        let parts: &[&str] = if stage == 0 {
            &["depthwise", "attention", "narrow"]
        } else {
            &["widen", "depthwise", "attention", "narrow"]
        };
        for block in 0..blocks {
            for (part, ours) in parts.iter().enumerate() {
                let theirs = format!("features.{}.{block}.block.{part}", stage + 1);
                rules.push(rule(&theirs, &format!("blocks.{place}.{ours}")));
            }
            place += 1;
        }
    }
    for part in ["widen", "depthwise", "narrow"] {
        rules.push(inner(&format!("{part}.0"), &format!("{part}.conv")));
        rules.push(inner(&format!("{part}.1"), &format!("{part}.norm")));
    }
    rules.push(inner("attention.fc1", "attention.squeeze"));
    rules.push(inner("attention.fc2", "attention.excite"));
    rules
}
