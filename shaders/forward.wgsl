// forward: one time step t ≥ 1 of the recurrence.
//
//   d_t = α ⊙ (W_eff r_{t−1} + W_in u_{t−1} − x_{t−1}),   x_t = x_{t−1} + d_t
//   r_t = gain ⊙ σ(x_t + I_ext + current) + offset, which is σ(x_t + I_ext) where nothing is done to a neuron
//
// Reads weights and cells of the phase that holds (weights), inputs of step t − 1 (stimulus, forward).
// docs/model.md#dynamics, docs/model.md#perturbations.
// Extent: x neurons in groups of 4·ROW_QUADS · WORKGROUP / SPLIT, y slabs × parts of a tile of conditions.

const STATE_ROWS: u32 = Z_ROWS;
// UNROLL: rows of `inputs` past the last column are zero or meet zero weights

@group(0) @binding(7) var<storage, read_write> inputs: array<Stored>;        // [slab][Z_SLOTS][Z_ROWS][QUADS] parity of t, r_t in 0…1 · write
@group(0) @binding(8) var<storage, read_write> potentials: array<vec4<f32>>; // [slab][D_ROWS][QUADS] x_t · write
@group(0) @binding(9) var<storage, read_write> deltas: array<Stored>;        // [slab][D_SLOTS][D_ROWS][QUADS] parity of t, d_t · write

// Where r_{t−1} and u_{t−1} of the slab begin.
fn state_base(slab: u32) -> u32 {
    return (slab * Z_SLOTS + (at.time - 1u) / 2u) * Z_ROWS * QUADS;
}

// What the sum means for neuron i and a quad of conditions.
fn advance(slab: u32, i: u32, quad: u32, cell: vec4<f32>, sum: vec4<f32>) {
    let offset = i * QUADS + quad;
    let slice = slab * D_ROWS * QUADS;
    let x = load_previous(slice, offset);
    let d = cell.x * (sum - x);
    // As explicit fmas: left to compilers, strategies would differ in their last bits.
    let potential = fma(vec4<f32>(cell.x), sum - x, x);
    let v = potential + cell.y;
    let fired = vec4<f32>(sigmoid(v.x), sigmoid(v.y), sigmoid(v.z), sigmoid(v.w));
    potentials[slice + offset] = potential;
    deltas[(slab * D_SLOTS + at.time / 2u) * D_ROWS * QUADS + offset] = packed(d);
    inputs[(slab * Z_SLOTS + at.time / 2u) * Z_ROWS * QUADS + offset] =
        packed(fma(vec4<f32>(cell.z), fired, vec4<f32>(cell.w)));
}

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
    step_of(lane, group, forward_rows());
}
