// Counter-based normal numbers: the same as `Rng::normal_element` in src/rng.rs, up to the rounding of logarithm, sine and
// cosine (a few units in the last place; drivers' own are far less accurate).

const STIMULUS_NOISE: u32 = 4u; // `Stream::StimulusNoise`
const INITIAL_STATE: u32 = 6u;  // `Stream::InitialState`

struct Noise {
    sigma: f32,         // of every stimulus value, 0: none
    initial_sigma: f32, // of every x_0, 0: none
    seed_low: u32,
    seed_high: u32,
    network: u32, // number of the network, or of the trial, under the seed
}

// High and low word of a · b.
fn multiply(a: u32, b: u32) -> vec2<u32> {
    let al = a & 0xffffu;
    let ah = a >> 16u;
    let bl = b & 0xffffu;
    let bh = b >> 16u;
    let low = al * bl;
    let middle = ah * bl + (low >> 16u);
    let carry = al * bh + (middle & 0xffffu);
    return vec2<u32>(ah * bh + (middle >> 16u) + (carry >> 16u), a * b);
}

// Ten rounds of Philox 4×32.
fn philox(counter: vec4<u32>, seed: vec2<u32>) -> vec4<u32> {
    var c = counter;
    var key = seed;
    for (var round = 0u; round < 10u; round++) {
        let p = multiply(c.x, 0xD2511F53u);
        let q = multiply(c.z, 0xCD9E8D57u);
        c = vec4<u32>(q.x ^ c.y ^ key.x, q.y, p.x ^ c.w ^ key.y, p.y);
        key += vec2<u32>(0x9E3779B9u, 0xBB67AE85u);
    }
    return c;
}

// ln x for 0 < x < 1: x = 2ᵉ m with m in [√½, √2), ln m = 2 artanh((m − 1) / (m + 1)).
fn logarithm(x: f32) -> f32 {
    let bits = bitcast<u32>(x);
    let shift = (bits - 0x3f3504f3u) & 0xff800000u;
    let m = bitcast<f32>(bits - shift);
    let e = f32(bitcast<i32>(shift) >> 23u);
    let s = (m - 1.0) / (m + 1.0);
    let q = s * s;
    var p = fma(q, 0.111111111, 0.142857143);
    p = fma(p, q, 0.2);
    p = fma(p, q, 0.333333333);
    p = fma(p, q, 1.0);
    return fma(e, 0.693147181, 2.0 * s * p);
}

// cos and sin of 2π b for 0 ≤ b < 1: the nearest quarter turn is exact, the rest is at most an eighth.
fn turn(b: f32) -> vec2<f32> {
    let quarter = round(4.0 * b);
    let y = 6.28318531 * fma(quarter, -0.25, b);
    let q = y * y;
    let c = fma(fma(fma(fma(q, 2.48015873e-5, -1.38888889e-3), q, 4.16666667e-2), q, -0.5), q, 1.0);
    let s = y * fma(fma(fma(fma(q, 2.75573192e-6, -1.98412698e-4), q, 8.33333333e-3), q, -0.166666667), q, 1.0);
    switch u32(quarter) & 3u {
        case 0u: { return vec2<f32>(c, s); }
        case 1u: { return vec2<f32>(-s, c); }
        case 2u: { return vec2<f32>(-c, -s); }
        default: { return vec2<f32>(s, -c); }
    }
}

// Element `index` of a stream of standard normal numbers of a network's training step, or of a trial.
fn normal_element(noise: Noise, stream: u32, step: u32, index: u32) -> f32 {
    let words = philox(vec4<u32>(index / 4u, step, stream, noise.network), vec2<u32>(noise.seed_low, noise.seed_high));
    let pair = select(words.xy, words.zw, (index & 2u) == 2u);
    let uniform_pair = (vec2<f32>(pair >> vec2<u32>(8u)) + 0.5) * (1.0 / 16777216.0);
    let direction = turn(uniform_pair.y);
    return sqrt(-2.0 * logarithm(uniform_pair.x)) * select(direction.x, direction.y, (index & 1u) == 1u);
}
