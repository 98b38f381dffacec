// Trajectories (`inputs` and `deltas`) rounded to 16-bit floating point numbers, two of them a word. What is stored is
// what every later stage and step reads, so that both strategies and all tiles see the same rounded numbers.

// Four conditions of one row, as stored.
alias Stored = vec2<u32>;
// Sixteen bytes of a trajectory: what a uniform buffer is read in.
alias Line = vec4<u32>;
const PER_LINE: u32 = 2u;

// What has no 16-bit number becomes infinite, and the training diverges: left to devices, some would saturate unnoticed.
fn packed(value: vec4<f32>) -> Stored {
    if !all(abs(value) <= vec4<f32>(65504.0)) {
        return vec2<u32>(0x7c007c00u);
    }
    return vec2<u32>(pack2x16float(value.xy), pack2x16float(value.zw));
}

fn unpacked(stored: Stored) -> vec4<f32> {
    return vec4<f32>(unpack2x16float(stored.x), unpack2x16float(stored.y));
}

// Element `k` of a line.
fn from_line(line: Line, k: u32) -> vec4<f32> {
    return unpacked(select(line.xy, line.zw, k == 1u));
}
