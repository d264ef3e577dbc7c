// Convolution of all input channels, for GPUs on which a load costs much more than arithmetic.
// Four neighbouring threads, a quad, share twelve pixels and make four groups of output channels:
// each thread loads one of four input channels and hears the others. Weights as for `conv`.

// The input as single channels.
@group(0) @binding(0) var<storage, read> values: array<f32>;

// Four of the twelve pixels: where the first tap of the kernel meets the input. u32 arithmetic
// wraps, so that places above and left of the map are large numbers.
struct Pixels {
    y: vec4<u32>,
    x: vec4<u32>,
    // Index of the first channel there.
    at: vec4<u32>,
}

fn pixels(first: u32) -> Pixels {
    let pixel = first + vec4<u32>(0u, 1u, 2u, 3u);
    let row = pixel / sizes.out_width;
    let y = row % sizes.out_height * sizes.stride_y - sizes.pad_y;
    let x = pixel % sizes.out_width * sizes.stride_x - sizes.pad_x;
    let in_row = row / sizes.out_height * sizes.in_height + y;
    return Pixels(y, x, (in_row * sizes.in_width + x) * (4u * sizes.in_groups));
}

fn is_inside(pixels: Pixels, tap: vec2<u32>) -> vec4<bool> {
    return (pixels.y + tap.y < vec4<u32>(sizes.in_height))
        & (pixels.x + tap.x < vec4<u32>(sizes.in_width));
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

    // Steps in the input and in the weights.
    let next_pixel = 4u * sizes.in_groups;
    let next_channel = sizes.out_groups;

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
            let step = (kernel_y * sizes.in_width + kernel_x) * next_pixel + lane;
            var index_a = pixels_a.at + step;
            var index_b = pixels_b.at + step;
            var index_c = pixels_c.at + step;
            let place = kernel_y * sizes.kernel_width + kernel_x;
            var weight = (place * next_pixel + 1u) * next_channel + group;
            for (var in_channel = 0u; in_channel < next_pixel; in_channel += 4u) {
                let value_a = load(index_a, inside_a);
                let value_b = load(index_b, inside_b);
                let value_c = load(index_c, inside_c);
                let weight_0 = parameters[weight];
                a += outer(quadBroadcast(value_a, 0u), weight_0);
                b += outer(quadBroadcast(value_b, 0u), weight_0);
                c += outer(quadBroadcast(value_c, 0u), weight_0);
                if (!IS_GRAY) {
                    let weight_1 = parameters[weight + next_channel];
                    a += outer(quadBroadcast(value_a, 1u), weight_1);
                    b += outer(quadBroadcast(value_b, 1u), weight_1);
                    c += outer(quadBroadcast(value_c, 1u), weight_1);
                    let weight_2 = parameters[weight + 2u * next_channel];
                    a += outer(quadBroadcast(value_a, 2u), weight_2);
                    b += outer(quadBroadcast(value_b, 2u), weight_2);
                    c += outer(quadBroadcast(value_c, 2u), weight_2);
                    let weight_3 = parameters[weight + 3u * next_channel];
                    a += outer(quadBroadcast(value_a, 3u), weight_3);
                    b += outer(quadBroadcast(value_b, 3u), weight_3);
                    c += outer(quadBroadcast(value_c, 3u), weight_3);
                }
                index_a += 4u;
                index_b += 4u;
                index_c += 4u;
                weight += 4u * next_channel;
            }
        }
    }

    store_four(first, group, a);
    store_four(first + 4u, group, b);
    store_four(first + 8u, group, c);
}
