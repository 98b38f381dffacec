// Weights as the recurrences load them: 32-bit numbers.

// Four weights that stand side by side.
alias FourWeights = vec4<f32>;

fn unpacked_weights(stored: FourWeights) -> vec4<f32> {
    return stored;
}
