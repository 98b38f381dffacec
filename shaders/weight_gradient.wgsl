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

@group(0) @binding(0) var deltas: texture_2d<f32>;                  // [D_SLOTS][D_ROWS · QUADS] texel over conditions, δ · read
@group(0) @binding(1) var inputs: texture_2d<f32>;                  // [Z_SLOTS][Z_ROWS · QUADS] texel over conditions · read
@group(0) @binding(2) var<storage, read_write> product: array<f32>; // [network][SEGMENTS][N][Z_ROWS] · write, read when accumulating
@group(0) @binding(3) var<storage, read> cells: array<vec4<f32>>;  // [network][D_ROWS] (α, or 0 at rest; I_ext; silence) · read

@compute @workgroup_size(GRADIENT_X, GRADIENT_Y)
fn weight_gradient(@builtin(global_invocation_id) id: vec3<u32>) {
    let column = id.x * TILE;
    let row = id.y * TILE;
    let segment = id.z;
    if column > ones_row() || cells[at.slab / TILES * D_ROWS].x == 0.0 {
        return;
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
        for (var q = 0u; q < QUADS; q++) {
            var z: array<vec4<f32>, TILE>;
            for (var b = 0u; b < TILE; b++) {
                z[b] = textureLoad(inputs, vec2<u32>((column + b) * QUADS + q, slot), 0);
            }
            for (var a = 0u; a < TILE; a++) {
                let delta = textureLoad(deltas, vec2<u32>((row + a) * QUADS + q, slot + 1u), 0);
                for (var b = 0u; b < TILE; b++) {
                    let s = fma(delta.y, z[b].y, fma(delta.x, z[b].x, sum[a * TILE + b]));
                    sum[a * TILE + b] = fma(delta.w, z[b].w, fma(delta.z, z[b].z, s));
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
                product[index] = earlier + sum[a * TILE + b];
            }
        }
    }
}
