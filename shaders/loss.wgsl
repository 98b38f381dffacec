// loss: the modelled rates in bins, their distance from the recorded ones, and the loss of each network.
//
//   y_{c,i,b} = mean of r over the steps of bin b;   L = data term of y − F + λ √(‖W‖² + Σ ‖W_in‖²)
//
// The data term is that of loss_l2.wgsl or loss_l1.wgsl.
// Reads rates (forward) and squares (weights). Bins past a condition's last have residual 0. docs/model.md#loss.

const CHUNK: u32 = 8u;        // bins of one invocation
@group(0) @binding(0) var<storage, read> inputs_even: array<Stored>;        // [slab][Z_SLOTS][Z_ROWS][QUADS] rates of even steps, 0…1 · read
@group(0) @binding(1) var<storage, read> inputs_odd: array<Stored>;         // [slab][Z_SLOTS][Z_ROWS][QUADS] rates of odd steps, 0…1 · read
@group(0) @binding(2) var<storage, read> targets: array<vec4<f32>>;         // [TILES][BINS][D_ROWS][QUADS] recorded rates F, 0…1 · read
@group(0) @binding(3) var<storage, read> conditions: array<vec4<u32>>;      // [TILES · 4·QUADS] (input matrix, sequence, bins, 1 if real) · read
@group(0) @binding(4) var<storage, read_write> residuals: array<vec4<f32>>; // [slab][BINS][D_ROWS][QUADS] y − F · write
@group(0) @binding(5) var<storage, read_write> errors: array<f32>;          // [slab][chunks][N] partial sums of E · write in bins_of, read in total

// Extent: x neurons, y chunks of CHUNK bins, z slabs.
@compute @workgroup_size(64)
fn bins_of(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    let slab = id.z;
    if i >= N {
        return;
    }
    let tile = slab % TILES;
    let end = min((id.y + 1u) * CHUNK, BINS);
    var sum = vec4<f32>(0.0);
    for (var b = id.y * CHUNK; b < end; b++) {
        for (var q = 0u; q < QUADS; q++) {
            var y = vec4<f32>(0.0);
            for (var t = THERMAL + b * STEPS_PER_BIN; t < THERMAL + (b + 1u) * STEPS_PER_BIN; t++) {
                let index = ((slab * Z_SLOTS + t / 2u) * Z_ROWS + i) * QUADS + q;
                if t % 2u == 0u {
                    y += unpacked(inputs_even[index]);
                } else {
                    y += unpacked(inputs_odd[index]);
                }
            }
            let target_index = ((tile * BINS + b) * D_ROWS + i) * QUADS + q;
            var difference = y / f32(STEPS_PER_BIN) - targets[target_index];
            for (var e = 0u; e < 4u; e++) {
                let condition = conditions[(tile * QUADS + q) * 4u + e];
                difference[e] = select(0.0, difference[e], b < condition.z);
            }
            residuals[((slab * BINS + b) * D_ROWS + i) * QUADS + q] = difference;
            sum += error_of(difference);
        }
    }
    let chunks = (BINS + CHUNK - 1u) / CHUNK;
    errors[(slab * chunks + id.y) * N + i] = (sum.x + sum.y) + (sum.z + sum.w);
}

@group(0) @binding(6) var<storage, read> squares: array<f32>;               // [network][PARTIALS] sums of squares of W and W_in · read
@group(0) @binding(7) var<storage, read> settings: array<Settings>;         // [network] · read
@group(0) @binding(8) var<storage, read_write> losses: array<vec4<f32>>;    // [network][2] (L, data, reg, scale of g), (scale of reg) · write

// Extent: x networks, one workgroup each.
@compute @workgroup_size(LANES)
fn total(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let network = group.x;
    let terms = TILES * ((BINS + CHUNK - 1u) / CHUNK) * N;
    var sum = 0.0;
    for (var k = lane; k < terms; k += LANES) {
        sum += errors[network * terms + k];
    }
    let error = sum_of_lanes(lane, sum);
    sum = 0.0;
    for (var k = lane; k < PARTIALS; k += LANES) {
        sum += squares[network * PARTIALS + k];
    }
    let norm = sqrt(sum_of_lanes(lane, sum));
    if lane == 0u {
        let lambda = settings[network].regularisation;
        let data = data_of(error);
        let divisor = f32(STEPS_PER_BIN) * divisor_of(data);
        let scale = select(0.0, 1.0 / divisor, divisor > 0.0);
        losses[network * 2u] = vec4<f32>(data + lambda * norm, data, lambda * norm, scale);
        losses[network * 2u + 1u] = vec4<f32>(select(0.0, lambda / norm, norm > 0.0), 0.0, 0.0, 0.0);
    }
}
