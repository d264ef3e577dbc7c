//! GPU buffers for inputs of one size, and what is recorded with them.

use std::ops::Range;

use futures_channel::oneshot;
use wgpu::BufferUsages;

use super::error::GpuError;
use super::layout::{Layout, padded_bytes};
use super::runner::{OFFSET_ALIGNMENT, Runner};
use super::shader::{GROUP, Sizes};
use crate::plan::{MapShape, Plan, Residual};
use crate::runner::Batch;

/// What WebGPU guarantees for each axis of a dispatch.
const MAX_WORKGROUPS: u32 = 65_535;

/// GPU buffers for inputs of one size.
#[derive(Debug)]
pub(super) struct Workspace {
    pub(super) layout: Layout,
    /// Inputs of one submission.
    capacity: usize,
    /// Inputs of one read-back.
    readable: usize,
    /// Inputs that `sizes` is written for.
    sized_for: usize,
    slots: Vec<wgpu::Buffer>,
    /// The kernels' [`Sizes`], one for each layer.
    sizes: wgpu::Buffer,
    bind_groups: Vec<wgpu::BindGroup>,
    /// Takes the outputs, each for all inputs, one after the other.
    staging: wgpu::Buffer,
}

impl Workspace {
    /// Buffers for batches of up to `count` inputs.
    pub(super) fn new(runner: &Runner, layout: Layout, count: usize) -> Self {
        let Runner { handle, plan, .. } = runner;
        let capacity = layout.most.min(count);
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        let slots: Vec<wgpu::Buffer> = (layout.slots.iter())
            .map(|&size| handle.buffer("tensors", (capacity * size) as u64, usage))
            .collect();
        let usage = BufferUsages::UNIFORM | BufferUsages::COPY_DST;
        let length = plan.layers.len().max(1) * OFFSET_ALIGNMENT;
        let sizes = handle.buffer("sizes", length as u64, usage);
        let bind_group = |position: usize| {
            let layer = &plan.layers[position];
            let tensor = |index| slots[layout.slot(index)].as_entire_binding();
            let residual = layer.residual.map_or(layer.input, Residual::tensor);
            let uniform = position * OFFSET_ALIGNMENT;
            let resources = [
                tensor(layer.input.index()),
                tensor(position + 1),
                part(&runner.parameters, &runner.parameter_ranges[position]),
                // A layer without a residual does not read this.
                tensor(residual.index()),
                part(&sizes, &(uniform..uniform + size_of::<Sizes>())),
            ];
            let entries: Vec<_> = (resources.into_iter().zip(0..))
                .map(|(resource, binding)| wgpu::BindGroupEntry { binding, resource })
                .collect();
            handle.device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: None,
                layout: &runner.bindings,
                entries: &entries,
            })
        };
        let bind_groups = (0..plan.layers.len()).map(bind_group).collect();
        let output: usize = outputs(plan, &layout).map(padded_bytes).sum();
        let usage = BufferUsages::MAP_READ | BufferUsages::COPY_DST;
        let staging = handle.buffer("outputs", (count * output) as u64, usage);
        Self {
            layout,
            capacity,
            readable: count,
            sized_for: 0,
            slots,
            sizes,
            bind_groups,
            staging,
        }
    }

    /// Whether a batch of so many inputs runs here without more submissions than it needs.
    pub(super) fn fits(&self, count: usize) -> bool {
        count <= self.readable && count.min(self.layout.most) <= self.capacity
    }

    /// Uploads the inputs and runs all layers; the outputs end up in the staging buffer.
    pub(super) fn submit(&mut self, runner: &Runner, batch: Batch<'_>) {
        let length = self.layout.shapes[0].len();
        for (chunk, data) in batch.data.chunks(self.capacity * length).enumerate() {
            let first = chunk * self.capacity;
            self.submit_chunk(
                runner,
                data,
                first..first + data.len() / length,
                batch.count,
            );
        }
    }

    /// Runs the inputs of `range` out of a batch of `total`.
    fn submit_chunk(&mut self, runner: &Runner, data: &[f32], range: Range<usize>, total: usize) {
        let Runner { handle, plan, .. } = runner;
        let count = range.len();
        let layers = plan.layers.iter().zip(&self.layout.shapes[1..]);
        let sizes: Vec<Sizes> = (layers.zip(&runner.kernels))
            .map(|((layer, &output), &(kernel, _))| {
                let input = self.layout.shapes[layer.input.index()];
                Sizes::new(kernel.shader, layer, input, output, count)
            })
            .collect();
        if self.sized_for != count {
            let mut bytes = vec![0; sizes.len() * OFFSET_ALIGNMENT];
            for (bytes, sizes) in bytes.chunks_mut(OFFSET_ALIGNMENT).zip(&sizes) {
                bytes[..size_of::<Sizes>()].copy_from_slice(bytemuck::bytes_of(sizes));
            }
            handle.queue.write_buffer(&self.sizes, 0, &bytes);
            self.sized_for = count;
        }
        let padded = with_padding(data, self.layout.shapes[0].channels);
        let data = bytemuck::cast_slice(padded.as_deref().unwrap_or(data));
        let input = &self.slots[self.layout.slot(0)];
        handle.queue.write_buffer(input, 0, data);

        let mut encoder = handle
            .device
            .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            let groups = self.bind_groups.iter().zip(&runner.kernels);
            for ((group, (kernel, pipeline)), sizes) in groups.zip(&sizes) {
                let [x, y] = sizes.workgroups(kernel.shader, MAX_WORKGROUPS);
                pass.set_pipeline(pipeline);
                pass.set_bind_group(0, group, &[]);
                pass.dispatch_workgroups(x, y, 1);
            }
        }
        let mut before = 0;
        for (tensor, map) in plan.outputs.iter().zip(outputs(plan, &self.layout)) {
            let bytes = padded_bytes(map);
            let from = &self.slots[self.layout.slot(tensor.index())];
            let to = (before + range.start * bytes) as u64;
            encoder.copy_buffer_to_buffer(from, 0, &self.staging, to, (count * bytes) as u64);
            before += total * bytes;
        }
        handle.queue.submit([encoder.finish()]);
    }

    /// Waits for the outputs of `count` inputs: one vector for each output of the plan.
    pub(super) async fn read(
        &self,
        runner: &Runner,
        count: usize,
    ) -> Result<Vec<Vec<f32>>, GpuError> {
        let outputs: Vec<MapShape> = outputs(&runner.plan, &self.layout).collect();
        let length = count * outputs.iter().copied().map(padded_bytes).sum::<usize>();
        let (sender, receiver) = oneshot::channel();
        let staging = self.staging.slice(..length as u64);
        staging.map_async(wgpu::MapMode::Read, move |result| {
            // Whoever waited may have given up.
            let _ = sender.send(result);
        });
        // Waits natively; on the web it does nothing and the browser calls back.
        let polled = runner
            .handle
            .device
            .poll(wgpu::PollType::wait_indefinitely());
        let mapped = matches!((polled, receiver.await), (Ok(_), Ok(Ok(()))));
        runner.handle.check()?;
        let view = staging.get_mapped_range().ok().filter(|_| mapped);
        let view = view.ok_or_else(|| runner.handle.lost_outputs())?;
        let mut values: &[f32] = bytemuck::cast_slice(&view);
        let mut results = Vec::with_capacity(outputs.len());
        for map in outputs {
            let (output, rest) = values.split_at(count * padded_bytes(map) / size_of::<f32>());
            results.push(without_padding(output, map.channels));
            values = rest;
        }
        drop(view);
        self.staging.unmap();
        Ok(results)
    }
}

