// The largest value under the window; padded pixels never win. A thread makes one pixel of one
// group of channels.

@compute @workgroup_size(WORKGROUP)
fn max_pool(
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
    let x = (thread / groups) % sizes.out_width;
    let row = thread / (groups * sizes.out_width);
    let y = row % sizes.out_height;
    let image = row / sizes.out_height;

    var largest = vec4<f32>(-3.40282347e38);
    for (var kernel_y = 0u; kernel_y < sizes.kernel_height; kernel_y++) {
        let in_y = y * sizes.stride_y + kernel_y - sizes.pad_y;
        for (var kernel_x = 0u; kernel_x < sizes.kernel_width; kernel_x++) {
            let in_x = x * sizes.stride_x + kernel_x - sizes.pad_x;
            if (in_y < sizes.in_height && in_x < sizes.in_width) {
                let at = (image * sizes.in_height + in_y) * sizes.in_width + in_x;
                largest = max(largest, input[at * groups + group]);
            }
        }
    }
    finish(thread, largest);
}
