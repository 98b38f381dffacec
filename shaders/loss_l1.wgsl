// The data term E₁ = Σ |y − F|; docs/model.md#loss.

// What residuals y − F add to E₁.
fn error_of(residual: vec4<f32>) -> vec4<f32> {
    return abs(residual);
}

fn data_of(error: f32) -> f32 {
    return error;
}

// What g_t is a multiple of, and what that is divided by besides w.
fn direct_of(residual: vec4<f32>) -> vec4<f32> {
    return sign(residual);
}

fn divisor_of(data: f32) -> f32 {
    return 1.0;
}
