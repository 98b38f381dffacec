// Trajectories (`inputs` and `deltas`) as they are: 32-bit numbers.

// Four conditions of one row, as stored.
alias Stored = vec4<f32>;
// Sixteen bytes of a trajectory: what a uniform buffer is read in.
alias Line = vec4<f32>;
const PER_LINE: u32 = 1u;

fn packed(value: vec4<f32>) -> Stored {
    return value;
}

fn unpacked(stored: Stored) -> vec4<f32> {
    return stored;
}

// Element `k` of a line.
fn from_line(line: Line, k: u32) -> vec4<f32> {
    return line;
}
