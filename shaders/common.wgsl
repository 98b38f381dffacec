// Prepended to every kernel, after the variant's `const` lines:
//   QUADS       vec4s of conditions in a tile: a tile holds 4·QUADS conditions of one network
//   TILE_QUADS  how many of them one invocation of a recurrence works on (divides QUADS)
//   ROW_QUADS   vec4s of neurons that one invocation of a recurrence works on
//   WORKGROUP   invocations of a workgroup of a recurrence
//   SPLIT       invocations among which the presynaptic rows of a sum are divided (divides WORKGROUP)
//   UNROLL      presynaptic neurons of one turn of its loop, with loads from storage buffers (divides 16)
//   WEIGHT_ROWS rows of a weight matrix that stand side by side: 4 where a recurrence is resident (divides UNROLL), else 1
//   RESIDENT_LANES, RESIDENT_ROWS   invocations of a resident recurrence's workgroup, neurons of one of them
//   GRADIENT_TILE, GRADIENT_X, GRADIENT_Y   rows and columns of one invocation of the weight gradient; its workgroup
//   Z_ROWS, D_ROWS   rows of a time slice of `inputs` and of `deltas`, padded to 16 (32 where trajectories are 16-bit)
//   DELTA_SCALE   power of two by which the adjoint is larger than δ: 1 but where trajectories are 16-bit
// and after trajectory_f32.wgsl or trajectory_f16.wgsl.
//
// Symbols as in docs/model.md#notation: N neurons, T steps, U channels, G input matrices. A *slab* is one tile of
// conditions of one network: slab = network · TILES + tile. Arrays over time come as two buffers, one of the even and
// one of the odd slots, so that a kernel never reads the buffer that it writes; elements are `Stored`:
//   inputs [slab][slot / 2][Z_ROWS][QUADS] four conditions: what neurons receive at a step: rates r (rows 0…N−1),
//          then per input matrix its channels' stimulus (zero in conditions of another matrix), then a row of ones
//   deltas [slab][slot / 2][D_ROWS][QUADS] four conditions: d_t = x_t − x_{t−1} in slot t (forward), overwritten by
//          DELTA_SCALE · δ_t, δ_t = α ⊙ λ_t, in slot t + 1 (adjoint)

override N: u32;          // neurons
override T: u32;          // time steps
override U: u32;          // stimulus channels
override G: u32;          // input matrices
override THERMAL: u32;    // steps before the first bin
override STEPS_PER_BIN: u32;
override BINS: u32;
override TILES: u32;      // tiles of conditions of a network
override PARAMETERS: u32; // N·N + G·N·U + 2N
override W_STRIDE: u32;   // columns of a weight matrix, padded to 64
override Z_SLOTS: u32;    // slots of one parity in `inputs`
override D_SLOTS: u32;    // slots of one parity in `deltas`
override SEGMENTS: u32;   // parts of the time axis that the weight gradient sums apart
override RECURRENT: u32;  // 0: W is zero, and stays so
override DALE: u32;       // whose sign a weight has: see constraint.wgsl
override SIGN: u32;       // how it is kept
override TAU_MIN: f32;    // steps
override TAU_SPAN: f32;   // τ_max − τ_min, steps
override DT: f32;         // Δt, steps
override BETA1: f32;      // Adam's constants
override BETA2: f32;
override ONE_MINUS_BETA1: f32; // rounded from f64, where 1 − β is exact
override ONE_MINUS_BETA2: f32;
override EPSILON: f32;

// In at.step: a training step, in which networks that have stopped rest; an evaluation of some networks. Who takes part has
// a step in turns.
const TRAINING: u32 = 1u;
const SELECTED: u32 = 2u;

// Presynaptic rows of a recurrence are summed in segments of so many (the last may be shorter), each in order from zero, and then
// the segments in order: the same bits, whether one invocation does all of a sum or several share it. UNROLL divides it.
const SEGMENT: u32 = 64u;

const PARTIALS: u32 = 1024u; // invocations of a network that sum squares of weights or gradients

// What changes from dispatch to dispatch.
struct At {
    time: u32,       // time step t, or the first of a block or phase; the parity of the slots in the weight gradient
    end: u32,        // of a block of time steps, not in it; in the weight gradient the first row of workgroups
    slab: u32,       // first slab of the dispatch
    accumulate: u32, // 1: add to what earlier dispatches of the weight gradient wrote
    step: u32,       // 0: all networks are computed; TRAINING, SELECTED: those whose turn it is; or TRIAL_STEP of perturbation.rs
    phases: u32,     // of a network in the table of phase.wgsl; 0 in weights where no connection is cut
}
var<immediate> at: At;

// Where the weights of a row (of all networks' matrices, one after the other) and column stand: columns are neighbours, and
// each holds WEIGHT_ROWS rows. Of those rows, and of one weight.
fn weight_block(row: u32, column: u32) -> u32 {
    return row / WEIGHT_ROWS * W_STRIDE + column;
}

fn weight_place(row: u32, column: u32) -> u32 {
    return weight_block(row, column) * WEIGHT_ROWS + row % WEIGHT_ROWS;
}

// Column of `inputs` that holds ones.
fn ones_row() -> u32 {
    return N + G * U;
}

// First and end of the rows of `inputs` that drive the neurons: without recurrent weights those of the stimulus (and a few
// before, which meet zero weights, as the first must divide by UNROLL).
fn forward_rows() -> vec2<u32> {
    return vec2<u32>(select(N / UNROLL * UNROLL, 0u, RECURRENT == 1u), ones_row());
}

// First and end of the rows of `deltas` that flow back through W.
fn adjoint_rows() -> vec2<u32> {
    return vec2<u32>(0u, select(0u, N, RECURRENT == 1u));
}
