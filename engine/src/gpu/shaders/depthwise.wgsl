// Convolution of each channel with its own kernel. A thread makes four neighbouring pixels of one
// group of channels. Weights: [kernel_y, kernel_x, group].

// Padded pixels count as zero; u32 arithmetic wraps, so places left of the map are large numbers.
fn pixel(index: u32, x: u32) -> vec4<f32> {
    return select(vec4<f32>(0.0), input[index], x < sizes.in_width);
}

@compute @workgroup_size(WORKGROUP)
fn depthwise(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let thread = thread_index(workgroup, workgroups, local);
    if (thread >= sizes.threads) {
        return;
    }
    let groups = sizes.out_groups;
    let group = thread % groups;
    let tile = thread / groups;
    let x = 4u * (tile % sizes.row_tiles);
    let row = tile / sizes.row_tiles;
    let y = row % sizes.out_height;
    let image = row / sizes.out_height;
    let step = sizes.stride_x * groups;

    let bias = parameters[group];
    var sum0 = bias;
    var sum1 = bias;
    var sum2 = bias;
    var sum3 = bias;
    for (var kernel_y = 0u; kernel_y < sizes.kernel_height; kernel_y++) {
        let in_y = y * sizes.stride_y + kernel_y - sizes.pad_y;
        if (in_y >= sizes.in_height) {
            continue;
        }
        for (var kernel_x = 0u; kernel_x < sizes.kernel_width; kernel_x++) {
            let in_x = x * sizes.stride_x + kernel_x - sizes.pad_x;
            let at = ((image * sizes.in_height + in_y) * sizes.in_width + in_x) * groups + group;
            let tap = kernel_y * sizes.kernel_width + kernel_x;
            let weight = parameters[(tap + 1u) * groups + group];
            sum0 += weight * pixel(at, in_x);
            sum1 += weight * pixel(at + step, in_x + sizes.stride_x);
            sum2 += weight * pixel(at + 2u * step, in_x + 2u * sizes.stride_x);
            sum3 += weight * pixel(at + 3u * step, in_x + 3u * sizes.stride_x);
        }
    }

    let to = (row * sizes.out_width + x) * groups + group;
    finish(to, sum0);
    if (x + 1u < sizes.out_width) {
        finish(to + groups, sum1);
    }
    if (x + 2u < sizes.out_width) {
        finish(to + 2u * groups, sum2);
    }
    if (x + 3u < sizes.out_width) {
        finish(to + 3u * groups, sum3);
    }
}
