// dale: the projection of W after an update. Nothing to do under `softplus`.
//
//   reflect: W ← ±|W|;   clamp: W ← 0 where the sign is wrong;   both: W_ii ← 0
//
// Reads and writes the parameters (adam); leaves a frozen W, and a network that was not updated, as they are.
// docs/model.md#three-ways-to-keep-a-sign. Extent: x elements of W (strided), y networks.

@group(0) @binding(0) var<storage, read> population: array<Neuron>;    // [N] · read
@group(0) @binding(1) var<storage, read> records: array<Record>;       // [network] · read
@group(0) @binding(2) var<storage, read> frozen: array<u32>;           // [network][1 + G + 2] 1: W, W_in…, I_ext, θ · read
@group(0) @binding(3) var<storage, read_write> parameters: array<f32>; // [network][PARAMETERS] · read and write

@compute @workgroup_size(64)
fn dale(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let network = id.y;
    if records[network].update == 0u || frozen[network * (3u + G)] == 1u {
        return;
    }
    // Ends: e grows by at least 64.
    for (var e = id.x; e < N * N; e += groups.x * 64u) {
        let i = e / N;
        let j = e % N;
        let sign = sign_of(population[i], population[j]);
        let k = network * PARAMETERS + e;
        var w = parameters[k];
        if SIGN == REFLECT && sign != 0.0 {
            w = sign * abs(w);
        } else if SIGN == CLAMP && sign * w < 0.0 {
            w = 0.0;
        }
        parameters[k] = select(w, 0.0, i == j);
    }
}
