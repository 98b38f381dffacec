// adjoint: one time step t = T−1 … 1 of the reverse-time recurrence, in terms of δ = α ⊙ λ.
//
//   ρ_t = g_t + W_effᵀ δ_{t+1},   s_t = ρ_t ⊙ r_t ⊙ (1 − r_t),   δ_t = (1 − α) ⊙ δ_{t+1} + α ⊙ s_t
//   g_t = (y − F) / (w √E), or sign(y − F) / w under `l1`, in the bin that holds t, else 0
//   and Σ δ_t ⊙ d_t over the steps so far, for ∂α
//
// Reads weights and cells (weights), rates and d_t (forward), residuals and their scale (loss), δ_{t+1} (adjoint: slot
// t + 2; slot T + 1 stays zero). Of cells it needs α alone: a silenced neuron has r = 0, so nothing flows through it, and
// r (1 − r) is the slope of a driven one. Whatever else is done to neurons or connections has no gradient here.
// docs/model.md#reverse-time-gradient.
// Extent: x neurons in groups of 4·ROW_QUADS, y slabs × parts of a tile of conditions.

const STATE_ROWS: u32 = D_ROWS;
const ROWS: u32 = 4u * ROW_QUADS;
const PARTS: u32 = QUADS / TILE_QUADS;
// UNROLL: rows of `deltas` past N are zero

@group(0) @binding(7) var<storage, read> losses: array<vec4<f32>>;       // [network][2] (L, data, reg, scale of g), (scale of reg) · read
@group(0) @binding(8) var<storage, read_write> deltas: array<Stored>;    // [slab][D_SLOTS][D_ROWS][QUADS] parity of t + 1, δ_t · write
@group(0) @binding(9) var<storage, read_write> sums: array<vec4<f32>>;   // [slab][D_ROWS][QUADS] Σ δ d · write

@compute @workgroup_size(WORKGROUP)
fn adjoint(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    let first = id.x * ROWS;
    if first >= N {
        return;
    }
    let slab = at.slab + group.y / PARTS;
    let network = slab / TILES;
    if load_cell(network, first).x == 0.0 {
        return; // the network has stopped, and rests
    }
    let quad = (group.y % PARTS) * TILE_QUADS;

    let state_base = (slab * D_SLOTS + at.time / 2u + 1u) * D_ROWS * QUADS;
    // A variable: of a value that a loop indexes, compilers make a copy at each use.
    var sum = products(network, adjoint_rows(), first / 4u, state_base, quad);

    let slice = slab * D_ROWS * QUADS;
    let rates_base = (slab * Z_SLOTS + at.time / 2u) * Z_ROWS * QUADS;
    let increment_base = (slab * D_SLOTS + at.time / 2u) * D_ROWS * QUADS;
    let deltas_base = (slab * D_SLOTS + (at.time + 1u) / 2u) * D_ROWS * QUADS;
    let in_bins = at.time >= THERMAL && at.time < THERMAL + STEPS_PER_BIN * BINS;
    let bin = select(0u, (at.time - THERMAL) / STEPS_PER_BIN, in_bins);
    let residual_base = (slab * BINS + bin) * D_ROWS * QUADS;
    let scale = select(0.0, DELTA_SCALE * losses[network * 2u].w, in_bins);
    for (var r = 0u; r < ROWS; r++) {
        let i = first + r;
        if i < N {
            let alpha = load_cell(network, i).x;
            for (var q = 0u; q < TILE_QUADS; q++) {
                let offset = i * QUADS + quad + q;
                let residual = direct_of(load_residual(residual_base, offset));
                let rate = load_rate(rates_base, offset);
                let rho = fma(vec4<f32>(scale), residual, sum[r * TILE_QUADS + q]);
                let s = rho * rate * (1.0 - rate);
                let delta = fma(vec4<f32>(1.0 - alpha), load_state(state_base, offset), alpha * s);
                let before = select(load_previous(slice, offset), vec4<f32>(0.0), at.time == T - 1u);
                deltas[deltas_base + offset] = packed(delta);
                sums[slice + offset] = fma(delta, load_increment(increment_base, offset), before);
            }
        }
    }
}
