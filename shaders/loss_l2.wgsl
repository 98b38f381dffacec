// The data term √E with E = Σ (y − F)²; docs/model.md#loss.

// What residuals y − F add to E.
fn error_of(residual: vec4<f32>) -> vec4<f32> {
    return residual * residual;
}

fn data_of(error: f32) -> f32 {
    return sqrt(error);
}

// What g_t is a multiple of, and what that is divided by besides w.
fn direct_of(residual: vec4<f32>) -> vec4<f32> {
    return residual;
}

fn divisor_of(data: f32) -> f32 {
    return data;
}
