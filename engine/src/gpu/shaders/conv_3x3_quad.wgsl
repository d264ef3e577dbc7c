// Convolution of all input channels with a 3 x 3 kernel and stride 1, for GPUs on which a load
// costs much more than arithmetic. Four neighbouring threads, a quad, share a tile of 2 x 6 pixels
// and make four groups of output channels: each thread loads one of four input channels and hears
// the others. A loaded row serves three places of the kernel. Weights as for `conv`.

// The input as single channels.
@group(0) @binding(0) var<storage, read> values: array<f32>;

// A row of eight input pixels.
struct Row {
    left: vec4<f32>,
    right: vec4<f32>,
}

// Which columns of a row lie inside the map.
struct Columns {
    left: vec4<bool>,
    right: vec4<bool>,
}

// `step` leads from one pixel to the next.
fn load(index: u32, step: u32, is_inside: bool, columns: Columns) -> Row {
    let left = vec4<f32>(
        values[index],
        values[index + step],
        values[index + 2u * step],
        values[index + 3u * step],
    );
    let right = vec4<f32>(
        values[index + 4u * step],
        values[index + 5u * step],
        values[index + 6u * step],
        values[index + 7u * step],
    );
    return Row(
        select(vec4<f32>(0.0), left, columns.left & vec4<bool>(is_inside)),
        select(vec4<f32>(0.0), right, columns.right & vec4<bool>(is_inside)),
    );
}

// Sums of six neighbouring pixels.
struct Sums {
    a: vec4<f32>,
    b: vec4<f32>,
    c: vec4<f32>,
    d: vec4<f32>,
    e: vec4<f32>,
    f: vec4<f32>,
}

// A row of the kernel, for one input channel and four output channels.
struct Weights {
    left: vec4<f32>,
    middle: vec4<f32>,
    right: vec4<f32>,
}

// `step` leads from one place of the kernel to the next.
fn weights(index: u32, step: u32) -> Weights {
    return Weights(parameters[index], parameters[index + step], parameters[index + 2u * step]);
}

fn add(sums: Sums, row: Row, w: Weights) -> Sums {
    let l = row.left;
    let r = row.right;
    return Sums(
        sums.a + l.x * w.left + l.y * w.middle + l.z * w.right,
        sums.b + l.y * w.left + l.z * w.middle + l.w * w.right,
        sums.c + l.z * w.left + l.w * w.middle + r.x * w.right,
        sums.d + l.w * w.left + r.x * w.middle + r.y * w.right,
        sums.e + r.x * w.left + r.y * w.middle + r.z * w.right,
        sums.f + r.y * w.left + r.z * w.middle + r.w * w.right,
    );
}

fn store(row: u32, x: u32, group: u32, value: vec4<f32>) {
    if (x < sizes.out_width && group < sizes.out_groups) {
        finish((row * sizes.out_width + x) * sizes.out_groups + group, value);
    }
}

fn store_row(row: u32, x: u32, group: u32, sums: Sums) {
    store(row, x, group, sums.a);
    store(row, x + 1u, group, sums.b);
    store(row, x + 2u, group, sums.c);
    store(row, x + 3u, group, sums.d);
    store(row, x + 4u, group, sums.e);
    store(row, x + 5u, group, sums.f);
}

@compute @workgroup_size(WORKGROUP)
fn conv_3x3_quad(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let thread = thread_index(workgroup, workgroups, local);
    let lane = thread % 4u;
    let quads = (sizes.out_groups + 3u) / 4u;
    let group = thread / 4u % quads * 4u + lane;
    let tile = thread / (4u * quads);
    let column_tiles = (sizes.out_height + 1u) / 2u;
    let x = tile % sizes.row_tiles * 6u;
    let y = tile / sizes.row_tiles % column_tiles * 2u;
    let image = tile / (sizes.row_tiles * column_tiles);
    let in_x = x - sizes.pad_x;
    let columns = Columns(
        in_x + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(sizes.in_width),
        in_x + vec4<u32>(4u, 5u, 6u, 7u) < vec4<u32>(sizes.in_width),
    );
    // Steps in the input and in the weights.
    let next_pixel = 4u * sizes.in_groups;
    let next_row = next_pixel * sizes.in_width;
    let next_channel = sizes.out_groups;
    let next_place = next_pixel * next_channel;

    let bias = parameters[group];
    var top = Sums(bias, bias, bias, bias, bias, bias);
    var bottom = top;
    for (var kernel_y = 0u; kernel_y < 3u; kernel_y++) {
        let in_y = y + kernel_y - sizes.pad_y;
        let top_inside = in_y < sizes.in_height;
        let bottom_inside = in_y + 1u < sizes.in_height;
        var at = (image * sizes.in_height + in_y) * next_row + in_x * next_pixel + lane;
        var weight = next_channel + 3u * kernel_y * next_place + group;
        for (var in_channel = 0u; in_channel < next_pixel; in_channel += 4u) {
            let above = load(at, next_pixel, top_inside, columns);
            let below = load(at + next_row, next_pixel, bottom_inside, columns);
            let weights_0 = weights(weight, next_place);
            let above_0 = Row(quadBroadcast(above.left, 0u), quadBroadcast(above.right, 0u));
            let below_0 = Row(quadBroadcast(below.left, 0u), quadBroadcast(below.right, 0u));
            top = add(top, above_0, weights_0);
            bottom = add(bottom, below_0, weights_0);
            if (!IS_GRAY) {
                let weights_1 = weights(weight + next_channel, next_place);
                let above_1 = Row(quadBroadcast(above.left, 1u), quadBroadcast(above.right, 1u));
                let below_1 = Row(quadBroadcast(below.left, 1u), quadBroadcast(below.right, 1u));
                top = add(top, above_1, weights_1);
                bottom = add(bottom, below_1, weights_1);
                let weights_2 = weights(weight + 2u * next_channel, next_place);
                let above_2 = Row(quadBroadcast(above.left, 2u), quadBroadcast(above.right, 2u));
                let below_2 = Row(quadBroadcast(below.left, 2u), quadBroadcast(below.right, 2u));
                top = add(top, above_2, weights_2);
                bottom = add(bottom, below_2, weights_2);
                let weights_3 = weights(weight + 3u * next_channel, next_place);
                let above_3 = Row(quadBroadcast(above.left, 3u), quadBroadcast(above.right, 3u));
                let below_3 = Row(quadBroadcast(below.left, 3u), quadBroadcast(below.right, 3u));
                top = add(top, above_3, weights_3);
                bottom = add(bottom, below_3, weights_3);
            }
            at += 4u;
            weight += 4u * next_channel;
        }
    }

    // Tiles past the last image are images of no batch.
    if (image < sizes.images) {
        let row = image * sizes.out_height + y;
        store_row(row, x, group, top);
        if (y + 1u < sizes.out_height) {
            store_row(row + 1u, x, group, bottom);
        }
    }
}
