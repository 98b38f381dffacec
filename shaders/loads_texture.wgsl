// How the recurrences load their operands on software adapters, which run loads from uniform buffers and textures in
// vector form, but loads from storage buffers lane by lane: weights as a texture, one layer a network; everything
// else as the one slice of this dispatch's slab and time step, bound with a dynamic offset, so `base` is not needed.

@group(0) @binding(0) var weights: texture_2d_array<f32>;                               // [network][rows][W_STRIDE / 4] texel over columns, 1 · read
@group(0) @binding(1) var<uniform> state: array<Line, STATE_ROWS * QUADS / PER_LINE>;   // [STATE_ROWS][QUADS] four conditions · read
@group(0) @binding(2) var<uniform> previous: array<vec4<f32>, D_ROWS * QUADS>;          // [D_ROWS][QUADS] vec4 over conditions · read
@group(0) @binding(3) var<uniform> cells: array<vec4<f32>, D_ROWS>;                     // [D_ROWS] (α, I_ext, first and end of silence) · read
@group(0) @binding(4) var<uniform> rates: array<Line, Z_ROWS * QUADS / PER_LINE>;       // [Z_ROWS][QUADS] four conditions, 0…1 · read
@group(0) @binding(5) var<uniform> residuals: array<vec4<f32>, D_ROWS * QUADS>;         // [D_ROWS][QUADS] y − F · read
@group(0) @binding(6) var<uniform> increments: array<Line, D_ROWS * QUADS / PER_LINE>;  // [D_ROWS][QUADS] d_t · read

fn load_weights(network: u32, rows: u32, row: u32, quad: u32) -> vec4<f32> {
    return textureLoad(weights, vec2<u32>(quad, row), network, 0);
}

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
