//! How fast the CPU path runs: single layers of the sizes that matter, and the shipped networks.
//! Throughput is in multiply-accumulate operations; "Gelem/s" reads as GMAC/s.

use std::hint::black_box;
use std::path::Path;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use mien_engine::cpu::Runner;
use mien_engine::plan::{Activation, InputSpec, Layer, LayerKind, Plan, TensorId, Window};
use mien_engine::runner::Batch;

/// A plan of one layer, then rectified.
fn one_layer(side: usize, channels: usize, kind: LayerKind) -> Plan {
    Plan {
        input: InputSpec {
            channels,
            size: Some([side; 2]),
            multiple: 1,
            scale: 1.0,
            offset: 0.0,
        },
        layers: vec![Layer {
            input: TensorId::INPUT,
            kind,
            residual: None,
            activation: Activation::Relu,
        }],
        outputs: vec![TensorId(1)],
    }
}

fn conv(kernel: usize, stride: usize, [inputs, outputs]: [usize; 2]) -> LayerKind {
    LayerKind::Conv {
        window: Window::square(kernel, stride, kernel / 2),
        out_channels: outputs,
        weight: vec![0.01; kernel * kernel * inputs * outputs],
        bias: vec![0.1; outputs],
    }
}

fn depthwise(stride: usize, channels: usize) -> LayerKind {
    LayerKind::Depthwise {
        window: Window::square(3, stride, 1),
        weight: vec![0.01; 9 * channels],
        bias: vec![0.1; channels],
    }
}

fn bench(
    criterion: &mut Criterion,
    group: &str,
    name: &str,
    plan: Plan,
    side: usize,
    count: usize,
) {
    let data = vec![0.5; count * side * side * plan.input.channels];
    let macs = plan.macs(side, side).expect("a valid plan") * count as u64;
    let mut runner = Runner::new(plan).expect("a valid plan");
    let batch = Batch {
        data: &data,
        count,
        height: side,
        width: side,
    };
    let mut group = criterion.benchmark_group(group);
    group.throughput(Throughput::Elements(macs));
    group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
        bencher.iter(|| runner.run(black_box(batch)).expect("a valid batch"));
    });
}

fn layers(criterion: &mut Criterion) {
    for (name, side, channels, kind) in [
        ("3x3 1-16 at 48", 48, 1, conv(3, 1, [1, 16])),
        ("3x3/2 16-32 at 48", 48, 16, conv(3, 2, [16, 32])),
        ("3x3 32-32 at 24", 24, 32, conv(3, 1, [32, 32])),
        ("3x3 96-96 at 6", 6, 96, conv(3, 1, [96, 96])),
        ("3x3/2 3-32 at 320", 320, 3, conv(3, 2, [3, 32])),
        ("1x1 16-96 at 80", 80, 16, conv(1, 1, [16, 96])),
        ("1x1 144-24 at 80", 80, 144, conv(1, 1, [144, 24])),
        ("1x1 96-576 at 20", 20, 96, conv(1, 1, [96, 576])),
        ("depthwise 96 at 80", 80, 96, depthwise(1, 96)),
        ("depthwise/2 96 at 80", 80, 96, depthwise(2, 96)),
    ] {
        let plan = one_layer(side, channels, kind);
        bench(criterion, "layer", name, plan, side, 1);
    }
}

fn networks(criterion: &mut Criterion) {
    for (name, side, count) in [
        ("student-fer2013", 48, 1),
        ("student-fer2013", 48, 64),
        ("centerface", 320, 1),
        ("centerface", 640, 1),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../public/models")
            .join(name)
            .with_extension("mien");
        let Ok(bytes) = std::fs::read(&path) else {
            eprintln!("skipped: {} is missing", path.display());
            continue;
        };
        let plan = Plan::from_bytes(&bytes).expect("a shipped model");
        let title = format!("{name}, {count} of {side} px");
        bench(criterion, "network", &title, plan, side, count);
    }
}

criterion_group!(benches, layers, networks);
criterion_main!(benches);
