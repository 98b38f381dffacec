// How the recurrences and the weight gradient load their operands on hardware: storage buffers that hold all slabs of
// the dispatch; `base` is where the slab's time slice begins.

@group(0) @binding(0) var<storage, read> weights: array<FourWeights>;  // [network][rows][W_STRIDE / 4] vec4 over columns, 1 · read
@group(0) @binding(1) var<storage, read> state: array<Stored>;       // [slab][slots][STATE_ROWS][QUADS] four conditions · read
@group(0) @binding(2) var<storage, read> previous: array<vec4<f32>>; // [slab][D_ROWS][QUADS] vec4 over conditions · read
@group(0) @binding(3) var<storage, read> cells: array<vec4<f32>>;    // [network][D_ROWS] (α, or 0 at rest; I_ext + current; gain; offset) · read
@group(0) @binding(4) var<storage, read> rates: array<Stored>;       // [slab][Z_SLOTS][Z_ROWS][QUADS] four conditions, 0…1 · read
@group(0) @binding(5) var<storage, read> residuals: array<vec4<f32>>; // [slab][BINS][D_ROWS][QUADS] y − F · read

fn load_state(base: u32, offset: u32) -> vec4<f32> {
    return unpacked(state[base + offset]);
}

// d_t: another time slice of `state`.
fn load_increment(base: u32, offset: u32) -> vec4<f32> {
    return unpacked(state[base + offset]);
}

fn load_previous(base: u32, offset: u32) -> vec4<f32> {
    return previous[base + offset];
}

fn load_cell(network: u32, row: u32) -> vec4<f32> {
    return cells[network * D_ROWS + row];
}

fn load_rate(base: u32, offset: u32) -> vec4<f32> {
    return unpacked(rates[base + offset]);
}

fn load_residual(base: u32, offset: u32) -> vec4<f32> {
    return residuals[base + offset];
}

// Σ over the rows rows.x ≤ j < rows.y of the state, all of one segment, of weight × state: 4·ROW_QUADS neurons from 4·`first`
// on, TILE_QUADS quads of conditions from `quad` on. rows.x divides by UNROLL; rows past rows.y, up to the next multiple of
// it, are zero or meet zero weights.
fn segment(network: u32, rows: vec2<u32>, first: u32, base: u32, quad: u32) -> Sums {
    var sum = Sums();
    // Ends: j grows by UNROLL.
    for (var j = rows.x; j < rows.y; j += UNROLL) {
        for (var k = 0u; k < UNROLL; k++) {
            for (var a = 0u; a < ROW_QUADS; a++) {
                let w = unpacked_weights(weights[(network * STATE_ROWS + j + k) * (W_STRIDE / 4u) + first + a]);
                for (var q = 0u; q < TILE_QUADS; q++) {
                    let z = load_state(base, (j + k) * QUADS + quad + q);
                    for (var e = 0u; e < 4u; e++) {
                        let s = (a * 4u + e) * TILE_QUADS + q;
                        sum[s] = fma(vec4<f32>(w[e]), z, sum[s]);
                    }
                }
            }
        }
    }
    return sum;
}
