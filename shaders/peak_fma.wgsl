// peak_fma: how fast the device multiplies and adds numbers that never leave its registers.
//
//   s ← s · factor + summand, in CHAINS · 4 chains of an invocation, UNROLL · rounds times each: 2 operations a time
//
// Reads what the host wrote, so that nothing can be computed before the run; every chain starts at another value and
// enters the result, so that nothing can be left out. Values stay near 1: none is denormal.
// Extent: x workgroups, as many as the host likes.

const CHAINS: u32 = 8u; // of vec4s: more than the latency of any device's multiply-add
const UNROLL: u32 = 4u;

override FUSED: bool; // as fma(), or as a product and a sum that the compiler may fuse

struct Work {
    factor: f32,  // 0.999
    summand: f32, // 0.001
    rounds: u32,
}

@group(0) @binding(0) var<storage, read> work: array<Work>;            // [1] · read
@group(0) @binding(1) var<storage, read_write> sums: array<vec4<f32>>; // [invocations] sum of the chains, 1 · write

@compute @workgroup_size(256)
fn peak_fma(@builtin(global_invocation_id) id: vec3<u32>) {
    let factor = vec4<f32>(work[0].factor);
    let summand = vec4<f32>(work[0].summand);
    let rounds = work[0].rounds;
    let start = vec4<f32>(0.0, 0.25, 0.5, 0.75) + f32(id.x % 64u);
    var chains: array<vec4<f32>, CHAINS>;
    for (var k = 0u; k < CHAINS; k++) {
        chains[k] = start + f32(64u * k);
    }
    // Ends: the host sets the rounds.
    for (var turn = 0u; turn < rounds; turn++) {
        for (var u = 0u; u < UNROLL; u++) {
            for (var k = 0u; k < CHAINS; k++) {
                if FUSED {
                    chains[k] = fma(chains[k], factor, summand);
                } else {
                    chains[k] = chains[k] * factor + summand;
                }
            }
        }
    }
    var sum = chains[0];
    for (var k = 1u; k < CHAINS; k++) {
        sum += chains[k];
    }
    sums[id.x] = sum;
}
