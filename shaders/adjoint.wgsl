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
// Extent: x neurons in groups of 4·ROW_QUADS · WORKGROUP / SPLIT, y slabs × parts of a tile of conditions.

const STATE_ROWS: u32 = D_ROWS;
// UNROLL: rows of `deltas` past N are zero

@group(0) @binding(7) var<storage, read> losses: array<vec4<f32>>;       // [network][2] (L, data, reg, scale of g), (scale of reg) · read
@group(0) @binding(8) var<storage, read_write> deltas: array<Stored>;    // [slab][D_SLOTS][D_ROWS][QUADS] parity of t + 1, δ_t · write
@group(0) @binding(9) var<storage, read_write> sums: array<vec4<f32>>;   // [slab][D_ROWS][QUADS] Σ δ d · write

// Where δ_{t+1} of the slab begins.
fn state_base(slab: u32) -> u32 {
    return (slab * D_SLOTS + at.time / 2u + 1u) * D_ROWS * QUADS;
}

// What the sum means for neuron i and a quad of conditions.
fn advance(slab: u32, i: u32, quad: u32, cell: vec4<f32>, sum: vec4<f32>) {
    let offset = i * QUADS + quad;
    let slice = slab * D_ROWS * QUADS;
    let in_bins = at.time >= THERMAL && at.time < THERMAL + STEPS_PER_BIN * BINS;
    let bin = select(0u, (at.time - THERMAL) / STEPS_PER_BIN, in_bins);
    let residual = direct_of(load_residual((slab * BINS + bin) * D_ROWS * QUADS, offset));
    let rate = load_rate((slab * Z_SLOTS + at.time / 2u) * Z_ROWS * QUADS, offset);
    let scale = select(0.0, DELTA_SCALE * losses[slab / TILES * 2u].w, in_bins);
    let rho = fma(vec4<f32>(scale), residual, sum);
    let s = rho * rate * (1.0 - rate);
    let delta = fma(vec4<f32>(1.0 - cell.x), load_state(state_base(slab), offset), cell.x * s);
    let before = select(load_previous(slice, offset), vec4<f32>(0.0), at.time == T - 1u);
    deltas[(slab * D_SLOTS + (at.time + 1u) / 2u) * D_ROWS * QUADS + offset] = packed(delta);
    let increment = load_increment((slab * D_SLOTS + at.time / 2u) * D_ROWS * QUADS, offset);
    sums[slice + offset] = fma(delta, increment, before);
}

@compute @workgroup_size(WORKGROUP)
fn adjoint(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
    step_of(lane, group, adjoint_rows());
}
