//! A plan ready to run on the GPU.

use std::ops::Range;

use wgpu::BufferUsages;

use super::device::{Device, Handle};
use super::error::GpuError;
use super::layout::Layout;
use super::shader::{GROUP, Kernel, pack};
use super::workspace::Workspace;
use crate::plan::{MapShape, Plan};
use crate::runner::{Batch, RunError};

/// Input sizes whose buffers are kept: a camera has one, photos a few.
const WORKSPACES: usize = 4;
/// What WebGPU guarantees for the offsets of bindings.
pub(super) const OFFSET_ALIGNMENT: usize = 256;

/// A network on the GPU: weights uploaded, kernels compiled.
#[derive(Debug)]
pub struct Runner {
    pub(super) plan: Plan,
    pub(super) handle: Handle,
    pub(super) bindings: wgpu::BindGroupLayout,
    /// One for each layer.
    pub(super) kernels: Vec<(Kernel, wgpu::ComputePipeline)>,
    /// Biases and weights of all layers.
    pub(super) parameters: wgpu::Buffer,
    /// Those of each layer, in bytes.
    pub(super) parameter_ranges: Vec<Range<usize>>,
    /// Most recently used first.
    workspaces: Vec<Workspace>,
}

impl Runner {
    /// Uploads the weights and compiles the kernels.
    pub async fn new(gpu: &Device, plan: &Plan) -> Result<Self, GpuError> {
        let shapes = plan.typical_shapes()?;
        let handle = gpu.handle.clone();
        handle.check()?;
        let (packed, parameter_ranges) = pack_all(plan, &shapes);
        let bytes: &[u8] = bytemuck::cast_slice(&packed);
        let needed = bytes.len() as u64;
        let allowed = handle.largest_buffer();
        if needed > allowed {
            return Err(GpuError::TooLarge { needed, allowed });
        }
        let create = || {
            let usage = BufferUsages::STORAGE | BufferUsages::COPY_DST;
            let parameters = handle.buffer("parameters", needed, usage);
            handle.queue.write_buffer(&parameters, 0, bytes);
            let kernels = plan.layers.iter().map(|layer| {
                let input = shapes[layer.input.index()];
                let kernel = Kernel::new(layer, input.channels, gpu.quads);
                (kernel, gpu.pipeline(kernel))
            });
            (parameters, kernels.collect())
        };
        let (parameters, kernels) = handle.guarded(create).await?;
        Ok(Self {
            plan: plan.clone(),
            bindings: gpu.bindings.clone(),
            kernels,
            parameters,
            parameter_ranges,
            workspaces: Vec::new(),
            handle,
        })
    }

    /// The network.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Runs the network. One vector for each output of the plan, `[count, height, width,
    /// channels]`.
    pub async fn run(&mut self, batch: Batch<'_>) -> Result<Vec<Vec<f32>>, RunError> {
        batch.check(self.plan.input.channels)?;
        self.handle.check()?;
        if batch.count == 0 {
            self.plan.shapes(batch.height, batch.width)?;
            return Ok(vec![Vec::new(); self.plan.outputs.len()]);
        }
        let mut workspace = self.take_workspace(batch).await?;
        workspace.submit(self, batch);
        let results = workspace.read(self, batch.count).await?;
        // After a failure it is not kept: a mapping may still be under way.
        self.workspaces.insert(0, workspace);
        self.workspaces.truncate(WORKSPACES);
        Ok(results)
    }

    /// The workspace for this batch, out of those kept or a new one.
    async fn take_workspace(&mut self, batch: Batch<'_>) -> Result<Workspace, GpuError> {
        let Batch { height, width, .. } = batch;
        let known = (self.workspaces.iter()).position(|workspace| {
            (workspace.layout.height, workspace.layout.width) == (height, width)
        });
        if let Some(position) = known {
            let workspace = self.workspaces.remove(position);
            if workspace.fits(batch.count) {
                return Ok(workspace);
            }
        }
        let allowed = self.handle.largest_buffer();
        let chunk = self.handle.chunk_bytes;
        let layout = Layout::new(&self.plan, height, width, allowed, chunk)?;
        let create = || Workspace::new(self, layout, batch.count);
        self.handle.guarded(create).await
    }
}

/// Biases and weights of all layers one after the other, each from an offset that a binding may
/// have, and their ranges in bytes, none of them empty.
fn pack_all(plan: &Plan, shapes: &[MapShape]) -> (Vec<f32>, Vec<Range<usize>>) {
    const ALIGNMENT: usize = OFFSET_ALIGNMENT / size_of::<f32>();
    // A plan without layers still has a buffer.
    let mut packed = vec![0.0; ALIGNMENT];
    let mut ranges = Vec::with_capacity(plan.layers.len());
    for layer in &plan.layers {
        let start = packed.len();
        packed.extend(pack(&layer.kind, shapes[layer.input.index()].channels));
        let end = packed.len().max(start + GROUP);
        ranges.push(start * size_of::<f32>()..end * size_of::<f32>());
        packed.resize(end.next_multiple_of(ALIGNMENT), 0.0);
    }
    (packed, ranges)
}
