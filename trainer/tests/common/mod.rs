//! A tiny data set and run.

#![allow(dead_code, reason = "each test uses a part of it")]

use mien_engine::expression::Expression;
use mien_engine::nets::{NetworkConfig, StudentConfig};
use mien_trainer::data::{DataConfig, DataSet, FACE_PIXELS};
use mien_trainer::ops::Precision;
use mien_trainer::train::{Balance, Mixing, OptimizerConfig, OptimizerKind, RunConfig, Schedule};

/// Faces of stripes, another direction and width for each class.
pub fn faces(count: usize) -> DataSet {
    let mut data = DataSet::default();
    for index in 0..count {
        let label = Expression::FER2013[index % 7];
        let class = label.index();
        let face: Vec<u8> = (0..FACE_PIXELS)
            .map(|i| {
                let (x, y) = (i % 48, i / 48);
                ((x * class + y * (6 - class) + index) * 9 % 256) as u8
            })
            .collect();
        data.push(&face, label);
    }
    data
}

/// A run that takes a moment.
pub fn config(epochs: usize) -> RunConfig {
    RunConfig {
        name: "tiny".to_owned(),
        seed: 5,
        epochs,
        batch: 8,
        epoch_steps: None,
        label_smoothing: 0.1,
        precision: Precision::F32,
        network: NetworkConfig::Student(StudentConfig {
            channels: [2, 4, 4, 4],
            dropout: 0.3,
            ..StudentConfig::default()
        }),
        optimizer: OptimizerConfig {
            learning_rate: 0.05,
            warmup_epochs: 0.5,
            decay_epochs: None,
            momentum: 0.9,
            weight_decay: 1e-3,
            ema_decay: 0.9,
            kind: OptimizerKind::Sgd,
            square_momentum: 0.99,
            epsilon: 1e-8,
            clip_norm: None,
        },
        augmentation: mien_trainer::augment::Augmentation {
            flip: 0.5,
            rotation: 10.0,
            erase: 0.5,
            erase_area: 0.1,
            ..Default::default()
        },
        distillation: None,
        start: None,
        data: DataConfig::default(),
        schedule: Schedule::default(),
        mixing: Mixing::default(),
        balance: Balance::default(),
        freeze: Vec::new(),
        early_stopping: None,
    }
}
