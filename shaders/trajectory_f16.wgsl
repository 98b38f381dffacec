// Trajectories (`inputs` and `deltas`) rounded to 16-bit floating point numbers, two of them a word. What is stored is
// what every later stage and step reads, so that both strategies and all tiles see the same rounded numbers.

// Four conditions of one row, as stored.
alias Stored = vec2<u32>;
// Sixteen bytes of a trajectory: what a uniform buffer is read in.
alias Line = vec4<u32>;
const PER_LINE: u32 = 2u;

fn packed(value: vec4<f32>) -> Stored {
    return halves(value);
}

fn unpacked(stored: Stored) -> vec4<f32> {
    return of_halves(stored);
}

// Element `k` of a line.
fn from_line(line: Line, k: u32) -> vec4<f32> {
    return unpacked(select(line.xy, line.zw, k == 1u));
}
