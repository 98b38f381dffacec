//! The first elements of a variable: its class, dimensions and name, and where its values start.

use super::class::{Class, OPAQUE, Storage};
use super::element::{Endian, Source, UTF8};
use super::fault::Fault;
use std::io::Read;

/// Longest name and highest number of dimensions that are taken seriously (MATLAB's own names have at most 63 letters).
const MAX_NAME: u64 = 1024;
const MAX_DIMENSIONS: u64 = 64;

const INT8: u32 = 1;
const UINT8: u32 = 2;
const INT32: u32 = 5;
const UINT32: u32 = 6;

const LOGICAL_FLAG: u32 = 0x0200;
const COMPLEX_FLAG: u32 = 0x0800;

/// What the elements before a variable's values say about it.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) name: String,
    pub(super) class: Class,
    pub(super) complex: bool,
    pub(super) dims: Vec<usize>,
    /// The real values that follow, for numeric classes; their size agrees with the dimensions.
    pub(super) values: Option<Values>,
}

/// A block of numbers: as many bytes as `count` values of `storage` take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Values {
    pub(super) storage: Storage,
    pub(super) count: u64,
}

impl Header {
    /// Reads the elements before the values of a variable, leaving `source` at the first value.
    pub(super) fn read<R: Read>(source: &mut Source<R>) -> Result<Self, Fault> {
        let (id, flags) = array_flags(source)?;
        let class = Class::from_id(id).ok_or_else(|| Fault::new("the number of an array class", format!("{id}")))?;
        // Opaque objects have no dimensions: their name comes first.
        let dims = if id == OPAQUE { vec![1, 1] } else { dimensions(source)? };
        let name = name(source)?;
        let logical = flags & LOGICAL_FLAG != 0 && class.is_numeric();
        let values = if class.is_numeric() {
            Some(values(source, class, &dims).map_err(|f| f.at(|| name.clone()))?)
        } else {
            None
        };
        Ok(Self {
            name,
            class: if logical { Class::Logical } else { class },
            complex: flags & COMPLEX_FLAG != 0,
            dims,
            values,
        })
    }
}

fn array_flags<R: Read>(source: &mut Source<R>) -> Result<(u8, u32), Fault> {
    let tag = source.tag()?;
    let bytes = source.payload(tag, "array flags", 8)?;
    if tag.kind != UINT32 || bytes.len() != 8 {
        return Err(Fault::new("array flags", format!("{} bytes of type {}", tag.size, tag.kind)));
    }
    let flags = words(&bytes, source.endian()).next().unwrap_or(0);
    Ok((flags as u8, flags))
}

fn dimensions<R: Read>(source: &mut Source<R>) -> Result<Vec<usize>, Fault> {
    let tag = source.tag()?;
    let bytes = source.payload(tag, "dimensions", 4 * MAX_DIMENSIONS)?;
    // Unsigned ones are against the rules, but exist.
    if ![INT32, UINT32].contains(&tag.kind) || bytes.len() < 8 || bytes.len() % 4 != 0 {
        return Err(Fault::new("at least two 32-bit dimensions", format!("{} bytes of type {}", tag.size, tag.kind)));
    }
    words(&bytes, source.endian())
        .map(u32::cast_signed)
        .map(|d| usize::try_from(d).map_err(|_| Fault::new("dimensions of 0 or more", d.to_string())))
        .collect()
}

fn name<R: Read>(source: &mut Source<R>) -> Result<String, Fault> {
    let tag = source.tag()?;
    let bytes = source.payload(tag, "a name", MAX_NAME)?;
    let text = String::from_utf8(bytes).ok().filter(|s| !s.chars().any(char::is_control));
    match text {
        Some(_) if ![INT8, UINT8, UTF8].contains(&tag.kind) => {
            Err(Fault::new("a variable's name", format!("an element of type {}", tag.kind)))
        }
        // What MATLAB appends to hold the insides of objects and function handles.
        Some(name) if name.is_empty() => Ok("__function_workspace__".into()),
        Some(name) => Ok(name),
        None => Err(Fault::new("a variable's name", "bytes that are not text")),
    }
}

/// Checks the header of the real values against class and dimensions.
fn values<R: Read>(source: &mut Source<R>, class: Class, dims: &[usize]) -> Result<Values, Fault> {
    let shape = || dims.iter().map(ToString::to_string).collect::<Vec<_>>().join("×");
    let count = dims
        .iter()
        .try_fold(1_u64, |product, d| product.checked_mul(*d as u64))
        .ok_or_else(|| Fault::new("dimensions whose product is a number of values", shape()))?;
    let tag = source.tag()?;
    let storage = Storage::from_id(tag.kind)
        .filter(|s| class.may_be_stored_as(*s))
        .ok_or_else(|| Fault::new(format!("values of class {class}"), format!("an element of type {}", tag.kind)))?;
    if count.checked_mul(storage.size()) != Some(tag.size) {
        return Err(Fault::new(
            format!("{count} values for the dimensions {}", shape()),
            format!("{} bytes for values of {} bytes each", tag.size, storage.size()),
        ));
    }
    Ok(Values { storage, count })
}

fn words(bytes: &[u8], endian: Endian) -> impl Iterator<Item = u32> {
    bytes.as_chunks::<4>().0.iter().map(move |b| endian.u32(*b))
}
