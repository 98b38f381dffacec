// weight_gradient_tiled: the product of weight_gradient.wgsl, with operands staged in workgroup memory, for hardware.
//
//   product[i, j] = Σ_{t ≥ 1, c} δ_t[i] · inputs_{t−1}[j], in one parity of slots, summed in the same order
//
// Reads deltas (adjoint; δ_t is in slot t + 1) and inputs (forward, stimulus; slot t − 1).
// docs/model.md#reverse-time-gradient. Extent: x tiles of GRADIENT_X · GRADIENT_TILE columns, y tiles of
// GRADIENT_Y · GRADIENT_TILE rows, z networks × SEGMENTS.
// One invocation: every GRADIENT_X-th column and GRADIENT_Y-th row of its tile.

const TILE: u32 = GRADIENT_TILE;
const COLUMNS: u32 = GRADIENT_X * TILE;
const ROWS: u32 = GRADIENT_Y * TILE;
const LANE_COUNT: u32 = GRADIENT_X * GRADIENT_Y;
// Rows' and columns' quads that one invocation brings into workgroup memory while one quad of conditions is multiplied.
const ROW_LOADS: u32 = (ROWS + LANE_COUNT - 1u) / LANE_COUNT;
const COLUMN_LOADS: u32 = (COLUMNS + LANE_COUNT - 1u) / LANE_COUNT;
// Whether it is no more than there are. What an `if` guards compilers would fetch only where it is stored.
const ROWS_FIT: bool = ROWS == ROW_LOADS * LANE_COUNT;
const COLUMNS_FIT: bool = COLUMNS == COLUMN_LOADS * LANE_COUNT;

@group(0) @binding(0) var<storage, read> deltas: array<Stored>;     // [slab][D_SLOTS][D_ROWS][QUADS] δ · read
@group(0) @binding(1) var<storage, read> inputs: array<Stored>;     // [slab][Z_SLOTS][Z_ROWS][QUADS] rates, stimulus, ones · read
@group(0) @binding(2) var<storage, read_write> product: array<f32>; // [network][SEGMENTS][N][Z_ROWS] · write, read when accumulating
@group(0) @binding(3) var<storage, read> cells: array<vec4<f32>>;  // [network][D_ROWS] (α, or 0 at rest; what only forward reads) · read

// Two slots: one is multiplied while the other comes in. Rows and columns of an invocation apart, so that their indices are
// constant once loops are unrolled.
var<workgroup> staged_deltas: array<array<array<array<vec4<f32>, QUADS>, GRADIENT_Y>, TILE>, 2>;
var<workgroup> staged_inputs: array<array<array<array<vec4<f32>, QUADS>, GRADIENT_X>, TILE>, 2>;

// What one invocation fetches meanwhile.
struct Fetched {
    deltas: array<vec4<f32>, ROW_LOADS>,
    inputs: array<vec4<f32>, COLUMN_LOADS>,
}

// The part-th of QUADS parts of a slot's tile. Tiles at the edge reach past the padding: what they read is another slot's, and
// is not used.
fn fetched(slab: u32, slot: u32, row: u32, column: u32, part: u32, lane: u32) -> Fetched {
    var coming: Fetched;
    let first_delta = ((slab * D_SLOTS + slot + 1u) * D_ROWS + row) * QUADS;
    for (var n = 0u; n < ROW_LOADS; n++) {
        let k = (part * ROW_LOADS + n) * LANE_COUNT + lane;
        if ROWS_FIT || k < ROWS * QUADS {
            coming.deltas[n] = unpacked(deltas[first_delta + k]);
        }
    }
    let first_input = ((slab * Z_SLOTS + slot) * Z_ROWS + column) * QUADS;
    for (var n = 0u; n < COLUMN_LOADS; n++) {
        let k = (part * COLUMN_LOADS + n) * LANE_COUNT + lane;
        if COLUMNS_FIT || k < COLUMNS * QUADS {
            coming.inputs[n] = unpacked(inputs[first_input + k]);
        }
    }
    return coming;
}

