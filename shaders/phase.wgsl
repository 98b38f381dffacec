// What is done to the networks: a table of phases, stretches of steps in which nothing changes, as the host wrote it.
//
//   r = gain · σ(x + I_ext + current) + offset,   and W_eff[i, j] is 0 where post of i and pre of j have a bit in common

struct Phase {
    gain: f32,
    offset: f32,  // a rate, 0…1
    current: f32, // in the units of I_ext
    start: u32,   // first step
    post: u32,    // bit k: of the cuts that hold, the k-th has the neuron as postsynaptic
    pre: u32,     // the same, as presynaptic
}

@group(0) @binding(4) var<storage, read> phases: array<Phase>; // [network][at.phases][N], in order of time · read

// Where the phase of a network that holds at step t begins in the table. A network with fewer than at.phases of them has
// some that begin after the last step.
fn phase_at(network: u32, t: u32) -> u32 {
    let first = network * at.phases * N;
    var found = first;
    for (var k = 1u; k < at.phases; k++) {
        found = select(found, first + k * N, phases[first + k * N].start <= t);
    }
    return found;
}
