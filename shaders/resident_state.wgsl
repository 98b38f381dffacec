// What the resident recurrences share: a workgroup keeps the state of one network in 4·TILE_QUADS conditions, and works
// on neurons lane, lane + RESIDENT_LANES, …, RESIDENT_ROWS of them an invocation.
// STATE_ROWS rows of state: Z_ROWS in forward, D_ROWS in adjoint.

const PARTS: u32 = QUADS / TILE_QUADS;

var<workgroup> state: array<vec4<f32>, STATE_ROWS * TILE_QUADS>; // [STATE_ROWS][TILE_QUADS] vec4 over conditions

@group(0) @binding(0) var<storage, read> weights: array<f32>;                 // [network][STATE_ROWS][W_STRIDE], 1 · read
@group(0) @binding(1) var<storage, read> cells: array<vec4<f32>>;             // [network][D_ROWS] (α, or 0 at rest; I_ext + current; gain; offset) · read
@group(0) @binding(2) var<storage, read> previous: array<vec4<f32>>;          // [slab][D_ROWS][QUADS] vec4 over conditions · read
@group(0) @binding(3) var<storage, read_write> inputs_even: array<Stored>; // [slab][Z_SLOTS][Z_ROWS][QUADS] even steps · read, in forward written
@group(0) @binding(4) var<storage, read_write> inputs_odd: array<Stored>;  // [slab][Z_SLOTS][Z_ROWS][QUADS] odd steps · read, in forward written
@group(0) @binding(5) var<storage, read_write> deltas_even: array<Stored>; // [slab][D_SLOTS][D_ROWS][QUADS] even slots · read and write
@group(0) @binding(6) var<storage, read_write> deltas_odd: array<Stored>;  // [slab][D_SLOTS][D_ROWS][QUADS] odd slots · read and write

fn inputs_at(slab: u32, t: u32, offset: u32) -> vec4<f32> {
    let index = (slab * Z_SLOTS + t / 2u) * Z_ROWS * QUADS + offset;
    if t % 2u == 0u {
        return unpacked(inputs_even[index]);
    }
    return unpacked(inputs_odd[index]);
}

fn deltas_at(slab: u32, slot: u32, offset: u32) -> vec4<f32> {
    let index = (slab * D_SLOTS + slot / 2u) * D_ROWS * QUADS + offset;
    if slot % 2u == 0u {
        return unpacked(deltas_even[index]);
    }
    return unpacked(deltas_odd[index]);
}

fn set_deltas(slab: u32, slot: u32, offset: u32, value: Stored) {
    let index = (slab * D_SLOTS + slot / 2u) * D_ROWS * QUADS + offset;
    if slot % 2u == 0u {
        deltas_even[index] = value;
    } else {
        deltas_odd[index] = value;
    }
}

// Row of the state that the invocation's r-th neuron has, and its weights' column: invocations past N compute the last
// neuron once more, and keep it to themselves.
fn row_of(lane: u32, r: u32) -> u32 {
    return min(lane + r * RESIDENT_LANES, N - 1u);
}

fn is_own(lane: u32, r: u32) -> bool {
    return lane + r * RESIDENT_LANES < N;
}

// Σ over the rows rows.x ≤ j < rows.y of the state, in order, of weight × state, for the invocation's neurons and conditions.
fn products(network: u32, rows: vec2<u32>, lane: u32) -> array<vec4<f32>, RESIDENT_ROWS * TILE_QUADS> {
    var sum: array<vec4<f32>, RESIDENT_ROWS * TILE_QUADS>;
    for (var k = 0u; k < RESIDENT_ROWS * TILE_QUADS; k++) {
        sum[k] = vec4<f32>(0.0);
    }
    // Ends: j grows by UNROLL, which divides the padding of the state.
    for (var j = rows.x; j < rows.y; j += UNROLL) {
        for (var k = 0u; k < UNROLL; k++) {
            for (var r = 0u; r < RESIDENT_ROWS; r++) {
                let w = weights[(network * STATE_ROWS + j + k) * W_STRIDE + row_of(lane, r)];
                for (var q = 0u; q < TILE_QUADS; q++) {
                    let s = r * TILE_QUADS + q;
                    sum[s] = fma(vec4<f32>(w), state[(j + k) * TILE_QUADS + q], sum[s]);
                }
            }
        }
    }
    return sum;
}
