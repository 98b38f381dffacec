// weights: the trained parameters as the recurrences use them.
//
//   W_eff[i,j] = W[i,j] within an area, max(W[i,j], 0) between areas;  W = sign · M · softplus(V) under `softplus`
//   α = Δt / τ,  τ = τ_min + (τ_max − τ_min) σ(θ)
//
// as they hold at step at.time, which begins a phase of some network: what is done to the networks is in cells and
// weights_forward, and the recurrences need not look. Where connections are cut, weights_forward is zero; weights_adjoint
// never is. And α = 0 where the network rests: it is not its turn, or it has stopped and this is a training step. The
// recurrences and the weight gradient then leave it alone.
//
// Reads the parameters (adam, dale), records (clip), phases. docs/model.md#parameters, docs/model.md#effective-weights,
// docs/model.md#three-ways-to-keep-a-sign, docs/model.md#perturbations.

@group(0) @binding(0) var<storage, read> parameters: array<f32>;             // [network][PARAMETERS] W or V, W_in…, I_ext, θ · read
@group(0) @binding(1) var<storage, read> population: array<Neuron>;          // [N] · read
@group(0) @binding(2) var<storage, read_write> weights_forward: array<f32>;  // [network][Z_ROWS pre][W_STRIDE post], in blocks of rows, W_eff without what is cut, and W_in, transposed · write
@group(0) @binding(3) var<storage, read_write> weights_adjoint: array<f32>;  // [network][D_ROWS post][W_STRIDE pre], in blocks of rows, W_eff · write
@group(0) @binding(5) var<storage, read_write> cells: array<vec4<f32>>;      // [network][D_ROWS] (α, or 0 at rest; I_ext + current; gain; offset) · write
@group(0) @binding(6) var<storage, read_write> squares: array<f32>;          // [network][PARTIALS] sums of squares of W and W_in · write
@group(0) @binding(7) var<storage, read> records: array<Record>;             // [network] · read
@group(0) @binding(8) var<storage, read> turns: array<Turn>;                 // [network] · read

// Whether the network is left alone.
fn rests(network: u32) -> bool {
    let waits = at.step > 0u && turns[network].step == 0u;
    return waits || (at.step == TRAINING && records[network].stop != 0u);
}

fn weight(network: u32, i: u32, j: u32) -> f32 {
    let stored = parameters[network * PARAMETERS + i * N + j];
    return weight_of(stored, population[i], population[j], i == j);
}

// Whether the connection from j to i transmits nothing.
fn is_cut(network: u32, i: u32, j: u32) -> bool {
    if at.phases == 0u {
        return false;
    }
    let phase = phase_at(network, at.time);
    return (phases[phase + i].post & phases[phase + j].pre) != 0u;
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
        weights_adjoint[weight_place(network * D_ROWS + i, j)] = value;
        value = select(value, 0.0, is_cut(network, i, j));
    } else {
        let group = (j - N) / U;
        let channel = (j - N) % U;
        value = parameters[network * PARAMETERS + N * N + (group * N + i) * U + channel];
    }
    weights_forward[weight_place(network * Z_ROWS + j, i)] = value;
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
    let phase = phases[phase_at(network, at.time) + i];
    cells[network * D_ROWS + i] =
        vec4<f32>(select(alpha, 0.0, rests(network)), parameters[current] + phase.current, phase.gain, phase.offset);
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
