// peak_copy: how fast the device reads and writes its memory.
//
//   copy[k] = source[k]
//
// Reads a buffer larger than any cache. Extent: x workgroups, as many as the host likes; an invocation copies every
// (256 · workgroups)-th vec4, so that neighbours read and write neighbouring memory.

@group(0) @binding(0) var<storage, read> source: array<vec4<f32>>;     // [length] · read
@group(0) @binding(1) var<storage, read_write> copy: array<vec4<f32>>; // [length] · write

@compute @workgroup_size(256)
fn peak_copy(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    // Ends: k grows by at least 256.
    for (var k = id.x; k < arrayLength(&source); k += 256u * groups.x) {
        copy[k] = source[k];
    }
}
