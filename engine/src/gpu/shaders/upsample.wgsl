// Transposed convolution with a 2 x 2 kernel and stride 2. A thread takes four neighbouring input
// pixels to one of their four output places each, for one group of output channels.
// Weights: [place_y, place_x, in_channel, out_group].

@compute @workgroup_size(WORKGROUP)
fn upsample(
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
    let place = (thread / groups) % 4u;
    let tile = thread / (4u * groups);
    let x = 4u * (tile % sizes.row_tiles);
    let row = tile / sizes.row_tiles;

    let bias = parameters[group];
    var sum0 = bias;
    var sum1 = bias;
    var sum2 = bias;
    var sum3 = bias;
    var at = (row * sizes.in_width + x) * sizes.in_groups;
    var weight = (4u * place * sizes.in_groups + 1u) * groups + group;
    for (var in_group = 0u; in_group < sizes.in_groups; in_group++) {
        let weights = mat4x4<f32>(
            parameters[weight],
            parameters[weight + groups],
            parameters[weight + 2u * groups],
            parameters[weight + 3u * groups],
        );
        // Pixels past the end of the row are read and thrown away.
        sum0 += weights * input[at];
        sum1 += weights * input[at + sizes.in_groups];
        sum2 += weights * input[at + 2u * sizes.in_groups];
        sum3 += weights * input[at + 3u * sizes.in_groups];
        at += 1u;
        weight += 4u * groups;
    }

    // Rows of all images follow each other, so row 2 r of the output belongs to row r of the input.
    let out_row = 2u * row + place / 2u;
    let to = (out_row * sizes.out_width + 2u * x + place % 2u) * groups + group;
    finish(to, sum0);
    if (x + 1u < sizes.in_width) {
        finish(to + 2u * groups, sum1);
    }
    if (x + 2u < sizes.in_width) {
        finish(to + 4u * groups, sum2);
    }
    if (x + 3u < sizes.in_width) {
        finish(to + 6u * groups, sum3);
    }
}
