// forward: one time step t ≥ 1 of the recurrence.
//
//   d_t = α ⊙ (W_eff r_{t−1} + W_in u_{t−1} − x_{t−1}),   x_t = x_{t−1} + d_t
//   r_t = gain ⊙ σ(x_t + I_ext + current) + offset, which is σ(x_t + I_ext) where nothing is done to a neuron
//
// Reads weights and cells of the phase that holds (weights), inputs of step t − 1 (stimulus, forward).
// docs/model.md#dynamics, docs/model.md#perturbations.
// Extent: x neurons in groups of 4·ROW_QUADS, y slabs × parts of a tile of conditions.
// One invocation: 4·ROW_QUADS neurons × 4·TILE_QUADS conditions.

const STATE_ROWS: u32 = Z_ROWS;
const ROWS: u32 = 4u * ROW_QUADS;
const PARTS: u32 = QUADS / TILE_QUADS;
// UNROLL: rows of `inputs` past the last column are zero or meet zero weights

@group(0) @binding(7) var<storage, read_write> inputs: array<Stored>;        // [slab][Z_SLOTS][Z_ROWS][QUADS] parity of t, r_t in 0…1 · write
@group(0) @binding(8) var<storage, read_write> potentials: array<vec4<f32>>; // [slab][D_ROWS][QUADS] x_t · write
@group(0) @binding(9) var<storage, read_write> deltas: array<Stored>;        // [slab][D_SLOTS][D_ROWS][QUADS] parity of t, d_t · write

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
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

    let state_base = (slab * Z_SLOTS + (at.time - 1u) / 2u) * Z_ROWS * QUADS;
    // A variable: of a value that a loop indexes, compilers make a copy at each use.
    var sum = products(network, forward_rows(), first / 4u, state_base, quad);

    let slice = slab * D_ROWS * QUADS;
    let inputs_base = (slab * Z_SLOTS + at.time / 2u) * Z_ROWS * QUADS;
    let deltas_base = (slab * D_SLOTS + at.time / 2u) * D_ROWS * QUADS;
    for (var r = 0u; r < ROWS; r++) {
        let i = first + r;
        if i < N {
            let cell = load_cell(network, i);
            for (var q = 0u; q < TILE_QUADS; q++) {
                let offset = i * QUADS + quad + q;
                let x = load_previous(slice, offset);
                let d = cell.x * (sum[r * TILE_QUADS + q] - x);
                // As explicit fmas: left to compilers, strategies would differ in their last bits.
                let potential = fma(vec4<f32>(cell.x), sum[r * TILE_QUADS + q] - x, x);
                let v = potential + cell.y;
                let fired = vec4<f32>(sigmoid(v.x), sigmoid(v.y), sigmoid(v.z), sigmoid(v.w));
                potentials[slice + offset] = potential;
                deltas[deltas_base + offset] = packed(d);
                inputs[inputs_base + offset] = packed(fma(vec4<f32>(cell.z), fired, vec4<f32>(cell.w)));
            }
        }
    }
}
