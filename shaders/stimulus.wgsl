// stimulus: everything in `inputs` that no other stage writes: r_0, the stimulus rows and the row of ones.
//
//   inputs[t][N + g·U + u] = u_{s(c), t}[u] + σ · noise where condition c uses input matrix g, else 0
//   inputs[0][i] = r_{c,0}[i], 0 while neuron i is silenced
//
// Reads what the host wrote. Runs when the engine is made, when silence changes, and at every training step (number
// at.step; 0 means without noise) where a network draws noise. MATH.md, "Dynamics", "Stimulus".
// Extent: x rows of a slice, y time steps, z slabs.

@group(0) @binding(0) var<storage, read> sequences: array<f32>;               // [S][T][U] stimulus · read
@group(0) @binding(1) var<storage, read> conditions: array<vec4<u32>>;        // [TILES · 4·QUADS] (input matrix, sequence, bins, 1 if real) · read
@group(0) @binding(2) var<storage, read> initial_rates: array<vec4<f32>>;     // [TILES][D_ROWS][QUADS] r_0, 0…1 · read
@group(0) @binding(3) var<storage, read> silence: array<vec2<u32>>;           // [network][N] (first silenced step, first after) · read
@group(0) @binding(4) var<storage, read_write> inputs_even: array<Stored>; // [slab][Z_SLOTS][Z_ROWS][QUADS] even steps · write
@group(0) @binding(5) var<storage, read_write> inputs_odd: array<Stored>;  // [slab][Z_SLOTS][Z_ROWS][QUADS] odd steps · write
@group(0) @binding(6) var<storage, read> noises: array<Noise>;                // [network] · read

@compute @workgroup_size(64)
fn stimulus(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = id.x;
    let t = id.y;
    let slab = id.z;
    if row > ones_row() || (row < N && t > 0u) {
        return;
    }
    let tile = slab % TILES;
    let noise = noises[slab / TILES];
    let noisy = at.step > 0u && noise.sigma > 0.0;
    for (var q = 0u; q < QUADS; q++) {
        var value = vec4<f32>(1.0);
        if row < N {
            let window = silence[slab / TILES * N + row];
            value = initial_rates[(tile * D_ROWS + row) * QUADS + q];
            value = select(value, vec4<f32>(0.0), window.x == 0u && window.y > 0u);
        } else if row < ones_row() {
            let group = (row - N) / U;
            let channel = (row - N) % U;
            for (var e = 0u; e < 4u; e++) {
                let condition = conditions[(tile * QUADS + q) * 4u + e];
                value[e] = 0.0;
                if condition.x == group && condition.w == 1u {
                    let element = (condition.y * T + t) * U + channel;
                    value[e] = sequences[element];
                    if noisy {
                        value[e] += noise.sigma * normal_element(noise, at.step, element);
                    }
                }
            }
        }
        let index = ((slab * Z_SLOTS + t / 2u) * Z_ROWS + row) * QUADS + q;
        if t % 2u == 0u {
            inputs_even[index] = packed(value);
        } else {
            inputs_odd[index] = packed(value);
        }
    }
}
