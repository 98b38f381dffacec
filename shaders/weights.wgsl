// weights: the trained parameters as the recurrences use them.
//
//   W_eff[i,j] = W[i,j] within an area, max(W[i,j], 0) between areas;  W = sign · M · softplus(V) under `softplus`
//   α = Δt / τ,  τ = τ_min + (τ_max − τ_min) σ(θ)
//
// and α = 0 in a training step (at.step > 0) where the network has stopped: the recurrences and the weight gradient then
// leave it alone.
//
// Reads the parameters (adam, dale), records (clip). MATH.md, "Parameters", "Effective weights", "Three ways to keep a sign".

@group(0) @binding(0) var<storage, read> parameters: array<f32>;             // [network][PARAMETERS] W or V, W_in…, I_ext, θ · read
@group(0) @binding(1) var<storage, read> population: array<Neuron>;          // [N] · read
@group(0) @binding(2) var<storage, read_write> weights_forward: array<f32>;  // [network][Z_ROWS pre][W_STRIDE post] W_eff and W_in, transposed · write
@group(0) @binding(3) var<storage, read_write> weights_adjoint: array<f32>;  // [network][D_ROWS post][W_STRIDE pre] W_eff · write
@group(0) @binding(4) var<storage, read> silence: array<vec2<u32>>;          // [network][N] (first silenced step, first after) · read
@group(0) @binding(5) var<storage, read_write> cells: array<vec4<f32>>;      // [network][D_ROWS] (α, or 0 at rest; I_ext; first and end of silence) · write
@group(0) @binding(6) var<storage, read_write> squares: array<f32>;          // [network][PARTIALS] sums of squares of W and W_in · write
@group(0) @binding(7) var<storage, read> records: array<Record>;             // [network] · read

fn weight(network: u32, i: u32, j: u32) -> f32 {
    let stored = parameters[network * PARAMETERS + i * N + j];
    return weight_of(stored, population[i], population[j], i == j);
}

// Extent: x columns (neurons, then channels of each input matrix), y rows i, z networks.
@compute @workgroup_size(64)
fn weights(@builtin(global_invocation_id) id: vec3<u32>) {
    let j = id.x;
    let i = id.y;
    let network = id.z;
    if j >= ones_row() {
        return;
    }
    var value: f32;
    if j < N {
        value = weight(network, i, j);
        if population[i].area != population[j].area {
            value = max(value, 0.0);
        }
        weights_adjoint[(network * D_ROWS + i) * W_STRIDE + j] = value;
    } else {
        let group = (j - N) / U;
        let channel = (j - N) % U;
        value = parameters[network * PARAMETERS + N * N + (group * N + i) * U + channel];
    }
    weights_forward[(network * Z_ROWS + j) * W_STRIDE + i] = value;
}

// Extent: x neurons, y networks.
@compute @workgroup_size(64)
fn cells_of(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    let network = id.y;
    if i >= N {
        return;
    }
    let current = (network + 1u) * PARAMETERS - 2u * N + i;
    let alpha = DT / fma(TAU_SPAN, sigmoid(parameters[current + N]), TAU_MIN);
    let window = silence[network * N + i];
    let rests = at.step > 0u && records[network].stop != 0u;
    cells[network * D_ROWS + i] = vec4<f32>(select(alpha, 0.0, rests), parameters[current], f32(window.x), f32(window.y));
}

// Extent: x PARTIALS, y networks. Each invocation sums every PARTIALS-th square.
@compute @workgroup_size(64)
fn weight_squares(@builtin(global_invocation_id) id: vec3<u32>) {
    let network = id.y;
    var sum = 0.0;
    for (var e = id.x; e < N * N; e += PARTIALS) {
        let w = weight(network, e / N, e % N);
        sum = fma(w, w, sum);
    }
    for (var e = N * N + id.x; e < PARAMETERS - 2u * N; e += PARTIALS) {
        let w = parameters[network * PARAMETERS + e];
        sum = fma(w, w, sum);
    }
    squares[network * PARTIALS + id.x] = sum;
}
