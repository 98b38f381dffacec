// adjoint_resident: the steps at.time ≥ t > at.end of the reverse-time recurrence, as adjoint.wgsl, in one dispatch.
//
//   ρ_t = g_t + W_effᵀ δ_{t+1},   s_t = ρ_t ⊙ r_t ⊙ (1 − r_t),   δ_t = (1 − α) ⊙ δ_{t+1} + α ⊙ s_t,   and Σ δ_t ⊙ d_t
//
// Reads weights and cells (weights), rates and d_t (forward), residuals and their scale (loss), δ of step at.time + 1
// (adjoint_resident). δ stays in workgroup memory, the sums in registers. docs/model.md#reverse-time-gradient.
// Extent: x slabs × parts of a tile of conditions, one workgroup each.

const STATE_ROWS: u32 = D_ROWS;

@group(0) @binding(7) var<storage, read> residuals: array<vec4<f32>>;  // [slab][BINS][D_ROWS][QUADS] y − F · read
@group(0) @binding(8) var<storage, read> losses: array<vec4<f32>>;     // [network][2] (L, data, reg, scale of g), (scale of reg) · read
@group(0) @binding(9) var<storage, read_write> sums: array<vec4<f32>>; // [slab][D_ROWS][QUADS] Σ δ d · write

// What g_t of one neuron is a multiple of, by its bin's residual.
fn direct(slab: u32, t: u32, offset: u32) -> vec4<f32> {
    if t < THERMAL || t >= THERMAL + STEPS_PER_BIN * BINS {
        return vec4<f32>(0.0);
    }
    let bin = (t - THERMAL) / STEPS_PER_BIN;
    return direct_of(residuals[(slab * BINS + bin) * D_ROWS * QUADS + offset]);
}

// What the sums of a step mean for the invocation's r-th neuron. Of several rows each is written out, as in forward.
fn advance(slab: u32, quad: u32, lane: u32, t: u32, scale: f32, r: u32, sum: ptr<function, Tile>, total: ptr<function, Tile>) {
    if !is_own(lane, r) {
        return;
    }
    let i = row_of(lane, r);
    let alpha = cells[slab / TILES * D_ROWS + i].x;
    for (var q = 0u; q < TILE_QUADS; q++) {
        let offset = i * QUADS + quad + q;
        let rate = inputs_at(slab, t, offset);
        let rho = fma(vec4<f32>(scale), direct(slab, t, offset), (*sum)[r][q]);
        let s = rho * rate * (1.0 - rate);
        let delta = fma(vec4<f32>(1.0 - alpha), state[i / UNROLL][i % UNROLL][q], alpha * s);
        (*total)[r][q] = fma(delta, deltas_at(slab, t, offset), (*total)[r][q]);
        let stored = packed(delta);
        state[i / UNROLL][i % UNROLL][q] = unpacked(stored);
        set_deltas(slab, t + 1u, offset, stored);
    }
}

@compute @workgroup_size(RESIDENT_LANES)
fn adjoint_resident(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let slab = at.slab + group.x / PARTS;
    let network = slab / TILES;
    if cells[network * D_ROWS].x == 0.0 {
        return; // the network has stopped, and rests
    }
    let quad = (group.x % PARTS) * TILE_QUADS;
    let slice = slab * D_ROWS * QUADS;
    let scale = DELTA_SCALE * losses[network * 2u].w;

    var total: Tile;
    for (var r = 0u; r < RESIDENT_ROWS; r++) {
        for (var q = 0u; q < TILE_QUADS; q++) {
            let before = previous[slice + row_of(lane, r) * QUADS + quad + q];
            total[r][q] = select(before, vec4<f32>(0.0), at.time == T - 1u);
        }
    }
    for (var k = lane; k < STATE_ROWS * TILE_QUADS; k += RESIDENT_LANES) {
        set_state(k, deltas_at(slab, at.time + 2u, k / TILE_QUADS * QUADS + quad + k % TILE_QUADS));
    }
    var turn = first_turn(network, adjoint_rows().x, lane);
    workgroupBarrier();

    for (var t = at.time; t > at.end; t--) {
        var sum = products(network, adjoint_rows(), lane, &turn);
        workgroupBarrier();
        advance(slab, quad, lane, t, scale, 0u, &sum, &total);
        if RESIDENT_ROWS > 1u {
            advance(slab, quad, lane, t, scale, 1u, &sum, &total);
        }
        if RESIDENT_ROWS > 2u {
            advance(slab, quad, lane, t, scale, 2u, &sum, &total);
        }
        if RESIDENT_ROWS > 3u {
            advance(slab, quad, lane, t, scale, 3u, &sum, &total);
        }
        workgroupBarrier();
    }

    for (var r = 0u; r < RESIDENT_ROWS; r++) {
        for (var q = 0u; q < TILE_QUADS; q++) {
            if is_own(lane, r) {
                sums[slice + row_of(lane, r) * QUADS + quad + q] = total[r][q];
            }
        }
    }
}
