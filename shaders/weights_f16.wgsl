// Weights as the recurrences load them: rounded to 16-bit numbers (pack_weights.wgsl). Trained are those of 32 bits.

// Four weights that stand side by side.
alias FourWeights = vec2<u32>;

fn unpacked_weights(stored: FourWeights) -> vec4<f32> {
    return of_halves(stored);
}
