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

// What the sums of a step mean for the invocation's r-th neuron. Of several rows each is written out: compilers take the body
// for too large to unroll a loop of it, and would look up in which registers a row is.
fn advance(slab: u32, quad: u32, lane: u32, t: u32, r: u32, sum: ptr<function, Tile>, x: ptr<function, Tile>) {
    if !is_own(lane, r) {
        return;
    }
    let i = row_of(lane, r);
    let cell = cells[slab / TILES * D_ROWS + i];
    for (var q = 0u; q < TILE_QUADS; q++) {
        let change = (*sum)[r][q] - (*x)[r][q];
        (*x)[r][q] = fma(vec4<f32>(cell.x), change, (*x)[r][q]);
        set_deltas(slab, t, i * QUADS + quad + q, packed(cell.x * change));
    }
    for (var q = 0u; q < TILE_QUADS; q++) {
        let v = (*x)[r][q] + cell.y;
        let fired = vec4<f32>(sigmoid(v.x), sigmoid(v.y), sigmoid(v.z), sigmoid(v.w));
        let rate = packed(fma(vec4<f32>(cell.z), fired, vec4<f32>(cell.w)));
        state[i / UNROLL][i % UNROLL][q] = unpacked(rate);
        let index = ((slab * Z_SLOTS + t / 2u) * Z_ROWS + i) * QUADS + quad + q;
        if t % 2u == 0u {
            inputs_even[index] = rate;
        } else {
            inputs_odd[index] = rate;
        }
    }
}

@compute @workgroup_size(RESIDENT_LANES)
fn forward_resident(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let slab = at.slab + group.x / PARTS;
    let network = slab / TILES;
    if cells[network * D_ROWS].x == 0.0 {
        return; // the network has stopped, and rests
    }
    let quad = (group.x % PARTS) * TILE_QUADS;
    let slice = slab * D_ROWS * QUADS;

    var x: Tile;
    for (var r = 0u; r < RESIDENT_ROWS; r++) {
        for (var q = 0u; q < TILE_QUADS; q++) {
            x[r][q] = previous[slice + row_of(lane, r) * QUADS + quad + q];
        }
    }
    // Rows past the last column are zero, or meet zero weights.
    for (var k = lane; k < STATE_ROWS * TILE_QUADS; k += RESIDENT_LANES) {
        set_state(k, inputs_at(slab, at.time - 1u, k / TILE_QUADS * QUADS + quad + k % TILE_QUADS));
    }
    var turn = first_turn(network, forward_rows().x, lane);
    workgroupBarrier();

    for (var t = at.time; t < at.end; t++) {
        var sum = products(network, forward_rows(), lane, &turn);
        workgroupBarrier();
        advance(slab, quad, lane, t, 0u, &sum, &x);
        if RESIDENT_ROWS > 1u {
            advance(slab, quad, lane, t, 1u, &sum, &x);
        }
        if RESIDENT_ROWS > 2u {
            advance(slab, quad, lane, t, 2u, &sum, &x);
        }
        if RESIDENT_ROWS > 3u {
            advance(slab, quad, lane, t, 3u, &sum, &x);
        }
        for (var k = N * TILE_QUADS + lane; k < ones_row() * TILE_QUADS; k += RESIDENT_LANES) {
            set_state(k, inputs_at(slab, t, k / TILE_QUADS * QUADS + quad + k % TILE_QUADS));
        }
        workgroupBarrier();
    }

    for (var r = 0u; r < RESIDENT_ROWS; r++) {
        for (var q = 0u; q < TILE_QUADS; q++) {
            if is_own(lane, r) {
                potentials[slice + row_of(lane, r) * QUADS + quad + q] = x[r][q];
            }
        }
    }
}
