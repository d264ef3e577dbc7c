//! The first models, plans and messages of the fuzzers' corpus.

use std::fs;
use std::path::Path;

use mien_app::judging::{Answer, Job, ModelFacts, ModelId, Refusal};
use mien_app::protocol::{
    Failure, PhotoReading, PictureKind, Reply, Request, RequestId, Source, StopReason, Timing,
};
use mien_engine::crop::{FaceCrop, SIDE};
use mien_engine::explain::{MethodKind, Question, Target};
use mien_engine::expression::Expression;
use mien_engine::fer2013::{Cursor, Usage};
use mien_engine::geometry::Point;
use mien_engine::plan::{
    Activation, InputSpec, Layer, LayerKind, Plan, Residual, TensorId, WeightStorage, Window,
};
use serde::Serialize;

#[test]
#[ignore = "writes the corpus anew, for when a layer or a message changes its form"]
fn write_seeds() {
    let plan = plan();
    write("model", "halves", &plan.to_bytes(WeightStorage::F16));
    write("model", "bytes", &plan.to_bytes(WeightStorage::I8));
    let mut header = plan.clone();
    for layer in &mut header.layers {
        if let LayerKind::Conv { weight, bias, .. }
        | LayerKind::Depthwise { weight, bias, .. }
        | LayerKind::Upsample { weight, bias, .. } = &mut layer.kind
        {
            weight.clear();
            bias.clear();
        }
    }
    write("plan", "every-layer", &encode(&header));
    for (name, message) in requests() {
        write("message", name, &encode(&message));
    }
    for (name, message) in replies() {
        write("message", name, &encode(&message));
    }
}

fn encode(value: &impl Serialize) -> Vec<u8> {
    postcard::to_allocvec(value).expect("plain data")
}

fn write(target: &str, name: &str, bytes: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(target);
    fs::create_dir_all(&folder).expect("a writable checkout");
    fs::write(folder.join(name), bytes).expect("a writable checkout");
}

/// A layer of every kind, and both kinds of residuals.
fn plan() -> Plan {
    let weights = |count: usize| {
        (0..count)
            .map(|i| i as f32 / 16.0 - 0.5)
            .collect::<Vec<_>>()
    };
    let window = Window::square(3, 1, 1);
    let kinds = [
        LayerKind::Conv {
            window,
            out_channels: 2,
            weight: weights(18),
            bias: weights(2),
        },
        LayerKind::Depthwise {
            window,
            weight: weights(18),
            bias: weights(2),
        },
        LayerKind::MaxPool(Window::square(2, 2, 0)),
        LayerKind::Upsample {
            out_channels: 2,
            weight: weights(16),
            bias: weights(2),
        },
        LayerKind::AveragePool(Window::square(3, 2, 1)),
        LayerKind::GlobalAveragePool,
    ];
    let layers = kinds.into_iter().enumerate().map(|(index, kind)| Layer {
        input: TensorId(index as u16),
        kind,
        residual: match index {
            1 => Some(Residual::BeforeActivation(TensorId(1))),
            3 => Some(Residual::AfterActivation(TensorId(2))),
            _ => None,
        },
        activation: [Activation::Relu, Activation::Sigmoid, Activation::Identity][index % 3],
    });
    let layers: Vec<_> = layers.collect();
    let plan = Plan {
        input: InputSpec {
            channels: 1,
            size: Some([8, 8]),
            multiple: 1,
            scale: 1.0 / 255.0,
            offset: -0.5,
        },
        outputs: vec![TensorId(layers.len() as u16), TensorId(1)],
        layers,
    };
    plan.check().expect("a plan that fits together");
    plan
}

fn requests() -> Vec<(&'static str, Request)> {
    let id = RequestId(7);
    let crop = FaceCrop::from_gray(&[90; SIDE * SIDE]).expect("a crop");
    let source = Source {
        url: "models/a.mien".to_owned(),
        bytes: 9,
        sha256: Some("0f".to_owned()),
    };
    let frame = PictureKind::Frame {
        smallest_face: Some(0.2),
    };
    let score = MethodKind::ALL[0].scores()[0];
    vec![
        (
            "start",
            Request::Start {
                detector: source.clone(),
                classifier: source.clone(),
                backend: None,
            },
        ),
        ("analyze", Request::Analyze { id, kind: frame }),
        (
            "ask",
            Request::Ask {
                id,
                crop,
                landmarks: [Point::new(20.0, 20.0); 5],
                question: Question::Map {
                    method: MethodKind::ALL[0].method(),
                    target: Target::contrast(Expression::Happy, Expression::Neutral, score),
                },
            },
        ),
        (
            "rows",
            Request::Judge {
                id,
                job: Job::Rows {
                    models: vec![ModelId(1), ModelId(2)],
                    from: Cursor::default(),
                    wanted: Some(Usage::PublicTest),
                },
            },
        ),
        ("cancel", Request::Cancel { id }),
    ]
}

fn replies() -> Vec<(&'static str, Reply)> {
    let id = RequestId(7);
    let facts = ModelFacts {
        parameters: 3,
        macs: 9,
    };
    let reading = PhotoReading {
        width: 3,
        height: 2,
        faces: Vec::new(),
        timing: Timing::default(),
    };
    vec![
        ("analyzed", Reply::Analyzed { id, reading }),
        (
            "model",
            Reply::Judged {
                id,
                answer: Answer::Model(facts),
            },
        ),
        (
            "refused",
            Reply::Judged {
                id,
                answer: Answer::Refused(Refusal::NotAModel("why".to_owned())),
            },
        ),
        (
            "failed",
            Reply::Failed {
                id,
                failure: Failure::Engine("why".to_owned()),
            },
        ),
        ("stopped", Reply::Stopped(StopReason::Version)),
    ]
}
