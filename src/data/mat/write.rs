//! Writing MAT v5 files.

use super::class::Storage;
use super::element::{COMPRESSED, Endian, MATRIX, UTF8};
use super::name::variable_names;
use super::signature::HEADER;
use crate::data::arrays::{NamedArray, Values};
use crate::data::atomic::write_atomically;
use crate::error::Result;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use ndarray::ArrayD;
use std::io::{self, Write};
use std::path::Path;

/// The text that says which variables were renamed.
const RENAMED: &str = "variable_names";

/// Writes `arrays` as a compressed MAT v5 file, whole or not at all. Vectors become columns; text becomes a row of `char`.
/// Arrays whose names MATLAB does not take are written under those of [`variable_names`], and a text `variable_names` has a
/// line for each of them, `name in the file = name of the array`.
///
/// The same arrays give the same bytes: the header holds no date.
///
/// # Errors
/// If an array is larger than the format's 4 GiB, or the file cannot be written.
pub fn write(path: &Path, arrays: &[NamedArray]) -> Result<()> {
    let given: Vec<&str> = std::iter::once(RENAMED).chain(arrays.iter().map(|a| a.name.as_str())).collect();
    let names = &variable_names(&given)[1..];
    let pairs = names.iter().zip(arrays).filter(|(name, array)| **name != array.name);
    let lines: Vec<String> = pairs.map(|(name, array)| format!("{name} = {}", array.name)).collect();
    let renamed = Values::Text(lines.join("\n"));
    let listing = (!lines.is_empty()).then_some((RENAMED, &renamed));
    write_atomically(path, |writer| {
        writer.write_all(&file_header(Endian::Little))?;
        for (name, values) in names.iter().map(String::as_str).zip(arrays.iter().map(|a| &a.values)).chain(listing) {
            let compressed = compress(&matrix(name, values)?)?;
            writer.write_all(&tag_bytes(COMPRESSED, size(compressed.len())?, u32::to_le_bytes))?;
            writer.write_all(&compressed)?;
        }
        Ok(())
    })
}

/// The header of a v5 file.
pub(super) fn file_header(endian: Endian) -> [u8; HEADER as usize] {
    let mut header = [b' '; HEADER as usize];
    let text = b"MATLAB 5.0 MAT-file, written by aon";
    header[..text.len()].copy_from_slice(text);
    // No subsystem data; the version; the byte order.
    header[116..124].fill(0);
    header[124..].copy_from_slice(match endian {
        Endian::Little => b"\x00\x01IM",
        Endian::Big => b"\x01\x00MI",
    });
    header
}

/// The tag of an element; `word` gives the bytes of an integer in the file's order.
pub(super) fn tag_bytes(kind: u32, size: u32, word: impl Fn(u32) -> [u8; 4]) -> [u8; 8] {
    let ([a, b, c, d], [e, f, g, h]) = (word(kind), word(size));
    [a, b, c, d, e, f, g, h]
}

fn compress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// A whole matrix element, uncompressed.
fn matrix(name: &str, values: &Values) -> io::Result<Vec<u8>> {
    let (class, dims, kind, data) = match values {
        Values::F64(a) => (6, dimensions(a), Storage::Double.id(), column_major(a, f64::to_le_bytes)),
        Values::F32(a) => (7, dimensions(a), Storage::Single.id(), column_major(a, f32::to_le_bytes)),
        Values::U8(a) => (9, dimensions(a), Storage::UInt8.id(), column_major(a, |v| [v])),
        Values::Bool(a) => (0x0209, dimensions(a), Storage::UInt8.id(), column_major(a, |v| [u8::from(v)])),
        // UTF-8, since SciPy misreads UTF-16; the dimensions count UTF-16 units, as MATLAB does.
        Values::Text(text) => (4, vec![1, text.encode_utf16().count()], UTF8, text.as_bytes().to_vec()),
        Values::Texts(texts) => {
            let (width, letters) = letters(texts);
            (4, vec![texts.len(), width], UTF8, letters.into_bytes())
        }
    };
    let dims: Vec<u8> = dims
        .into_iter()
        .map(|d| i32::try_from(d).map(i32::to_le_bytes).map_err(|_| too_large()))
        .collect::<io::Result<Vec<_>>>()?
        .concat();

    let mut elements = Vec::with_capacity(data.len() + 256);
    element(&mut elements, Storage::UInt32.id(), &[u32::to_le_bytes(class), [0; 4]].concat())?;
    element(&mut elements, Storage::Int32.id(), &dims)?;
    element(&mut elements, Storage::Int8.id(), name.as_bytes())?;
    element(&mut elements, kind, &data)?;

    let mut whole = tag_bytes(MATRIX, size(elements.len())?, u32::to_le_bytes).to_vec();
    whole.append(&mut elements);
    Ok(whole)
}

/// The letters of a matrix of `char` with a row for each text, column by column, and the number of columns.
fn letters(texts: &[String]) -> (usize, String) {
    let rows: Vec<Vec<char>> = texts.iter().map(|t| t.chars().collect()).collect();
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let column = |k: usize| rows.iter().map(move |row| row.get(k).copied().unwrap_or(' '));
    (width, (0..width).flat_map(column).collect())
}

/// Appends an element; payloads of up to four bytes take the short form that the format asks for.
fn element(out: &mut Vec<u8>, kind: u32, payload: &[u8]) -> io::Result<()> {
    if (1..=4).contains(&payload.len()) {
        out.extend_from_slice(&u32::to_le_bytes(kind | (payload.len() as u32) << 16));
    } else {
        out.extend_from_slice(&tag_bytes(kind, size(payload.len())?, u32::to_le_bytes));
    }
    out.extend_from_slice(payload);
    out.resize(out.len().next_multiple_of(8), 0);
    Ok(())
}

/// At least two dimensions, as every MATLAB array has.
fn dimensions<T>(array: &ArrayD<T>) -> Vec<usize> {
    let mut dims = array.shape().to_vec();
    dims.resize(dims.len().max(2), 1);
    dims
}

fn column_major<T: Copy, const SIZE: usize>(array: &ArrayD<T>, bytes: impl Fn(T) -> [u8; SIZE]) -> Vec<u8> {
    let mut out = Vec::with_capacity(array.len() * SIZE);
    for value in array.t() {
        out.extend_from_slice(&bytes(*value));
    }
    out
}

fn size(bytes: usize) -> io::Result<u32> {
    u32::try_from(bytes).map_err(|_| too_large())
}

fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "an array is larger than the 4 GiB that MAT v5 files can hold")
}
