// Elementary functions whose accuracy must not depend on the driver.

// eˣ for x in [−87, 88] to 2 units in the last place: x = n ln 2 + f, a polynomial of degree 7 for e^f, 2ⁿ by its exponent bits.
// NaN stays NaN (clamp would make a number of it), so that a diverged network is seen to have diverged.
fn exponential(x: f32) -> f32 {
    let bounded = select(select(x, -87.0, x < -87.0), 88.0, x > 88.0);
    let n = round(bounded * 1.44269504);
    let f = fma(n, -1.42860682e-6, fma(n, -0.693145752, bounded));
    var p = fma(f, 1.98412698e-4, 1.38888889e-3);
    p = fma(p, f, 8.33333333e-3);
    p = fma(p, f, 4.16666667e-2);
    p = fma(p, f, 1.66666667e-1);
    p = fma(p, f, 0.5);
    p = fma(p, f, 1.0);
    p = fma(p, f, 1.0);
    return p * bitcast<f32>(u32(i32(n) + 127) << 23u);
}

// σ(x) = 1 / (1 + e⁻ˣ).
fn sigmoid(x: f32) -> f32 {
    return 1.0 / (1.0 + exponential(-x));
}

// ln(1 + eᵛ) = max(v, 0) + 2 artanh(e / (2 + e)) with e = e^{−|v|}: no cancellation for small e.
fn softplus(v: f32) -> f32 {
    let e = exponential(-abs(v));
    let s = e / (2.0 + e);
    let q = s * s;
    var p = fma(q, 0.0666666667, 0.0769230769);
    p = fma(p, q, 0.0909090909);
    p = fma(p, q, 0.111111111);
    p = fma(p, q, 0.142857143);
    p = fma(p, q, 0.2);
    p = fma(p, q, 0.333333333);
    p = fma(p, q, 1.0);
    // e^{−|v|} is held at e⁻⁸⁷: below, the softplus is zero, as it rounds to in f32.
    return max(v, 0.0) + select(2.0 * s * p, 0.0, v < -87.0);
}

// Whether x is neither infinite nor NaN, by its bits: compilers may assume that comparisons never see either.
fn is_finite(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}
