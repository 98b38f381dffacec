// adam: the optimiser, as Keras states it, and the best parameters so far.
//
//   best ← p if the loss of p improved;   g ← scale · g,  m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²
//   p ← p − lr_t m / (√v + ε),   lr_t with the bias correction, from the host in turns
//
// Reads gradient (parameter_gradient) and records (clip). docs/model.md#step.
// Extent: x parameters (strided), y networks.

@group(0) @binding(0) var<storage, read> gradient: array<f32>;            // [network][PARAMETERS] · read
@group(0) @binding(1) var<storage, read> records: array<Record>;          // [network] · read
@group(0) @binding(2) var<storage, read> turns: array<Turn>;              // [network] · read
@group(0) @binding(3) var<storage, read_write> parameters: array<f32>;    // [network][PARAMETERS] · read and write
@group(0) @binding(4) var<storage, read_write> first_moment: array<f32>;  // [network][PARAMETERS] m · read and write
@group(0) @binding(5) var<storage, read_write> second_moment: array<f32>; // [network][PARAMETERS] v · read and write
@group(0) @binding(6) var<storage, read_write> best: array<f32>;          // [network][PARAMETERS] · write

@compute @workgroup_size(64)
fn adam(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let network = id.y;
    let improved = records[network].improved == 1u;
    let update = records[network].update == 1u;
    let scale = records[network].clip_scale;
    let step_size = turns[network].step_size;
    // Ends: e grows by at least 64.
    for (var e = id.x; e < PARAMETERS; e += groups.x * 64u) {
        let k = network * PARAMETERS + e;
        if improved {
            best[k] = parameters[k];
        }
        if update {
            let g = scale * gradient[k];
            let m = fma(BETA1, first_moment[k], ONE_MINUS_BETA1 * g);
            let v = fma(BETA2, second_moment[k], ONE_MINUS_BETA2 * g * g);
            first_moment[k] = m;
            second_moment[k] = v;
            parameters[k] -= step_size * m / (sqrt(v) + EPSILON);
        }
    }
}