// Puts it into one half of workgroup memory.
fn stage(coming: Fetched, half: u32, part: u32, lane: u32) {
    for (var n = 0u; n < ROW_LOADS; n++) {
        let k = (part * ROW_LOADS + n) * LANE_COUNT + lane;
        if ROWS_FIT || k < ROWS * QUADS {
            staged_deltas[half][k / (GRADIENT_Y * QUADS)][k / QUADS % GRADIENT_Y][k % QUADS] = coming.deltas[n];
        }
    }
    for (var n = 0u; n < COLUMN_LOADS; n++) {
        let k = (part * COLUMN_LOADS + n) * LANE_COUNT + lane;
        if COLUMNS_FIT || k < COLUMNS * QUADS {
            staged_inputs[half][k / (GRADIENT_X * QUADS)][k / QUADS % GRADIENT_X][k % QUADS] = coming.inputs[n];
        }
    }
}

@compute @workgroup_size(GRADIENT_X, GRADIENT_Y)
fn weight_gradient_tiled(
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    let column = group.x * COLUMNS;
    let row = (at.end + group.y) * ROWS;
    if RECURRENT == 0u && column + COLUMNS <= N {
        return; // ∂W alone, and W is frozen
    }
    let segment = group.z % SEGMENTS;
    let slab = at.slab + group.z / SEGMENTS * TILES;
    if cells[slab / TILES * D_ROWS].x == 0.0 {
        return; // the network has stopped, and rests
    }
    // Slots of this parity that hold an input of the steps 0 … T−2, in SEGMENTS parts.
    let slots = (T - at.time) / 2u;
    let length = (slots + SEGMENTS - 1u) / SEGMENTS;
    let end = min((segment + 1u) * length, slots);

    var sum: array<f32, TILE * TILE>;
    for (var k = 0u; k < TILE * TILE; k++) {
        sum[k] = 0.0;
    }
    let first = segment * length;
    if first < end {
        for (var part = 0u; part < QUADS; part++) {
            stage(fetched(slab, first, row, column, part, lane), 0u, part, lane);
        }
    }
    workgroupBarrier();
    // One barrier a slot: the half that is written was last read before the barrier of the slot before.
    for (var slot = first; slot < end; slot++) {
        let half = (slot - first) % 2u;
        for (var q = 0u; q < QUADS; q++) {
            let coming = fetched(slab, min(slot + 1u, end - 1u), row, column, q, lane);
            var z: array<vec4<f32>, TILE>;
            for (var b = 0u; b < TILE; b++) {
                z[b] = staged_inputs[half][b][local.x][q];
            }
            var delta = staged_deltas[half][0u][local.y][q];
            for (var a = 0u; a < TILE; a++) {
                let next = staged_deltas[half][min(a + 1u, TILE - 1u)][local.y][q];
                for (var b = 0u; b < TILE; b++) {
                    let s = fma(delta.y, z[b].y, fma(delta.x, z[b].x, sum[a * TILE + b]));
                    sum[a * TILE + b] = fma(delta.w, z[b].w, fma(delta.z, z[b].z, s));
                }
                delta = next;
            }
            stage(coming, 1u - half, q, lane);
        }
        workgroupBarrier();
    }
    let base = (slab / TILES * SEGMENTS + segment) * N;
    for (var a = 0u; a < TILE; a++) {
        for (var b = 0u; b < TILE; b++) {
            let i = row + local.y + GRADIENT_Y * a;
            let j = column + local.x + GRADIENT_X * b;
            if i < N && j <= ones_row() {
                let index = (base + i) * Z_ROWS + j;
                let earlier = select(0.0, product[index], at.accumulate == 1u);
                product[index] = earlier + sum[a * TILE + b];
            }
        }
    }
}
