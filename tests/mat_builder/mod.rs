//! Builds MAT v5 files byte by byte, right or wrong, independently of the crate's own writer.
#![allow(dead_code, unreachable_pub)]

use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::io::Write;

/// Byte order.
#[derive(Clone, Copy)]
pub enum Order {
    Little,
    Big,
}

impl Order {
    pub fn u32(self, value: u32) -> [u8; 4] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    /// Bytes of a number of `size` bytes, given in little-endian order.
    fn number(self, mut little: Vec<u8>) -> Vec<u8> {
        if matches!(self, Self::Big) {
            little.reverse();
        }
        little
    }
}

/// Number types by their element type: encodes `values` as such.
pub fn numbers(order: Order, kind: u32, values: &[f64]) -> Vec<u8> {
    let encode = |v: &f64| match kind {
        1 => (*v as i8).to_le_bytes().to_vec(),
        2 => (*v as u8).to_le_bytes().to_vec(),
        3 => (*v as i16).to_le_bytes().to_vec(),
        4 => (*v as u16).to_le_bytes().to_vec(),
        5 => (*v as i32).to_le_bytes().to_vec(),
        6 => (*v as u32).to_le_bytes().to_vec(),
        7 => (*v as f32).to_le_bytes().to_vec(),
        9 => v.to_le_bytes().to_vec(),
        12 => (*v as i64).to_le_bytes().to_vec(),
        13 => (*v as u64).to_le_bytes().to_vec(),
        _ => unreachable!("no number type {kind}"),
    };
    values.iter().flat_map(|v| order.number(encode(v))).collect()
}

/// A data element, in the short form where it fits.
pub fn element(order: Order, kind: u32, payload: &[u8]) -> Vec<u8> {
    let mut out = if (1..=4).contains(&payload.len()) {
        order.u32(kind | (payload.len() as u32) << 16).to_vec()
    } else {
        long_tag(order, kind, payload.len() as u32)
    };
    out.extend_from_slice(payload);
    out.resize(out.len().next_multiple_of(8), 0);
    out
}

/// The tag of a data element in the long form, declaring any size.
pub fn long_tag(order: Order, kind: u32, size: u32) -> Vec<u8> {
    [order.u32(kind), order.u32(size)].concat()
}

/// Array flags, dimensions and name.
pub fn start(order: Order, flags: u32, dims: &[i32], name: &str) -> Vec<u8> {
    let dims: Vec<u8> = dims.iter().flat_map(|d| order.u32(d.cast_unsigned())).collect();
    [
        element(order, 6, &[order.u32(flags), [0; 4]].concat()),
        element(order, 5, &dims),
        element(order, 1, name.as_bytes()),
    ]
    .concat()
}

/// A whole variable with any parts after its start.
pub fn variable(order: Order, flags: u32, dims: &[i32], name: &str, parts: &[Vec<u8>]) -> Vec<u8> {
    element(order, 14, &[start(order, flags, dims, name), parts.concat()].concat())
}

/// A numeric variable of class `flags`, its values stored as `kind`.
pub fn numeric(order: Order, flags: u32, dims: &[i32], name: &str, kind: u32, values: &[f64]) -> Vec<u8> {
    variable(order, flags, dims, name, &[element(order, kind, &numbers(order, kind, values))])
}

/// A double array, little-endian.
pub fn double(dims: &[i32], name: &str, values: &[f64]) -> Vec<u8> {
    numeric(Order::Little, 6, dims, name, 9, values)
}

/// `bytes` as a compressed element.
pub fn compressed(order: Order, bytes: &[u8]) -> Vec<u8> {
    let stream = deflate(bytes);
    [long_tag(order, 15, stream.len() as u32), stream].concat()
}

/// A zlib stream.
pub fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The file header.
pub fn header(order: Order) -> Vec<u8> {
    let mut header = b"MATLAB 5.0 MAT-file, Platform: GLNXA64".to_vec();
    header.resize(116, b' ');
    header.resize(124, 0);
    header.extend_from_slice(match order {
        Order::Little => b"\x00\x01IM",
        Order::Big => b"\x01\x00MI",
    });
    header
}

/// A little-endian file of variables.
pub fn file(variables: &[Vec<u8>]) -> Vec<u8> {
    [header(Order::Little), variables.concat()].concat()
}
