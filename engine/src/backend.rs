//! Which backend runs a network: chosen by a timed warm-up, or forced.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::cpu;
use crate::gpu::{self, GpuError};
use crate::plan::{Plan, ShapeError};
use crate::runner::{Batch, RunError, Runner};

/// Where a network runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// On the CPU.
    Cpu,
    /// On the GPU, through WebGPU.
    WebGpu,
}

impl Backend {
    /// The name in addresses and on the page.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::WebGpu => "webgpu",
        }
    }

    /// The backend of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Cpu, Self::WebGpu]
            .into_iter()
            .find(|backend| backend.name() == name)
    }
}

/// Why a backend was chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It was asked for.
    Forced,
    /// It was the faster one in the warm-up.
    Faster,
    /// The adapter is a program on the CPU, slower than our own CPU path.
    SoftwareAdapter,
    /// The GPU could not be used, for the reason given.
    NoGpu(String),
}

/// The chosen backend, and what the choice rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// What was chosen.
    pub backend: Backend,
    /// Why.
    pub reason: Reason,
    /// Milliseconds of one input on the CPU, where it was timed.
    pub cpu_ms: Option<f64>,
    /// Milliseconds of one input on the GPU, where it was timed.
    pub gpu_ms: Option<f64>,
}

/// Why no backend runs the network.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BackendError {
    /// The plan is not valid.
    #[error(transparent)]
    Plan(#[from] ShapeError),
    /// WebGPU was asked for and is not to be had: choose the CPU.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// The warm-up failed.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Prepares a plan on the backend that is `forced`, else on the one that is faster with one
/// input. `gpu` is what [`gpu::Device::request`] gave; `now` returns milliseconds of a clock that
/// never goes back.
///
/// Fails only when the CPU cannot run the plan, or WebGPU is forced and cannot.
pub async fn select(
    plan: &Plan,
    gpu: Result<&gpu::Device, GpuError>,
    forced: Option<Backend>,
    mut now: impl FnMut() -> f64,
) -> Result<(Runner, Choice), BackendError> {
    if forced == Some(Backend::WebGpu) {
        let mut runner = on_gpu(gpu?, plan).await?;
        let gpu_ms = Some(time(&mut runner, &mut now).await?);
        let choice = Choice {
            backend: Backend::WebGpu,
            reason: Reason::Forced,
            cpu_ms: None,
            gpu_ms,
        };
        return Ok((runner, choice));
    }
    let mut runner = Runner::Cpu(Box::new(cpu::Runner::new(plan.clone())?));
    let on_cpu = |reason, [cpu_ms, gpu_ms]: [Option<f64>; 2]| Choice {
        backend: Backend::Cpu,
        reason,
        cpu_ms,
        gpu_ms,
    };
    // Timing takes longer than what is done first: it is left out where there is nothing to choose.
    let device = match gpu {
        _ if forced.is_some() => return Ok((runner, on_cpu(Reason::Forced, [None; 2]))),
        Err(error) => return Ok((runner, on_cpu(Reason::NoGpu(error.to_string()), [None; 2]))),
        Ok(device) if device.adapter().software => {
            return Ok((runner, on_cpu(Reason::SoftwareAdapter, [None; 2])));
        }
        Ok(device) => device,
    };
    let cpu_ms = time(&mut runner, &mut now).await?;
    let timed = async {
        let mut runner = on_gpu(device, plan).await?;
        let gpu_ms = time(&mut runner, &mut now).await?;
        Ok::<_, BackendError>((runner, gpu_ms))
    };
    match timed.await {
        Err(error) => {
            let reason = Reason::NoGpu(error.to_string());
            Ok((runner, on_cpu(reason, [Some(cpu_ms), None])))
        }
        Ok((_, gpu_ms)) if gpu_ms >= cpu_ms => {
            let times = [cpu_ms, gpu_ms].map(Some);
            Ok((runner, on_cpu(Reason::Faster, times)))
        }
        Ok((runner, gpu_ms)) => {
            let choice = Choice {
                backend: Backend::WebGpu,
                reason: Reason::Faster,
                cpu_ms: Some(cpu_ms),
                gpu_ms: Some(gpu_ms),
            };
            Ok((runner, choice))
        }
    }
}

async fn on_gpu(device: &gpu::Device, plan: &Plan) -> Result<Runner, GpuError> {
    let runner = gpu::Runner::new(device, plan).await?;
    Ok(Runner::Gpu(Box::new(runner)))
}

/// Sides of the timed input where the network takes any size: the detector's usual scale.
const TIMED_SIDE: usize = 320;
/// Timed runs, after one that fills caches and compiles what is compiled late.
const TIMED_RUNS: usize = 3;

/// Milliseconds of the fastest of a few runs on one input.
async fn time(runner: &mut Runner, now: &mut impl FnMut() -> f64) -> Result<f64, RunError> {
    let input = &runner.plan().input;
    let side = TIMED_SIDE.next_multiple_of(input.multiple.max(1));
    let [height, width] = input.size.unwrap_or([side, side]);
    let data = vec![0.5; height * width * input.channels];
    let batch = Batch {
        data: &data,
        count: 1,
        height,
        width,
    };
    runner.run(batch).await?;
    let mut fastest = f64::INFINITY;
    for _ in 0..TIMED_RUNS {
        let start = now();
        runner.run(batch).await?;
        fastest = fastest.min(now() - start);
    }
    Ok(fastest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Activation, InputSpec, Layer, LayerKind, TensorId};

    fn plan() -> Plan {
        Plan {
            input: InputSpec {
                channels: 3,
                size: Some([8, 8]),
                multiple: 1,
                scale: 1.0,
                offset: 0.0,
            },
            layers: vec![Layer {
                input: TensorId::INPUT,
                kind: LayerKind::GlobalAveragePool,
                residual: None,
                activation: Activation::Identity,
            }],
            outputs: vec![TensorId(1)],
        }
    }

    /// A clock that moves on by as many milliseconds as a list says, reading after reading.
    fn clock(steps: &'static [f64]) -> impl FnMut() -> f64 {
        let mut time = 0.0;
        let mut steps = steps.iter().cycle();
        move || {
            time += steps.next().copied().unwrap_or_default();
            time
        }
    }

    fn choose(
        gpu: Result<&gpu::Device, GpuError>,
        forced: Option<Backend>,
    ) -> Result<Choice, BackendError> {
        let selected = pollster::block_on(select(&plan(), gpu, forced, clock(&[1.0, 5.0])));
        let (runner, choice) = selected?;
        let is_gpu = matches!(runner, Runner::Gpu(_));
        assert_eq!(is_gpu, choice.backend == Backend::WebGpu);
        Ok(choice)
    }

    #[test]
    fn without_a_gpu_the_cpu_runs_and_says_why() {
        let choice = choose(Err(GpuError::NoAdapter), None).expect("the CPU always runs");
        assert_eq!(choice.backend, Backend::Cpu);
        assert_eq!(
            choice.reason,
            Reason::NoGpu(GpuError::NoAdapter.to_string())
        );
        assert_eq!((choice.cpu_ms, choice.gpu_ms), (None, None));
    }

    #[test]
    fn a_forced_gpu_that_is_missing_is_an_error() {
        let error = choose(Err(GpuError::NoWebGpu), Some(Backend::WebGpu));
        assert_eq!(error, Err(BackendError::Gpu(GpuError::NoWebGpu)));
    }

    #[test]
    fn a_forced_cpu_runs_on_the_cpu() {
        let choice = choose(Err(GpuError::NoAdapter), Some(Backend::Cpu)).expect("the CPU runs");
        assert_eq!(
            (choice.backend, choice.reason),
            (Backend::Cpu, Reason::Forced)
        );
    }

    #[test]
    fn a_software_adapter_is_used_only_when_forced() {
        let Ok(device) = pollster::block_on(gpu::Device::request()) else {
            eprintln!("skipped: no GPU adapter");
            return;
        };
        let choice = choose(Ok(&device), Some(Backend::WebGpu)).expect("WebGPU runs");
        assert_eq!(choice.backend, Backend::WebGpu);
        assert_eq!(choice.gpu_ms, Some(5.0));
        let choice = choose(Ok(&device), None).expect("either runs");
        if device.adapter().software {
            assert_eq!(choice.reason, Reason::SoftwareAdapter);
            assert_eq!(choice.backend, Backend::Cpu);
        } else {
            assert_eq!(choice.reason, Reason::Faster);
            assert_eq!(choice.gpu_ms, Some(5.0));
        }
    }

    #[test]
    fn names_lead_back_to_backends() {
        for backend in [Backend::Cpu, Backend::WebGpu] {
            assert_eq!(Backend::from_name(backend.name()), Some(backend));
        }
        assert_eq!(Backend::from_name("tpu"), None);
    }
}
