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

@group(0) @binding(0) var<storage, read> deltas: array<Stored>;     // [slab][D_SLOTS][D_ROWS][QUADS] δ · read
@group(0) @binding(1) var<storage, read> inputs: array<Stored>;     // [slab][Z_SLOTS][Z_ROWS][QUADS] rates, stimulus, ones · read
@group(0) @binding(2) var<storage, read_write> product: array<f32>; // [network][SEGMENTS][N][Z_ROWS] · write, read when accumulating
@group(0) @binding(3) var<storage, read> cells: array<vec4<f32>>;  // [network][D_ROWS] (α, or 0 at rest; what only forward reads) · read

var<workgroup> staged_deltas: array<vec4<f32>, ROWS * QUADS>;    // [ROWS][QUADS] vec4 over conditions
var<workgroup> staged_inputs: array<vec4<f32>, COLUMNS * QUADS>; // [COLUMNS][QUADS] vec4 over conditions

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
    for (var slot = segment * length; slot < end; slot++) {
        // Tiles at the edge reach past the padding: what they would read is another slot's, and is not used.
        let first_delta = ((slab * D_SLOTS + slot + 1u) * D_ROWS + row) * QUADS;
        for (var k = lane; k < ROWS * QUADS; k += LANE_COUNT) {
            staged_deltas[k] = unpacked(deltas[first_delta + k]);
        }
        let first_input = ((slab * Z_SLOTS + slot) * Z_ROWS + column) * QUADS;
        for (var k = lane; k < COLUMNS * QUADS; k += LANE_COUNT) {
            staged_inputs[k] = unpacked(inputs[first_input + k]);
        }
        workgroupBarrier();
        for (var q = 0u; q < QUADS; q++) {
            var z: array<vec4<f32>, TILE>;
            for (var b = 0u; b < TILE; b++) {
                z[b] = staged_inputs[(local.x + GRADIENT_X * b) * QUADS + q];
            }
            for (var a = 0u; a < TILE; a++) {
                let delta = staged_deltas[(local.y + GRADIENT_Y * a) * QUADS + q];
                for (var b = 0u; b < TILE; b++) {
                    let s = fma(delta.y, z[b].y, fma(delta.x, z[b].x, sum[a * TILE + b]));
                    sum[a * TILE + b] = fma(delta.w, z[b].w, fma(delta.z, z[b].z, s));
                }
            }
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
