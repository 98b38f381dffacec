// Numbers rounded to 16-bit floating point numbers, two of them a word.

// The nearest value that a 16-bit number has, of two the even one, which pack2x16float packs as it is: how it rounds is left to
// drivers, and one that cuts off would make all of them too small. From 2⁻¹⁴ on 13 bits of the fraction fall away; below are multiples
// of 2⁻²⁴.
fn nearest(value: vec4<f32>) -> vec4<f32> {
    let bits = bitcast<vec4<u32>>(value);
    let normal = (bits + 0xfffu + ((bits >> vec4<u32>(13u)) & vec4<u32>(1u))) & vec4<u32>(0xffffe000u);
    let small = round(value * 16777216.0) * 5.9604644775390625e-8;
    return select(bitcast<vec4<f32>>(normal), small, abs(value) < vec4<f32>(6.103515625e-5));
}

// What has no 16-bit number becomes infinite, and the training diverges: left to devices, some would saturate unnoticed. Asked of
// the bits, since compilers may assume that no comparison sees a NaN.
fn halves(value: vec4<f32>) -> vec2<u32> {
    let exact = nearest(value);
    let fits = all((bitcast<vec4<u32>>(value) & vec4<u32>(0x7fffffffu)) <= vec4<u32>(0x477fe000u));
    return select(vec2<u32>(0x7c007c00u), vec2<u32>(pack2x16float(exact.xy), pack2x16float(exact.zw)), fits);
}

fn of_halves(stored: vec2<u32>) -> vec4<f32> {
    return vec4<f32>(unpack2x16float(stored.x), unpack2x16float(stored.y));
}
