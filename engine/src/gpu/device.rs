//! Finding and opening a GPU.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::GpuError;
use super::shader::{Kernel, Shader};

/// What is known about the GPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adapter {
    /// The system's name for it, for people.
    pub name: String,
    /// Whether it is a program on the CPU, against which our CPU path is the faster one.
    pub software: bool,
    /// What it offers beyond the base of WebGPU.
    pub capabilities: Capabilities,
}

/// What a GPU offers beyond the base of WebGPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// 16-bit floats in shaders.
    pub shader_f16: bool,
    /// Operations across neighbouring threads.
    pub subgroups: bool,
    /// Time stamps on the GPU's clock.
    pub timestamps: bool,
}

/// An open GPU, with the kernels compiled so far.
#[derive(Debug)]
pub struct Device {
    adapter: Adapter,
    /// Whether shaders that share loads among four threads are the better choice: they are where
    /// a load costs much more than arithmetic.
    pub(super) quads: bool,
    pub(super) handle: Handle,
    pub(super) bindings: wgpu::BindGroupLayout,
    pipeline_layout: wgpu::PipelineLayout,
    modules: Mutex<HashMap<Shader, wgpu::ShaderModule>>,
    pipelines: Mutex<HashMap<Kernel, wgpu::ComputePipeline>>,
}

/// What a runner needs of the device.
#[derive(Clone, Debug)]
pub(super) struct Handle {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    /// Bytes that one buffer of tensors takes at most for several inputs at once; larger batches
    /// run in chunks.
    pub(super) chunk_bytes: u64,
    /// The first fault that was reported outside of any call.
    fault: Arc<Mutex<Option<GpuError>>>,
}

impl Device {
    /// Opens the system's preferred GPU. Where there is none this is an error, never a panic.
    pub async fn request() -> Result<Self, GpuError> {
        if !web_gpu_is_present() {
            return Err(GpuError::NoWebGpu);
        }
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        };
        let adapter = instance
            .request_adapter(&options)
            .await
            .map_err(|_| GpuError::NoAdapter)?;
        let offered = adapter.features();
        let wanted =
            wgpu::Features::SHADER_F16 | wgpu::Features::SUBGROUP | wgpu::Features::TIMESTAMP_QUERY;
        let limits = adapter.limits();
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("mien"),
            required_features: offered & wanted,
            required_limits: wgpu::Limits {
                max_buffer_size: limits.max_buffer_size.min(MAX_BUFFER),
                max_storage_buffer_binding_size: limits
                    .max_storage_buffer_binding_size
                    .min(MAX_BUFFER),
                ..Default::default()
            },
            ..Default::default()
        };
        let (device, queue) =
            adapter
                .request_device(&descriptor)
                .await
                .map_err(|error| GpuError::Refused {
                    reason: error.to_string(),
                })?;
        let info = adapter.get_info();
        let name = adapter_name(&info, &device);
        let adapter = Adapter {
            software: info.device_type == wgpu::DeviceType::Cpu || is_software(&name),
            name,
            capabilities: Capabilities {
                shader_f16: offered.contains(wgpu::Features::SHADER_F16),
                subgroups: offered.contains(wgpu::Features::SUBGROUP),
                timestamps: offered.contains(wgpu::Features::TIMESTAMP_QUERY),
            },
        };
        Ok(Self::new(adapter, device, queue))
    }

    fn new(adapter: Adapter, device: wgpu::Device, queue: wgpu::Queue) -> Self {
        let fault = Arc::new(Mutex::new(None));
        let lost = Arc::clone(&fault);
        device.set_device_lost_callback(move |_, reason| {
            *lock(&lost) = Some(GpuError::Lost { reason });
        });
        let uncaptured = Arc::clone(&fault);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            lock(&uncaptured).get_or_insert(error.into());
        }));
        let entries: Vec<_> = BINDINGS
            .into_iter()
            .zip(0..)
            .map(|(ty, binding)| wgpu::BindGroupLayoutEntry {
                binding,
                visibility: wgpu::ShaderStages::COMPUTE,
                ty: wgpu::BindingType::Buffer {
                    ty,
                    has_dynamic_offset: false,
                    min_binding_size: None,
                },
                count: None,
            })
            .collect();
        let bindings = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("layer"),
            entries: &entries,
        });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("layer"),
            bind_group_layouts: &[Some(&bindings)],
            immediate_size: 0,
        });
        Self {
            quads: adapter.software && adapter.capabilities.subgroups,
            adapter,
            handle: Handle {
                device,
                queue,
                chunk_bytes: CHUNK_BYTES,
                fault,
            },
            bindings,
            pipeline_layout,
            modules: Mutex::default(),
            pipelines: Mutex::default(),
        }
    }

    /// What is known about the GPU.
    #[must_use]
    pub fn adapter(&self) -> &Adapter {
        &self.adapter
    }

    /// Whether the device went away; everything on it fails from then on.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        matches!(*lock(&self.handle.fault), Some(GpuError::Lost { .. }))
    }

    /// A kernel, compiled at its first use.
    pub(super) fn pipeline(&self, kernel: Kernel) -> wgpu::ComputePipeline {
        let device = &self.handle.device;
        let name = kernel.shader.name();
        let compile = || {
            let mut modules = lock(&self.modules);
            let module = modules.entry(kernel.shader).or_insert_with(|| {
                device.create_shader_module(wgpu::ShaderModuleDescriptor {
                    label: Some(name),
                    source: wgpu::ShaderSource::Wgsl(kernel.shader.source().into()),
                })
            });
            device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(name),
                layout: Some(&self.pipeline_layout),
                module,
                entry_point: Some(name),
                compilation_options: wgpu::PipelineCompilationOptions {
                    constants: &kernel.constants(),
                    ..Default::default()
                },
                cache: None,
            })
        };
        lock(&self.pipelines)
            .entry(kernel)
            .or_insert_with(compile)
            .clone()
    }
}

