// What every kernel shares; put before each of the other files.
//
// Maps are [image, y, x, group] of vec4: four channels make a group, padded with zeros. A kernel
// covers its whole output with a line of threads, channel groups fastest, so that neighbouring
// threads read the same pixel and neighbouring weights.

struct Sizes {
    in_height: u32,
    in_width: u32,
    in_groups: u32,
    out_height: u32,
    out_width: u32,
    out_groups: u32,
    // Tiles of neighbouring pixels that make a row, the last one perhaps not full.
    row_tiles: u32,
    // Threads that have work.
    threads: u32,
    images: u32,
    // Output pixels of all images.
    pixels: u32,
    // The window that slides over the map, and how.
    kernel_height: u32,
    kernel_width: u32,
    stride_y: u32,
    stride_x: u32,
    // Zeros above and to the left; those on the other sides follow from the sizes.
    pad_y: u32,
    pad_x: u32,
}

// What a layer is fixed to: a branch on these costs nothing, whereas software adapters run both
// sides of any other.

// Threads of a workgroup.
override WORKGROUP: u32 = 64u;
// Whether only the first channel of the input is not zero, as in a gray photo.
override IS_GRAY: bool = false;
override ACTIVATION: u32 = 0u;
override RESIDUAL: u32 = 0u;

const RELU = 1u;
const SIGMOID = 2u;
const BEFORE_ACTIVATION = 1u;
const AFTER_ACTIVATION = 2u;

@group(0) @binding(0) var<storage, read> input: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> output: array<vec4<f32>>;
// The bias, then the weights.
@group(0) @binding(2) var<storage, read> parameters: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> residual: array<vec4<f32>>;
@group(0) @binding(4) var<uniform> sizes: Sizes;

// Position in the line of threads; workgroups spread over y where x has not room for all.
fn thread_index(workgroup: vec3<u32>, workgroups: vec3<u32>, local: u32) -> u32 {
    return (workgroup.y * workgroups.x + workgroup.x) * WORKGROUP + local;
}

fn activate(value: vec4<f32>) -> vec4<f32> {
    if (ACTIVATION == RELU) {
        return max(value, vec4<f32>(0.0));
    }
    if (ACTIVATION == SIGMOID) {
        return 1.0 / (1.0 + exp(-value));
    }
    return value;
}

// Adds the residual, applies the activation, stores.
fn finish(index: u32, value: vec4<f32>) {
    var result = value;
    if (RESIDUAL == BEFORE_ACTIVATION) {
        result += residual[index];
    }
    result = activate(result);
    if (RESIDUAL == AFTER_ACTIVATION) {
        result += residual[index];
    }
    output[index] = result;
}
