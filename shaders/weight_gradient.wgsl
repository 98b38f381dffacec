// weight_gradient: the product of all δ with all inputs, in one parity of slots; for software adapters (textures), one slab
// a dispatch. For hardware: weight_gradient_tiled.wgsl.
//
//   product[i, j] = Σ_{t ≥ 1, c} δ_t[i] · inputs_{t−1}[j]
//   whose columns are ∂W_eff (j < N), ∂W_in of each input matrix, and Σ δ (the row of ones)
//
// Reads deltas (adjoint; δ_t is in slot t + 1) and inputs (forward, stimulus; slot t − 1): the same parity.
// Summed apart over SEGMENTS parts of the time axis. docs/model.md#reverse-time-gradient.
// Extent: x columns in groups of TILE, y rows in groups of TILE, z SEGMENTS.
// One invocation: TILE × TILE elements.

const TILE: u32 = GRADIENT_TILE;
const BLOCKS: u32 = TILE / 4u; // of 4 × 4 elements, in rows and in columns
alias Sums = array<mat4x4<f32>, BLOCKS * BLOCKS>; // [BLOCKS rows][BLOCKS columns] a block's columns, each over its rows
alias Columns = array<mat4x4<f32>, BLOCKS>;

@group(0) @binding(0) var deltas: texture_2d<f32>;                  // [D_SLOTS][D_ROWS · QUADS] texel over conditions, δ · read
@group(0) @binding(1) var inputs: texture_2d<f32>;                  // [Z_SLOTS][Z_ROWS · QUADS] texel over conditions · read
@group(0) @binding(2) var<storage, read_write> product: array<f32>; // [network][SEGMENTS][N][Z_ROWS] · write, read when accumulating
@group(0) @binding(3) var<storage, read> cells: array<vec4<f32>>;  // [network][D_ROWS] (α, or 0 at rest; what only forward reads) · read

// Four rows from `first` on, each over a quad of conditions.
fn load_rows(trajectory: texture_2d<f32>, first: u32, q: u32, slot: u32) -> mat4x4<f32> {
    return mat4x4<f32>(
        textureLoad(trajectory, vec2<u32>(first * QUADS + q, slot), 0),
        textureLoad(trajectory, vec2<u32>((first + 1u) * QUADS + q, slot), 0),
        textureLoad(trajectory, vec2<u32>((first + 2u) * QUADS + q, slot), 0),
        textureLoad(trajectory, vec2<u32>((first + 3u) * QUADS + q, slot), 0),
    );
}

// sum[i] + Σ_c δ[c][i] z[c]: four rows, one column.
fn add_column(sum: vec4<f32>, delta: mat4x4<f32>, z: vec4<f32>) -> vec4<f32> {
    let s = fma(delta[1], vec4<f32>(z.y), fma(delta[0], vec4<f32>(z.x), sum));
    return fma(delta[3], vec4<f32>(z.w), fma(delta[2], vec4<f32>(z.z), s));
}

// The same for the a-th four rows and all columns of the invocation.
fn add_rows(sum: ptr<function, Sums>, z: ptr<function, Columns>, a: u32, rows: mat4x4<f32>) {
    let delta = transpose(rows);
    for (var b = 0u; b < BLOCKS; b++) {
        let s = (*sum)[a * BLOCKS + b];
        (*sum)[a * BLOCKS + b] = mat4x4<f32>(
            add_column(s[0], delta, (*z)[b][0]), add_column(s[1], delta, (*z)[b][1]),
            add_column(s[2], delta, (*z)[b][2]), add_column(s[3], delta, (*z)[b][3]),
        );
    }
}

@compute @workgroup_size(GRADIENT_X, GRADIENT_Y)
fn weight_gradient(@builtin(global_invocation_id) id: vec3<u32>) {
    let column = id.x * TILE;
    let row = (at.end * GRADIENT_Y + id.y) * TILE;
    if RECURRENT == 0u && column + TILE <= N {
        return; // ∂W alone, and W is frozen
    }
    let segment = id.z;
    if column > ones_row() || cells[at.slab / TILES * D_ROWS].x == 0.0 {
        return;
    }
    // Slots of this parity that hold an input of the steps 0 … T−2, in SEGMENTS parts.
    let slots = (T - at.time) / 2u;
    let length = (slots + SEGMENTS - 1u) / SEGMENTS;
    let end = min((segment + 1u) * length, slots);

    // The adapters' compilers keep the sums in registers only where every index is constant once small loops are unrolled:
    // so blocks of rows are written out, and what a loop stays for indexes a copy.
    var sum: Sums;
    for (var k = 0u; k < BLOCKS * BLOCKS; k++) {
        sum[k] = mat4x4<f32>();
    }
    for (var slot = segment * length; slot < end; slot++) {
        for (var q = 0u; q < QUADS; q++) {
            var z: Columns;
            for (var b = 0u; b < BLOCKS; b++) {
                z[b] = load_rows(inputs, column + 4u * b, q, slot);
            }
            add_rows(&sum, &z, 0u, load_rows(deltas, row, q, slot + 1u));
            if BLOCKS > 1u {
                add_rows(&sum, &z, 1u, load_rows(deltas, row + 4u, q, slot + 1u));
            }
            if BLOCKS > 2u {
                add_rows(&sum, &z, 2u, load_rows(deltas, row + 8u, q, slot + 1u));
                add_rows(&sum, &z, 3u, load_rows(deltas, row + 12u, q, slot + 1u));
            }
        }
    }
    var blocks = sum;
    let base = (at.slab / TILES * SEGMENTS + segment) * N;
    for (var a = 0u; a < TILE; a++) {
        for (var b = 0u; b < TILE; b++) {
            if row + a < N && column + b <= ones_row() {
                let index = (base + row + a) * Z_ROWS + column + b;
                let earlier = select(0.0, product[index], at.accumulate == 1u);
                product[index] = earlier + blocks[a / 4u * BLOCKS + b / 4u][b % 4u][a % 4u];
            }
        }
    }
}
