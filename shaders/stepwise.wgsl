// What the stepwise recurrences share: one time step (step). What loads_storage.wgsl or loads_texture.wgsl sum of a segment of
// presynaptic rows is added up by one invocation (products), or, where few networks leave most of a card idle, by SPLIT
// invocations of a workgroup (shared_products). The kernel says where its state begins (state_base), and what a sum means
// (advance).

const ROWS: u32 = 4u * ROW_QUADS;
const PARTS: u32 = QUADS / TILE_QUADS;
const ALL: u32 = ROWS * TILE_QUADS;          // sums of an invocation
const GROUP: u32 = WORKGROUP / SPLIT;        // invocations that have the same segments
const OWN: u32 = (ALL + SPLIT - 1u) / SPLIT; // sums that an invocation ends with, where they are shared

// Sums of 4·ROW_QUADS neurons × TILE_QUADS quads of conditions: [ROWS][TILE_QUADS] vec4 over conditions.
alias Sums = array<vec4<f32>, ALL>;

// What invocations have summed of their segments: [SPLIT][GROUP][ROWS][TILE_QUADS] vec4 over conditions.
var<workgroup> summed: array<vec4<f32>, select(1u, WORKGROUP * ALL, SPLIT > 1u)>;

// Σ over the rows rows.x ≤ j < rows.y of the state of weight × state, as SEGMENT says.
fn products(network: u32, rows: vec2<u32>, first: u32, base: u32, quad: u32) -> Sums {
    var total = Sums();
    // Ends: s grows by one.
    for (var s = rows.x / SEGMENT; s * SEGMENT < rows.y; s++) {
        var sum = segment(network, rows_of(s, rows), first, base, quad);
        for (var k = 0u; k < ALL; k++) {
            total[k] += sum[k];
        }
    }
    return total;
}

// The rows of a segment; none of one past the last.
fn rows_of(s: u32, rows: vec2<u32>) -> vec2<u32> {
    return vec2<u32>(max(rows.x, s * SEGMENT), min(rows.y, (s + 1u) * SEGMENT));
}

// The same of the neurons and conditions of the workgroup `column`, of which invocation `lane` is. It ends with those that
// stand at lane, lane + WORKGROUP, … of [GROUP][ROWS][TILE_QUADS].
fn shared_products(network: u32, rows: vec2<u32>, column: u32, lane: u32, base: u32, quad: u32) -> array<vec4<f32>, OWN> {
    var total = array<vec4<f32>, OWN>();
    // Columns past the last weights are computed once more, and left out by whoever asks.
    let first = min((column * GROUP + lane % GROUP) * ROW_QUADS, W_STRIDE / 4u - ROW_QUADS);
    // Ends: s grows by SPLIT.
    for (var s = rows.x / SEGMENT; s * SEGMENT < rows.y; s += SPLIT) {
        var sum = segment(network, rows_of(s + lane / GROUP, rows), first, base, quad);
        for (var k = 0u; k < ALL; k++) {
            summed[lane * ALL + k] = sum[k];
        }
        workgroupBarrier();
        for (var k = 0u; k < OWN; k++) {
            for (var part = 0u; part < SPLIT; part++) {
                total[k] += summed[part * GROUP * ALL + min(lane + k * WORKGROUP, GROUP * ALL - 1u)];
            }
        }
        workgroupBarrier();
    }
    return total;
}

// One step, with the rows rows.x ≤ j < rows.y of the state.
fn step_of(lane: u32, group: vec3<u32>, rows: vec2<u32>) {
    let slab = at.slab + group.y / PARTS;
    let network = slab / TILES;
    let quad = (group.y % PARTS) * TILE_QUADS;
    if SPLIT == 1u {
        let first = (group.x * WORKGROUP + lane) * ROWS;
        if first >= N || load_cell(network, min(first, N - 1u)).x == 0.0 {
            return; // nobody, or the network has stopped, and rests
        }
        // A variable: of a value that a loop indexes, compilers make a copy at each use.
        var sum = products(network, rows, first / 4u, state_base(slab), quad);
        for (var r = 0u; r < ROWS; r++) {
            if first + r < N {
                let cell = load_cell(network, first + r);
                for (var q = 0u; q < TILE_QUADS; q++) {
                    advance(slab, first + r, quad + q, cell, sum[r * TILE_QUADS + q]);
                }
            }
        }
    } else {
        var sum = shared_products(network, rows, group.x, lane, state_base(slab), quad);
        for (var k = 0u; k < OWN; k++) {
            let place = lane + k * WORKGROUP;
            let i = group.x * GROUP * ROWS + place / TILE_QUADS;
            if place < GROUP * ALL && i < N {
                let cell = load_cell(network, i);
                if cell.x != 0.0 {
                    advance(slab, i, quad + place % TILE_QUADS, cell, sum[k]);
                }
            }
        }
    }
}
