// How the recurrences load their operands on software adapters, which run loads from uniform buffers and textures in
// vector form, but loads from storage buffers lane by lane: weights as a texture, one layer a network; everything
// else as the one slice of this dispatch's slab and time step, bound with a dynamic offset, so `base` is not needed.

@group(0) @binding(0) var weights: texture_2d_array<f32>;                               // [network][rows][W_STRIDE / 4] texel over columns, 1 · read
@group(0) @binding(1) var<uniform> state: array<Line, STATE_ROWS * QUADS / PER_LINE>;   // [STATE_ROWS][QUADS] four conditions · read
@group(0) @binding(2) var<uniform> previous: array<vec4<f32>, D_ROWS * QUADS>;          // [D_ROWS][QUADS] vec4 over conditions · read
@group(0) @binding(3) var<uniform> cells: array<vec4<f32>, D_ROWS>;                     // [D_ROWS] (α, or 0 at rest; I_ext + current; gain; offset) · read
@group(0) @binding(4) var<uniform> rates: array<Line, Z_ROWS * QUADS / PER_LINE>;       // [Z_ROWS][QUADS] four conditions, 0…1 · read
@group(0) @binding(5) var<uniform> residuals: array<vec4<f32>, D_ROWS * QUADS>;         // [D_ROWS][QUADS] y − F · read
@group(0) @binding(6) var<uniform> increments: array<Line, D_ROWS * QUADS / PER_LINE>;  // [D_ROWS][QUADS] d_t · read

fn load_state(base: u32, offset: u32) -> vec4<f32> {
    return from_line(state[offset / PER_LINE], offset % PER_LINE);
}

fn load_increment(base: u32, offset: u32) -> vec4<f32> {
    return from_line(increments[offset / PER_LINE], offset % PER_LINE);
}

fn load_previous(base: u32, offset: u32) -> vec4<f32> {
    return previous[offset];
}

fn load_cell(network: u32, row: u32) -> vec4<f32> {
    return cells[row];
}

fn load_rate(base: u32, offset: u32) -> vec4<f32> {
    return from_line(rates[offset / PER_LINE], offset % PER_LINE);
}

fn load_residual(base: u32, offset: u32) -> vec4<f32> {
    return residuals[offset];
}

// sum[e] + w[e] z: four neurons × four conditions.
fn add_product(sum: mat4x4<f32>, w: vec4<f32>, z: vec4<f32>) -> mat4x4<f32> {
    return mat4x4<f32>(
        fma(vec4<f32>(w.x), z, sum[0]), fma(vec4<f32>(w.y), z, sum[1]),
        fma(vec4<f32>(w.z), z, sum[2]), fma(vec4<f32>(w.w), z, sum[3]),
    );
}

// The same as in loads_storage.wgsl, row by row. The adapters' compilers keep the sums in registers only where every index is
// constant once small loops are unrolled: so they are matrices here, and what is returned is a copy.
fn segment(network: u32, rows: vec2<u32>, first: u32, base: u32, quad: u32) -> Sums {
    var sum: array<mat4x4<f32>, ROW_QUADS * TILE_QUADS>;
    for (var s = 0u; s < ROW_QUADS * TILE_QUADS; s++) {
        sum[s] = mat4x4<f32>();
    }
    for (var j = rows.x; j < rows.y; j++) {
        for (var a = 0u; a < ROW_QUADS; a++) {
            let w = textureLoad(weights, vec2<u32>(first + a, j), network, 0);
            for (var q = 0u; q < TILE_QUADS; q++) {
                let s = a * TILE_QUADS + q;
                sum[s] = add_product(sum[s], w, load_state(base, j * QUADS + quad + q));
            }
        }
    }
    var by_row: Sums;
    for (var a = 0u; a < ROW_QUADS; a++) {
        for (var q = 0u; q < TILE_QUADS; q++) {
            for (var e = 0u; e < 4u; e++) {
                by_row[(a * 4u + e) * TILE_QUADS + q] = sum[a * TILE_QUADS + q][e];
            }
        }
    }
    return by_row;
}
