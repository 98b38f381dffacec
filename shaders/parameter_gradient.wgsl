// parameter_gradient: from the product and the sums of the adjoint to the gradient of every trained parameter.
//
//   ∂W     = ∂W_eff where same area or W > 0, else 0, + λ W / ‖·‖;   ∂V = ∂W · sign · M · σ(V) under `softplus`
//   ∂W_in  = its columns + λ W_in / ‖·‖
//   ∂I_ext = Σ s_t = Σ_{t ≥ 1} δ_t + (1 − α)/α δ_1   (the recurrence of δ, summed over t)
//   ∂θ     = −Σ δ_t d_t / Δt · (τ_max − τ_min) σ(θ)(1 − σ(θ)),   as λ (x_t − x_{t−1}) / α = δ d / α² and ∂α/∂θ = −(α²/Δt)(τ_max − τ_min) σ(1 − σ)
//   and zero for frozen groups
//
// Reads product (weight_gradient), sums and δ_1 (adjoint), losses (loss). docs/model.md#reverse-time-gradient.
// Extent: x parameters in the order of the flat vector (strided), y networks.

@group(0) @binding(0) var<storage, read> product: array<f32>;        // [network][SEGMENTS][N][Z_ROWS] · read
@group(0) @binding(1) var<storage, read> parameters: array<f32>;     // [network][PARAMETERS] · read
@group(0) @binding(2) var<storage, read> population: array<Neuron>;  // [N] · read
@group(0) @binding(3) var<storage, read> deltas: array<Stored>;      // [slab][D_SLOTS][D_ROWS][QUADS] even slots; δ_1 is in slot 2 · read
@group(0) @binding(4) var<storage, read> sums: array<vec4<f32>>;     // [slab][D_ROWS][QUADS] Σ δ d · read
@group(0) @binding(5) var<storage, read> losses: array<vec4<f32>>;   // [network][2] (L, data, reg, scale of g), (scale of reg) · read
@group(0) @binding(6) var<storage, read> frozen: array<u32>;         // [network][1 + G + 2] 1: W, W_in…, I_ext, θ · read
@group(0) @binding(7) var<storage, read_write> gradient: array<f32>; // [network][PARAMETERS] · write

fn column_of(network: u32, i: u32, j: u32) -> f32 {
    var sum = 0.0;
    for (var s = 0u; s < SEGMENTS; s++) {
        sum += product[((network * SEGMENTS + s) * N + i) * Z_ROWS + j];
    }
    return sum / DELTA_SCALE;
}

fn across(v: vec4<f32>) -> f32 {
    return (v.x + v.y) + (v.z + v.w);
}

// `parameters` are those of one network from `base` on.
fn recurrent(network: u32, base: u32, e: u32) -> f32 {
    let i = e / N;
    let j = e % N;
    let post = population[i];
    let pre = population[j];
    let stored = parameters[base + e];
    let w = weight_of(stored, post, pre, i == j);
    let felt = post.area == pre.area || w > 0.0;
    var g = fma(losses[network * 2u + 1u].x, w, select(0.0, column_of(network, i, j), felt));
    if SIGN == SOFTPLUS {
        g *= signed_mask(post, pre, i == j) * sigmoid(stored);
    }
    return g;
}

fn current(network: u32, base: u32, i: u32) -> f32 {
    let alpha = DT / fma(TAU_SPAN, sigmoid(parameters[base + PARAMETERS - N + i]), TAU_MIN);
    var first = 0.0;
    for (var tile = 0u; tile < TILES; tile++) {
        for (var q = 0u; q < QUADS; q++) {
            first += across(unpacked(deltas[(((network * TILES + tile) * D_SLOTS + 1u) * D_ROWS + i) * QUADS + q]));
        }
    }
    return fma((1.0 - alpha) / alpha, first / DELTA_SCALE, column_of(network, i, ones_row()));
}

fn time_constant(network: u32, base: u32, i: u32) -> f32 {
    var sum = 0.0;
    for (var tile = 0u; tile < TILES; tile++) {
        for (var q = 0u; q < QUADS; q++) {
            sum += across(sums[((network * TILES + tile) * D_ROWS + i) * QUADS + q]);
        }
    }
    let s = sigmoid(parameters[base + PARAMETERS - N + i]);
    return -sum / DELTA_SCALE / DT * TAU_SPAN * s * (1.0 - s);
}

@compute @workgroup_size(64)
fn parameter_gradient(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let network = id.y;
    let base = network * PARAMETERS;
    let inputs_end = PARAMETERS - 2u * N;
    // Ends: e grows by at least 64.
    for (var e = id.x; e < PARAMETERS; e += groups.x * 64u) {
        var g: f32;
        var group: u32;
        if e < N * N {
            group = 0u;
            g = recurrent(network, base, e);
        } else if e < inputs_end {
            let k = e - N * N;
            group = 1u + k / (N * U);
            let column = N + k / (N * U) * U + k % U;
            g = fma(losses[network * 2u + 1u].x, parameters[base + e], column_of(network, k / U % N, column));
        } else if e < inputs_end + N {
            group = 1u + G;
            g = current(network, base, e - inputs_end);
        } else {
            group = 2u + G;
            g = time_constant(network, base, e - inputs_end - N);
        }
        gradient[base + e] = select(g, 0.0, frozen[network * (3u + G) + group] == 1u);
    }
}
