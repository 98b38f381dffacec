// forward_resident: the steps at.time ≤ t < at.end of the recurrence, as forward.wgsl, in one dispatch.
//
//   d_t = α ⊙ (W_eff r_{t−1} + W_in u_{t−1} − x_{t−1}),   x_t = x_{t−1} + d_t
//   r_t = gain ⊙ σ(x_t + I_ext + current) + offset, which is σ(x_t + I_ext) where nothing is done to a neuron
//
// Reads weights and cells of the phase that holds in all these steps (weights), the stimulus rows (stimulus), x and inputs of
// step at.time − 1 (forward_resident). Rates stay in workgroup memory, x in registers. docs/model.md#dynamics.
// Extent: x slabs × parts of a tile of conditions, one workgroup each.

const STATE_ROWS: u32 = Z_ROWS;

@group(0) @binding(7) var<storage, read_write> potentials: array<vec4<f32>>; // [slab][D_ROWS][QUADS] x of the last step · write

@compute @workgroup_size(RESIDENT_LANES)
fn forward_resident(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let slab = at.slab + group.x / PARTS;
    let network = slab / TILES;
    if cells[network * D_ROWS].x == 0.0 {
        return; // the network has stopped, and rests
    }
    let quad = (group.x % PARTS) * TILE_QUADS;
    let slice = slab * D_ROWS * QUADS;

    var x: array<vec4<f32>, RESIDENT_ROWS * TILE_QUADS>;
    for (var r = 0u; r < RESIDENT_ROWS; r++) {
        for (var q = 0u; q < TILE_QUADS; q++) {
            x[r * TILE_QUADS + q] = previous[slice + row_of(lane, r) * QUADS + quad + q];
        }
    }
    // Rows past the last column are zero, or meet zero weights.
    for (var k = lane; k < STATE_ROWS * TILE_QUADS; k += RESIDENT_LANES) {
        state[k] = inputs_at(slab, at.time - 1u, k / TILE_QUADS * QUADS + quad + k % TILE_QUADS);
    }
    workgroupBarrier();

    for (var t = at.time; t < at.end; t++) {
        var sum = products(network, forward_rows(), lane);
        workgroupBarrier();
        for (var r = 0u; r < RESIDENT_ROWS; r++) {
            let i = row_of(lane, r);
            let cell = cells[network * D_ROWS + i];
            for (var q = 0u; q < TILE_QUADS; q++) {
                let k = r * TILE_QUADS + q;
                let d = cell.x * (sum[k] - x[k]);
                x[k] = fma(vec4<f32>(cell.x), sum[k] - x[k], x[k]);
                let v = x[k] + cell.y;
                let fired = vec4<f32>(sigmoid(v.x), sigmoid(v.y), sigmoid(v.z), sigmoid(v.w));
                let rate = packed(fma(vec4<f32>(cell.z), fired, vec4<f32>(cell.w)));
                if is_own(lane, r) {
                    state[i * TILE_QUADS + q] = unpacked(rate);
                    set_deltas(slab, t, i * QUADS + quad + q, packed(d));
                    let index = ((slab * Z_SLOTS + t / 2u) * Z_ROWS + i) * QUADS + quad + q;
                    if t % 2u == 0u {
                        inputs_even[index] = rate;
                    } else {
                        inputs_odd[index] = rate;
                    }
                }
            }
        }
        for (var k = N * TILE_QUADS + lane; k < ones_row() * TILE_QUADS; k += RESIDENT_LANES) {
            state[k] = inputs_at(slab, t, k / TILE_QUADS * QUADS + quad + k % TILE_QUADS);
        }
        workgroupBarrier();
    }

    for (var r = 0u; r < RESIDENT_ROWS; r++) {
        for (var q = 0u; q < TILE_QUADS; q++) {
            if is_own(lane, r) {
                potentials[slice + row_of(lane, r) * QUADS + quad + q] = x[r * TILE_QUADS + q];
            }
        }
    }
}