impl Handle {
    /// Bytes that one buffer may have.
    pub(super) fn largest_buffer(&self) -> u64 {
        let limits = self.device.limits();
        limits
            .max_storage_buffer_binding_size
            .min(limits.max_buffer_size)
    }

    /// Creates a buffer of `size` bytes.
    pub(super) fn buffer(&self, label: &str, size: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
        self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size,
            usage,
            mapped_at_creation: false,
        })
    }

    /// The fault that was reported outside of any call, if any. A lost device stays lost; any
    /// other fault is reported once.
    pub(super) fn check(&self) -> Result<(), GpuError> {
        let mut fault = lock(&self.fault);
        match &*fault {
            None => Ok(()),
            Some(lost @ GpuError::Lost { .. }) => Err(lost.clone()),
            Some(_) => fault.take().map_or(Ok(()), Err),
        }
    }

    /// The error for outputs that cannot be read back, which is what a loss looks like before the
    /// device itself says so.
    pub(super) fn lost_outputs(&self) -> GpuError {
        let lost = GpuError::Lost {
            reason: "the outputs could not be read back".to_owned(),
        };
        lock(&self.fault).get_or_insert(lost).clone()
    }

    /// Does something with the device and returns what it complained about.
    pub(super) async fn guarded<T>(&self, create: impl FnOnce() -> T) -> Result<T, GpuError> {
        let (result, pending) = {
            let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
            let validation = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
            let result = create();
            let validation = validation.pop();
            (result, (memory.pop(), validation))
        };
        // Out of memory first: it is the cause where both are reported.
        if let Some(error) = pending.0.await {
            return Err(error.into());
        }
        if let Some(error) = pending.1.await {
            return Err(error.into());
        }
        Ok(result)
    }
}

/// See [`Handle::chunk_bytes`].
const CHUNK_BYTES: u64 = 128 << 20;
/// No buffer is larger, whatever the GPU allows.
const MAX_BUFFER: u64 = 1 << 30;

/// The bindings of every shader: input, output, parameters, residual, sizes.
const BINDINGS: [wgpu::BufferBindingType; 5] = [
    wgpu::BufferBindingType::Storage { read_only: true },
    wgpu::BufferBindingType::Storage { read_only: false },
    wgpu::BufferBindingType::Storage { read_only: true },
    wgpu::BufferBindingType::Storage { read_only: true },
    wgpu::BufferBindingType::Uniform,
];

/// A panic elsewhere cannot leave these values half written.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_software(name: &str) -> bool {
    let name = name.to_lowercase();
    [
        "swiftshader",
        "llvmpipe",
        "lavapipe",
        "software",
        "basic render",
    ]
    .iter()
    .any(|known| name.contains(known))
}

#[cfg(not(target_arch = "wasm32"))]
fn web_gpu_is_present() -> bool {
    true
}

#[cfg(not(target_arch = "wasm32"))]
fn adapter_name(info: &wgpu::AdapterInfo, _: &wgpu::Device) -> String {
    info.name.clone()
}

#[cfg(target_arch = "wasm32")]
fn property(object: &wasm_bindgen::JsValue, name: &str) -> wasm_bindgen::JsValue {
    js_sys::Reflect::get(object, &name.into()).unwrap_or_default()
}

/// `navigator.gpu` is missing in old browsers and in pages that are not in a secure context.
#[cfg(target_arch = "wasm32")]
fn web_gpu_is_present() -> bool {
    let navigator = property(&js_sys::global(), "navigator");
    !navigator.is_undefined() && !property(&navigator, "gpu").is_undefined()
}

/// Browsers mostly leave the description empty but name vendor and architecture.
#[cfg(target_arch = "wasm32")]
fn adapter_name(info: &wgpu::AdapterInfo, device: &wgpu::Device) -> String {
    if !info.name.is_empty() {
        return info.name.clone();
    }
    let Some(device) = device.as_webgpu() else {
        return String::new();
    };
    let info = property(device.as_ref(), "adapterInfo");
    let words = ["vendor", "architecture"].map(|name| property(&info, name).as_string());
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}
