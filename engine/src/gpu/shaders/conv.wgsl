// Convolution of all input channels. A thread makes four neighbouring pixels of one group of
// output channels. Weights: [kernel_y, kernel_x, in_channel, out_group].

// Padded pixels count as zero; u32 arithmetic wraps, so places left of the map are large numbers.
fn pixel(index: u32, x: u32) -> vec4<f32> {
    return select(vec4<f32>(0.0), input[index], x < sizes.in_width);
}

@compute @workgroup_size(WORKGROUP)
fn conv(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let thread = thread_index(workgroup, workgroups, local);
    if (thread >= sizes.threads) {
        return;
    }
    let group = thread % sizes.out_groups;
    let tile = thread / sizes.out_groups;
    let x = 4u * (tile % sizes.row_tiles);
    let row = tile / sizes.row_tiles;
    let y = row % sizes.out_height;
    let image = row / sizes.out_height;
    let step = sizes.stride_x * sizes.in_groups;

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
            var at = ((image * sizes.in_height + in_y) * sizes.in_width + in_x) * sizes.in_groups;
            let tap = kernel_y * sizes.kernel_width + kernel_x;
            var weight = (4u * tap * sizes.in_groups + 1u) * sizes.out_groups + group;
            for (var in_group = 0u; in_group < sizes.in_groups; in_group++) {
                let value0 = pixel(at, in_x);
                let value1 = pixel(at + step, in_x + sizes.stride_x);
                let value2 = pixel(at + 2u * step, in_x + 2u * sizes.stride_x);
                let value3 = pixel(at + 3u * step, in_x + 3u * sizes.stride_x);
                if (IS_GRAY) {
                    sum0 += parameters[weight] * value0.x;
                    sum1 += parameters[weight] * value1.x;
                    sum2 += parameters[weight] * value2.x;
                    sum3 += parameters[weight] * value3.x;
                } else {
                    let weights = mat4x4<f32>(
                        parameters[weight],
                        parameters[weight + sizes.out_groups],
                        parameters[weight + 2u * sizes.out_groups],
                        parameters[weight + 3u * sizes.out_groups],
                    );
                    sum0 += weights * value0;
                    sum1 += weights * value1;
                    sum2 += weights * value2;
                    sum3 += weights * value3;
                }
                at += 1u;
                weight += 4u * sizes.out_groups;
            }
        }
    }

    let to = (row * sizes.out_width + x) * sizes.out_groups + group;
    finish(to, sum0);
    if (x + 1u < sizes.out_width) {
        finish(to + sizes.out_groups, sum1);
    }
    if (x + 2u < sizes.out_width) {
        finish(to + 2u * sizes.out_groups, sum2);
    }
    if (x + 3u < sizes.out_width) {
        finish(to + 3u * sizes.out_groups, sum3);
    }
}
