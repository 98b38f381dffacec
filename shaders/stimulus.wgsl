// stimulus: what is given: x_0, and everything in `inputs` that no other stage writes: r_0, the stimulus rows and the row
// of ones.
//
//   inputs[t][N + g·U + u] = u_{s(c), t}[u] + σ · noise where condition c uses input matrix g, else 0
//   inputs[0][i] = gain · r_{c,0}[i] + offset,   x_0[i] = x_{c,0}[i] + σ_0 · noise
//
// Reads what the host wrote: at.step is TRAINING, where networks see the noise of their own step (stimulus alone), or
// TRIAL_STEP, where trials have noise; 0 means without any. Runs before the first simulation, where one needs other noise than
// the one before it, and after a change of perturbations. docs/model.md#dynamics, docs/model.md#stimulus,
// docs/model.md#noise, docs/model.md#perturbations.

@group(0) @binding(0) var<storage, read> sequences: array<f32>;            // [S][T][U] stimulus · read
@group(0) @binding(1) var<storage, read> conditions: array<vec4<u32>>;     // [TILES · 4·QUADS] (input matrix, sequence, bins, 1 if real) · read
@group(0) @binding(2) var<storage, read> initial_rates: array<vec4<f32>>;  // [TILES][D_ROWS][QUADS] r_0, 0…1 · read
@group(0) @binding(3) var<storage, read> noises: array<Noise>;             // [network] · read
@group(0) @binding(5) var<storage, read_write> inputs_even: array<Stored>; // [slab][Z_SLOTS][Z_ROWS][QUADS] even steps · write
@group(0) @binding(6) var<storage, read_write> inputs_odd: array<Stored>;  // [slab][Z_SLOTS][Z_ROWS][QUADS] odd steps · write
@group(0) @binding(7) var<storage, read> initial_x: array<vec4<f32>>;      // [TILES][D_ROWS][QUADS] x_0 · read
@group(0) @binding(8) var<storage, read_write> initial_potentials: array<vec4<f32>>; // [slab][D_ROWS][QUADS] x_0 with noise · write
@group(0) @binding(9) var<storage, read> turns: array<Turn>;               // [network] · read

// Extent: x rows of a slice from N on, y time steps from at.time on, z slabs.
@compute @workgroup_size(64)
fn stimulus(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = N + id.x;
    let t = at.time + id.y;
    let slab = id.z;
    if row > ones_row() {
        return;
    }
    let tile = slab % TILES;
    let noise = noises[slab / TILES];
    let step = select(at.step, turns[slab / TILES].step, at.step == TRAINING);
    let noisy = step > 0u && noise.sigma > 0.0;
    for (var q = 0u; q < QUADS; q++) {
        var value = vec4<f32>(1.0);
        if row < ones_row() {
            let group = (row - N) / U;
            let channel = (row - N) % U;
            for (var e = 0u; e < 4u; e++) {
                let condition = conditions[(tile * QUADS + q) * 4u + e];
                value[e] = 0.0;
                if condition.x == group && condition.w == 1u {
                    let element = (condition.y * T + t) * U + channel;
                    value[e] = sequences[element];
                    if noisy {
                        value[e] += noise.sigma * normal_element(noise, STIMULUS_NOISE, step, element);
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

// Extent: x neurons, z slabs.
@compute @workgroup_size(64)
fn start(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    let slab = id.z;
    if i >= N {
        return;
    }
    let tile = slab % TILES;
    let network = slab / TILES;
    let phase = phases[phase_at(network, 0u) + i];
    let noise = noises[network];
    let noisy = at.step > 0u && noise.initial_sigma > 0.0;
    for (var q = 0u; q < QUADS; q++) {
        let given = (tile * D_ROWS + i) * QUADS + q;
        var x = initial_x[given];
        if noisy {
            for (var e = 0u; e < 4u; e++) {
                let condition = (tile * QUADS + q) * 4u + e;
                x[e] += noise.initial_sigma * normal_element(noise, INITIAL_STATE, at.step, condition * N + i);
            }
        }
        let rate = fma(vec4<f32>(phase.gain), initial_rates[given], vec4<f32>(phase.offset));
        initial_potentials[(slab * D_ROWS + i) * QUADS + q] = x;
        inputs_even[(slab * Z_SLOTS * Z_ROWS + i) * QUADS + q] = packed(rate);
    }
}
