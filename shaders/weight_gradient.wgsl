// weight_gradient: the product of all δ with all inputs, in one parity of slots; for software adapters (textures), one slab
// a dispatch. For hardware: weight_gradient_tiled.wgsl.
//
//   product[i, j] = Σ_{t ≥ 1, c} δ_t[i] · inputs_{t−1}[j]
//   whose columns are ∂W_eff (j < N), ∂W_in of each input matrix, and Σ δ (the row of ones)
//
// Reads deltas (adjoint; δ_t is in slot t + 1) and inputs (forward, stimulus; slot t − 1): the same parity.
// Summed apart over SEGMENTS parts of the time axis. MATH.md, "Reverse-time gradient".
// Extent: x columns in groups of TILE, y rows in groups of TILE, z SEGMENTS.
// One invocation: TILE × TILE elements.

const TILE: u32 = GRADIENT_TILE;
const BLOCKS: u32 = TILE / 4u; // 4 × 4 elements: the adapter's compiler keeps small matrices in registers, large arrays not

@group(0) @binding(0) var deltas: texture_2d<f32>;                  // [D_SLOTS][D_ROWS · QUADS] texel over conditions, δ · read
@group(0) @binding(1) var inputs: texture_2d<f32>;                  // [Z_SLOTS][Z_ROWS · QUADS] texel over conditions · read
@group(0) @binding(2) var<storage, read_write> product: array<f32>; // [network][SEGMENTS][N][Z_ROWS] · write, read when accumulating
@group(0) @binding(3) var<storage, read> cells: array<vec4<f32>>;  // [network][D_ROWS] (α, or 0 at rest; I_ext; silence) · read

// Four rows from `first` on, each over a quad of conditions.
fn load_deltas(first: u32, q: u32, slot: u32) -> mat4x4<f32> {
    let at = vec2<u32>(first * QUADS + q, slot);
    let next = vec2<u32>(QUADS, 0u);
    return mat4x4<f32>(
        textureLoad(deltas, at, 0), textureLoad(deltas, at + next, 0),
        textureLoad(deltas, at + 2u * next, 0), textureLoad(deltas, at + 3u * next, 0),
    );
}

fn load_inputs(first: u32, q: u32, slot: u32) -> mat4x4<f32> {
    let at = vec2<u32>(first * QUADS + q, slot);
    let next = vec2<u32>(QUADS, 0u);
    return mat4x4<f32>(
        textureLoad(inputs, at, 0), textureLoad(inputs, at + next, 0),
        textureLoad(inputs, at + 2u * next, 0), textureLoad(inputs, at + 3u * next, 0),
    );
}

// sum + δ · z, where `delta` has its transpose's columns: [condition] over rows.
fn add_column(sum: vec4<f32>, delta: mat4x4<f32>, z: vec4<f32>) -> vec4<f32> {
    let s = fma(delta[1], vec4<f32>(z.y), fma(delta[0], vec4<f32>(z.x), sum));
    return fma(delta[3], vec4<f32>(z.w), fma(delta[2], vec4<f32>(z.z), s));
}

@compute @workgroup_size(GRADIENT_X, GRADIENT_Y)
fn weight_gradient(@builtin(global_invocation_id) id: vec3<u32>) {
    let column = id.x * TILE;
    let row = id.y * TILE;
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

    var sum: array<mat4x4<f32>, BLOCKS * BLOCKS>; // [rows][columns] column over rows
    for (var k = 0u; k < BLOCKS * BLOCKS; k++) {
        sum[k] = mat4x4<f32>();
    }
    for (var slot = segment * length; slot < end; slot++) {
        for (var q = 0u; q < QUADS; q++) {
            var z: array<mat4x4<f32>, BLOCKS>;
            for (var b = 0u; b < BLOCKS; b++) {
                z[b] = load_inputs(column + 4u * b, q, slot);
            }
            for (var a = 0u; a < BLOCKS; a++) {
                let delta = transpose(load_deltas(row + 4u * a, q, slot + 1u));
                for (var b = 0u; b < BLOCKS; b++) {
                    let s = sum[a * BLOCKS + b];
                    sum[a * BLOCKS + b] = mat4x4<f32>(
                        add_column(s[0], delta, z[b][0]), add_column(s[1], delta, z[b][1]),
                        add_column(s[2], delta, z[b][2]), add_column(s[3], delta, z[b][3]),
                    );
                }
            }
        }
    }
    let base = (at.slab / TILES * SEGMENTS + segment) * N;
    for (var a = 0u; a < TILE; a++) {
        for (var b = 0u; b < TILE; b++) {
            if row + a < N && column + b <= ones_row() {
                let index = (base + row + a) * Z_ROWS + column + b;
                let earlier = select(0.0, product[index], at.accumulate == 1u);
                product[index] = earlier + sum[a / 4u * BLOCKS + b / 4u][b % 4u][a % 4u];
            }
        }
    }
}
