// Sums in an order that depends on nothing but the number of terms.

const LANES: u32 = 256u; // invocations of a workgroup that sums

var<workgroup> lanes: array<f32, LANES>;

// The sum of `value` over the workgroup, as a binary tree; all invocations get it, and all must call it.
fn sum_of_lanes(lane: u32, value: f32) -> f32 {
    lanes[lane] = value;
    // Ends: `half` is halved from LANES / 2 to 0.
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if lane < half {
            lanes[lane] += lanes[lane + half];
        }
    }
    workgroupBarrier();
    let total = lanes[0];
    workgroupBarrier();
    return total;
}
