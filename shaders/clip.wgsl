// clip: the global norm of the gradient, and what becomes of the network in this step.
//
//   scale = min(1, clip_norm / ‖g‖)
//   improved: L and ‖g‖ finite, and L < best − min_improvement or none was the best before
//   stop: 3 if L or ‖g‖ is not finite, else 1 if L ≤ goal, else 2 if not improved and steps since the best ≥ patience
//
// A network that has stopped, or rests in this step, is left as it is. Reads gradient (parameter_gradient) and losses (loss). docs/model.md#step.

@group(0) @binding(0) var<storage, read> gradient: array<f32>;      // [network][PARAMETERS] · read
@group(0) @binding(1) var<storage, read_write> squares: array<f32>; // [network][PARTIALS] sums of squares of the gradient · write in squares_of, read in clip
@group(0) @binding(2) var<storage, read> losses: array<vec4<f32>>;  // [network][2] (L, data, reg, scale of g), (scale of reg) · read
@group(0) @binding(3) var<storage, read> settings: array<Settings>; // [network] · read
@group(0) @binding(4) var<storage, read_write> records: array<Record>; // [network] · read and write
@group(0) @binding(5) var<storage, read> turns: array<Turn>;        // [network] · read

// Extent: x PARTIALS, y networks. Each invocation sums every PARTIALS-th square.
@compute @workgroup_size(64)
fn squares_of(@builtin(global_invocation_id) id: vec3<u32>) {
    var sum = 0.0;
    for (var e = id.x; e < PARAMETERS; e += PARTIALS) {
        let g = gradient[id.y * PARAMETERS + e];
        sum = fma(g, g, sum);
    }
    squares[id.y * PARTIALS + id.x] = sum;
}

// Extent: x networks, one workgroup each.
@compute @workgroup_size(LANES)
fn clip(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let network = group.x;
    var sum = 0.0;
    for (var k = lane; k < PARTIALS; k += LANES) {
        sum += squares[network * PARTIALS + k];
    }
    let norm = sqrt(sum_of_lanes(lane, sum));
    if lane > 0u {
        return;
    }
    var record = records[network];
    record.improved = 0u;
    record.update = 0u;
    let step = turns[network].step;
    if record.stop == 0u && step > 0u {
        let loss = losses[network * 2u];
        let chosen = settings[network];
        record.loss = loss.x;
        record.data_term = loss.y;
        record.reg_term = loss.z;
        record.grad_norm = norm;
        record.step = step;
        record.clip_scale = select(1.0, chosen.clip_norm / norm, norm > chosen.clip_norm);
        record.steps_since_best += 1u;
        let finite = is_finite(loss.x) && is_finite(norm);
        if finite && (record.best_step == 0u || loss.x < record.best_loss - chosen.min_improvement) {
            record.improved = 1u;
            record.best_loss = loss.x;
            record.best_step = step;
            record.steps_since_best = 0u;
        }
        if !finite {
            record.stop = 3u;
        } else if loss.x <= chosen.goal {
            record.stop = 1u;
        } else if record.improved == 0u && record.steps_since_best >= chosen.patience {
            record.stop = 2u;
        }
        record.update = select(0u, 1u, record.stop == 0u);
    }
    records[network] = record;
}
