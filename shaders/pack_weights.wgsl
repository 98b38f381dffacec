// pack_weights: the weights of a recurrence, rounded to 16-bit numbers, where these are asked for.
//
// Reads what weights wrote. Every recurrence of both strategies loads the rounded ones, forward and back, so that the gradient is
// that of what was simulated; the regulariser and the updates are of the 32-bit weights. docs/model.md#effective-weights.
// Extent: x strides over all networks' quads of weights.

@group(0) @binding(0) var<storage, read> exact_weights: array<vec4<f32>>;             // [network][rows][W_STRIDE], in blocks of rows · read
@group(0) @binding(1) var<storage, read_write> packed_weights: array<vec2<u32>>; // [network][rows][W_STRIDE], the same, rounded · write

@compute @workgroup_size(64)
fn pack_weights(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    // Ends: k grows by the number of invocations.
    for (var k = id.x; k < arrayLength(&exact_weights); k += groups.x * 64u) {
        packed_weights[k] = halves(exact_weights[k]);
    }
}
