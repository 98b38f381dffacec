// How the weight gradient loads its operands on software adapters: one slab, copied into textures, a row of texels a slot.

@group(0) @binding(0) var deltas: texture_2d<f32>; // [D_SLOTS][D_ROWS · QUADS] texel over conditions, δ · read
@group(0) @binding(1) var inputs: texture_2d<f32>; // [Z_SLOTS][Z_ROWS · QUADS] texel over conditions, rates, stimulus, ones · read

fn load_delta(slab: u32, slot: u32, row: u32, quad: u32) -> vec4<f32> {
    return textureLoad(deltas, vec2<u32>(row * QUADS + quad, slot), 0);
}

fn load_input(slab: u32, slot: u32, row: u32, quad: u32) -> vec4<f32> {
    return textureLoad(inputs, vec2<u32>(row * QUADS + quad, slot), 0);
}
