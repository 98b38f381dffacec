//! Numbers out of checked bytes.
//!
//! The numbers themselves are decoded by the crate `matfile`. It trusts the files it is given: it multiplies dimensions
//! unchecked, inflates without a limit, and leaves out what it does not know. So it is never given a user's file.
//! Values whose place and number this module's neighbours have checked are passed to it in blocks, each as a small
//! uncompressed file of one column vector, which has nothing in it that could be wrong.

use super::class::Storage;
use super::element::{Endian, MATRIX, Source};
use super::fault::Fault;
use super::header::Values;
use super::write::{file_header, tag_bytes};
use matfile::NumericData;
use std::io::Read;

/// Values per block: small enough that the copies do not matter.
const BLOCK: u64 = 1 << 15;

/// Reads the values at the current place of `source`, in file order, each as `convert` makes it. Memory grows with what has
/// really been read.
pub(super) fn read<R: Read, T>(source: &mut Source<R>, values: Values, convert: fn(f64) -> T) -> Result<Vec<T>, Fault> {
    let Values { storage, count } = values;
    let mut converted = Vec::new();
    let mut numbers = Vec::new();
    let mut bytes = vec![0; (count.min(BLOCK) * storage.size()) as usize];
    let mut left = count;
    while left > 0 {
        let block = &mut bytes[..(left.min(BLOCK) * storage.size()) as usize];
        source.fill(block)?;
        append(&mut numbers, block, storage, source.endian())?;
        converted.extend(numbers.drain(..).map(convert));
        left -= left.min(BLOCK);
    }
    Ok(converted)
}

fn append(numbers: &mut Vec<f64>, block: &[u8], storage: Storage, endian: Endian) -> Result<(), Fault> {
    let before = numbers.len();
    let file = matfile::MatFile::parse(&image(block, storage, endian)[..])
        .map_err(|e| Fault::new("readable values", e.to_string()))?;
    if let Some(array) = file.arrays().first() {
        extend(numbers, array.data());
    }
    let expected = block.len() / storage.size() as usize;
    if numbers.len() - before == expected {
        Ok(())
    } else {
        Err(Fault::new(format!("{expected} values"), format!("{}", numbers.len() - before)))
    }
}

fn extend(numbers: &mut Vec<f64>, data: &NumericData) {
    match data {
        NumericData::Int8 { real, .. } => numbers.extend(real.iter().map(|v| f64::from(*v))),
        NumericData::UInt8 { real, .. } => numbers.extend(real.iter().map(|v| f64::from(*v))),
        NumericData::Int16 { real, .. } => numbers.extend(real.iter().map(|v| f64::from(*v))),
        NumericData::UInt16 { real, .. } => numbers.extend(real.iter().map(|v| f64::from(*v))),
        NumericData::Int32 { real, .. } => numbers.extend(real.iter().map(|v| f64::from(*v))),
        NumericData::UInt32 { real, .. } => numbers.extend(real.iter().map(|v| f64::from(*v))),
        NumericData::Int64 { real, .. } => numbers.extend(real.iter().map(|v| *v as f64)),
        NumericData::UInt64 { real, .. } => numbers.extend(real.iter().map(|v| *v as f64)),
        NumericData::Single { real, .. } => numbers.extend(real.iter().map(|v| f64::from(*v))),
        NumericData::Double { real, .. } => numbers.extend(real),
    }
}

/// A MAT file of one column vector that holds `block`.
fn image(block: &[u8], storage: Storage, endian: Endian) -> Vec<u8> {
    let count = (block.len() as u64 / storage.size()) as u32;
    let padding = block.len().next_multiple_of(8) - block.len();
    let word = |v: u32| match endian {
        Endian::Little => v.to_le_bytes(),
        Endian::Big => v.to_be_bytes(),
    };
    let tag = |kind, size| tag_bytes(kind, size, word);

    let mut elements = Vec::with_capacity(block.len() + 256);
    elements.extend_from_slice(&tag(6, 8));
    elements.extend(word(class_for(storage)).into_iter().chain(word(0)));
    elements.extend_from_slice(&tag(5, 8));
    elements.extend(word(count).into_iter().chain(word(1)));
    elements.extend_from_slice(&tag(1, 1));
    elements.extend_from_slice(b"v\0\0\0\0\0\0\0");
    elements.extend_from_slice(&tag(storage.id(), block.len() as u32));
    elements.extend_from_slice(block);
    elements.resize(elements.len() + padding, 0);

    let mut file = file_header(endian).to_vec();
    file.extend_from_slice(&tag(MATRIX, elements.len() as u32));
    file.append(&mut elements);
    file
}

/// The class under which `matfile` reads numbers of this type; it refuses the class `int32`.
fn class_for(storage: Storage) -> u32 {
    match storage {
        Storage::Int8 => 8,
        Storage::Single => 7,
        Storage::UInt32 => 13,
        Storage::Int64 => 14,
        Storage::UInt64 => 15,
        Storage::UInt8 | Storage::Int16 | Storage::UInt16 | Storage::Int32 | Storage::Double => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_bytes(bytes: &[u8], storage: Storage, endian: Endian) -> Vec<f64> {
        let count = bytes.len() as u64 / storage.size();
        let mut source = Source::new(bytes, bytes.len() as u64, endian);
        read(&mut source, Values { storage, count }, |v| v).unwrap()
    }

    #[test]
    fn every_number_type_in_both_byte_orders() {
        macro_rules! check {
            ($storage:ident, $type:ty, [$($value:expr),*]) => {
                let values: Vec<$type> = vec![$($value),*];
                let expected: Vec<f64> = values.iter().map(|v| *v as f64).collect();
                let little: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
                let big: Vec<u8> = values.iter().flat_map(|v| v.to_be_bytes()).collect();
                assert_eq!(read_bytes(&little, Storage::$storage, Endian::Little), expected);
                assert_eq!(read_bytes(&big, Storage::$storage, Endian::Big), expected);
            };
        }
        check!(Int8, i8, [i8::MIN, -1, 0, i8::MAX]);
        check!(UInt8, u8, [0, 1, u8::MAX]);
        check!(Int16, i16, [i16::MIN, -1, 0, i16::MAX]);
        check!(UInt16, u16, [0, 1, u16::MAX]);
        check!(Int32, i32, [i32::MIN, -1, 0, i32::MAX]);
        check!(UInt32, u32, [0, 1, u32::MAX]);
        check!(Int64, i64, [i64::MIN, -1, 0, i64::MAX]);
        check!(UInt64, u64, [0, 1, u64::MAX]);
        check!(Single, f32, [0.1, -1.5e-40, f32::INFINITY]);
        check!(Double, f64, [0.1, -1.5e-310, f64::NEG_INFINITY]);
    }

    #[test]
    fn blocks_join_without_a_seam() {
        let values: Vec<f64> = (0..2 * BLOCK + 17).map(|v| v as f64).collect();
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(read_bytes(&bytes, Storage::Double, Endian::Little), values);
    }
}
