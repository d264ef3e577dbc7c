// Convolution of all input channels, for GPUs on which a load costs much more than arithmetic.
// Four neighbouring threads, a quad, share twelve pixels and make four groups of output channels:
// each thread loads one of four input channels and hears the others. Weights as for `conv`.

// The input as single channels.
@group(0) @binding(0) var<storage, read> values: array<f32>;

// Four of the twelve pixels: place of the window in the input.
struct Pixels {
    y: vec4<u32>,
    x: vec4<u32>,
    // First row of the image that they lie in.
    image: vec4<u32>,
}

fn pixels(first: u32) -> Pixels {
    let pixel = first + vec4<u32>(0u, 1u, 2u, 3u);
    let row = pixel / sizes.out_width;
    return Pixels(
        row % sizes.out_height * sizes.stride_y - sizes.pad_y,
        pixel % sizes.out_width * sizes.stride_x - sizes.pad_x,
        row / sizes.out_height * sizes.in_height,
    );
}

// Where a tap of the kernel meets the pixels. u32 arithmetic wraps, so that places above and left
// of the map are large numbers.
fn is_inside(pixels: Pixels, tap: vec2<u32>) -> vec4<bool> {
    return (pixels.y + tap.y < vec4<u32>(sizes.in_height))
        & (pixels.x + tap.x < vec4<u32>(sizes.in_width));
}

fn index(pixels: Pixels, tap: vec2<u32>, channel: u32) -> vec4<u32> {
    let row = pixels.image + pixels.y + tap.y;
    return (row * sizes.in_width + pixels.x + tap.x) * (4u * sizes.in_groups) + channel;
}

fn load(index: vec4<u32>, is_inside: vec4<bool>) -> vec4<f32> {
    let loaded = vec4<f32>(values[index.x], values[index.y], values[index.z], values[index.w]);
    return select(vec4<f32>(0.0), loaded, is_inside);
}


fn outer(value: vec4<f32>, weight: vec4<f32>) -> mat4x4<f32> {
    return mat4x4<f32>(value.x * weight, value.y * weight, value.z * weight, value.w * weight);
}

fn store(pixel: u32, group: u32, value: vec4<f32>) {
    if (pixel < sizes.pixels && group < sizes.out_groups) {
        finish(pixel * sizes.out_groups + group, value);
    }
}

fn store_four(pixel: u32, group: u32, sums: mat4x4<f32>) {
    store(pixel, group, sums[0]);
    store(pixel + 1u, group, sums[1]);
    store(pixel + 2u, group, sums[2]);
    store(pixel + 3u, group, sums[3]);
}

@compute @workgroup_size(WORKGROUP)
fn conv_quad(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let thread = thread_index(workgroup, workgroups, local);
    let lane = thread % 4u;
    let quads = (sizes.out_groups + 3u) / 4u;
    let group = thread / 4u % quads * 4u + lane;
    let first = 12u * (thread / (4u * quads));
    let pixels_a = pixels(first);
    let pixels_b = pixels(first + 4u);
    let pixels_c = pixels(first + 8u);

    let bias = parameters[group];
    var a = mat4x4<f32>(bias, bias, bias, bias);
    var b = a;
    var c = a;
    for (var kernel_y = 0u; kernel_y < sizes.kernel_height; kernel_y++) {
        for (var kernel_x = 0u; kernel_x < sizes.kernel_width; kernel_x++) {
            let tap = vec2<u32>(kernel_x, kernel_y);
            let inside_a = is_inside(pixels_a, tap);
            let inside_b = is_inside(pixels_b, tap);
            let inside_c = is_inside(pixels_c, tap);
            var index_a = index(pixels_a, tap, lane);
            var index_b = index(pixels_b, tap, lane);
            var index_c = index(pixels_c, tap, lane);
            let place = kernel_y * sizes.kernel_width + kernel_x;
            var weight = (4u * place * sizes.in_groups + 1u) * sizes.out_groups + group;
            for (var in_group = 0u; in_group < sizes.in_groups; in_group++) {
                let value_a = load(index_a, inside_a);
                let value_b = load(index_b, inside_b);
                let value_c = load(index_c, inside_c);
                let weight_0 = parameters[weight];
                a += outer(quadBroadcast(value_a, 0u), weight_0);
                b += outer(quadBroadcast(value_b, 0u), weight_0);
                c += outer(quadBroadcast(value_c, 0u), weight_0);
                let weight_1 = parameters[weight + sizes.out_groups];
                a += outer(quadBroadcast(value_a, 1u), weight_1);
                b += outer(quadBroadcast(value_b, 1u), weight_1);
                c += outer(quadBroadcast(value_c, 1u), weight_1);
                let weight_2 = parameters[weight + 2u * sizes.out_groups];
                a += outer(quadBroadcast(value_a, 2u), weight_2);
                b += outer(quadBroadcast(value_b, 2u), weight_2);
                c += outer(quadBroadcast(value_c, 2u), weight_2);
                let weight_3 = parameters[weight + 3u * sizes.out_groups];
                a += outer(quadBroadcast(value_a, 3u), weight_3);
                b += outer(quadBroadcast(value_b, 3u), weight_3);
                c += outer(quadBroadcast(value_c, 3u), weight_3);
                index_a += 4u;
                index_b += 4u;
                index_c += 4u;
                weight += 4u * sizes.out_groups;
            }
        }
    }

    store_four(first, group, a);
    store_four(first + 4u, group, b);
    store_four(first + 8u, group, c);
}
