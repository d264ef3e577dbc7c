// The mean of the whole map. A thread makes one group of channels of one image.

@compute @workgroup_size(WORKGROUP)
fn global_average_pool(
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
    let image = thread / groups;
    let area = sizes.in_height * sizes.in_width;

    var sum = vec4<f32>(0.0);
    for (var place = 0u; place < area; place++) {
        sum += input[(image * area + place) * groups + group];
    }
    finish(thread, sum / f32(area));
}
