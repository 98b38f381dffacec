// What the resident recurrences share: a workgroup keeps the state of one network in 4·TILE_QUADS conditions, and works
// on neurons lane, lane + RESIDENT_LANES, …, RESIDENT_ROWS of them an invocation.
// STATE_ROWS rows of state: Z_ROWS in forward, D_ROWS in adjoint.

const PARTS: u32 = QUADS / TILE_QUADS;
const TURN_QUADS: u32 = UNROLL / 4u; // of presynaptic rows, in a turn of the products
// Rows of the state that are held in registers: as many as fit beside the sums.
const HELD: u32 = max(1u, min(min(UNROLL, 8u), 12u / (RESIDENT_ROWS * TILE_QUADS)));

// What an invocation has for each of its neurons and quads of conditions. Arrays are as long as the loops over them, which
// compilers take for a reason to unroll these.
alias Tile = array<array<vec4<f32>, TILE_QUADS>, RESIDENT_ROWS>;
// The weights of a turn, each of a quad of rows.
alias Turn = array<array<FourWeights, RESIDENT_ROWS>, TURN_QUADS>;

// [STATE_ROWS][TILE_QUADS] vec4 over conditions, in turns: of an index within a turn compilers make a constant.
var<workgroup> state: array<array<array<vec4<f32>, TILE_QUADS>, UNROLL>, STATE_ROWS / UNROLL>;

@group(0) @binding(0) var<storage, read> weights: array<FourWeights>;           // [network][STATE_ROWS / 4][W_STRIDE] vec4 over rows, 1 · read
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

// Sets element k of [STATE_ROWS][TILE_QUADS].
fn set_state(k: u32, value: vec4<f32>) {
    state[k / (UNROLL * TILE_QUADS)][k / TILE_QUADS % UNROLL][k % TILE_QUADS] = value;
}

// Weights of row j and the three after it, for the invocation's r-th neuron.
fn weights_at(network: u32, j: u32, lane: u32, r: u32) -> FourWeights {
    return weights[weight_block(network * STATE_ROWS + j, row_of(lane, r))];
}

// Weights of the first turn of the products over rows from `first` on.
fn first_turn(network: u32, first: u32, lane: u32) -> Turn {
    var turn: Turn;
    for (var k = 0u; k < TURN_QUADS; k++) {
        for (var r = 0u; r < RESIDENT_ROWS; r++) {
            turn[k][r] = weights_at(network, first + 4u * k, lane, r);
        }
    }
    return turn;
}

// Σ over the rows rows.x ≤ j < rows.y of the state of weight × state, as SEGMENT says, for the invocation's neurons and conditions.
// `turn` has the weights of the first turn, before and after: those of a quad of rows are fetched a turn before they are used,
// as soon as those in their place have been, and after the last turn the first comes again.
fn products(network: u32, rows: vec2<u32>, lane: u32, turn: ptr<function, Turn>) -> Tile {
    var total = Tile();
    var sum = Tile();
    // Ends: j grows by UNROLL, which divides the padding of the state.
    for (var j = rows.x; j < rows.y; j += UNROLL) {
        let next = select(rows.x, j + UNROLL, j + UNROLL < rows.y);
        var held: array<array<vec4<f32>, TILE_QUADS>, HELD>;
        for (var k = 0u; k < HELD - 1u; k++) {
            for (var q = 0u; q < TILE_QUADS; q++) {
                held[k][q] = state[j / UNROLL][k][q];
            }
        }
        for (var k = 0u; k < TURN_QUADS; k++) {
            for (var e = 0u; e < 4u; e++) {
                let row = 4u * k + e;
                let coming = row + HELD - 1u;
                for (var q = 0u; q < TILE_QUADS; q++) {
                    held[coming % HELD][q] = state[j / UNROLL][min(coming, UNROLL - 1u)][q];
                }
                for (var r = 0u; r < RESIDENT_ROWS; r++) {
                    let w = unpacked_weights((*turn)[k][r])[e];
                    for (var q = 0u; q < TILE_QUADS; q++) {
                        sum[r][q] = fma(vec4<f32>(w), held[row % HELD][q], sum[r][q]);
                    }
                }
            }
            for (var r = 0u; r < RESIDENT_ROWS; r++) {
                (*turn)[k][r] = weights_at(network, next + 4u * k, lane, r);
            }
        }
        if (j + UNROLL) % SEGMENT == 0u || j + UNROLL >= rows.y {
            for (var r = 0u; r < RESIDENT_ROWS; r++) {
                for (var q = 0u; q < TILE_QUADS; q++) {
                    total[r][q] += sum[r][q];
                    sum[r][q] = vec4<f32>(0.0);
                }
            }
        }
    }
    return total;
}