/// Shapes of the plan's outputs.
fn outputs(plan: &Plan, layout: &Layout) -> impl Iterator<Item = MapShape> {
    (plan.outputs.iter()).map(|tensor| layout.shapes[tensor.index()])
}

fn part<'a>(buffer: &'a wgpu::Buffer, range: &Range<usize>) -> wgpu::BindingResource<'a> {
    wgpu::BindingResource::Buffer(wgpu::BufferBinding {
        buffer,
        offset: range.start as u64,
        size: wgpu::BufferSize::new(range.len() as u64),
    })
}

/// The values with each pixel's channels padded to whole groups; `None` where they are already.
fn with_padding(values: &[f32], channels: usize) -> Option<Vec<f32>> {
    if channels.is_multiple_of(GROUP) {
        return None;
    }
    let width = channels.next_multiple_of(GROUP);
    let mut padded = vec![0.0; values.len() / channels * width];
    for (to, from) in padded
        .chunks_exact_mut(width)
        .zip(values.chunks_exact(channels))
    {
        to[..channels].copy_from_slice(from);
    }
    Some(padded)
}

fn without_padding(values: &[f32], channels: usize) -> Vec<f32> {
    let pixels = values.chunks_exact(channels.next_multiple_of(GROUP));
    pixels
        .flat_map(|pixel| &pixel[..channels])
        .copied()
        .collect()
}
