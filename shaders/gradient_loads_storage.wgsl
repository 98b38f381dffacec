// How the weight gradient loads its operands on hardware.

@group(0) @binding(0) var<storage, read> deltas: array<vec4<f32>>; // [slab][D_SLOTS][D_ROWS][QUADS] δ · read
@group(0) @binding(1) var<storage, read> inputs: array<vec4<f32>>; // [slab][Z_SLOTS][Z_ROWS][QUADS] rates, stimulus, ones · read

fn load_delta(slab: u32, slot: u32, row: u32, quad: u32) -> vec4<f32> {
    return deltas[((slab * D_SLOTS + slot) * D_ROWS + row) * QUADS + quad];
}

fn load_input(slab: u32, slot: u32, row: u32, quad: u32) -> vec4<f32> {
    return inputs[((slab * Z_SLOTS + slot) * Z_ROWS + row) * QUADS + quad];
}
