//! The walk through a v5 file, element by element, and the reading of single variables.

use super::class::Storage;
use super::element::{COMPRESSED, Endian, MATRIX, Source, UTF8};
use super::fault::Fault;
use super::header::Header;
use super::signature::HEADER;
use super::values;
use super::variable::Variable;
use flate2::bufread::ZlibDecoder;
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

/// Where a variable lies in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    offset: u64,
    size: u64,
    compressed: bool,
    endian: Endian,
}

/// Lists the variables of a file of `length` bytes. Of each, only as much is read (and inflated) as stands before
/// its values. Of several of one name, as `save -append` of Octave leaves them, the last counts, as in MATLAB and SciPy.
pub(super) fn walk(file: &File, length: u64, endian: Endian) -> Result<Vec<(Variable, Place)>, Fault> {
    let mut found: Vec<(Variable, Place)> = Vec::new();
    let mut offset = HEADER;
    while offset < length {
        let here = || format!("variable {} (byte {offset})", found.len() + 1);
        let place = top_level(file, offset, length, endian).map_err(|f| f.at(here))?;
        let header = place.open(file).and_then(|mut s| Header::read(&mut s)).map_err(|f| f.at(here))?;
        offset = place.offset + place.size;
        let variable = Variable { name: header.name, class: header.class, dims: header.dims, complex: header.complex };
        found.push((variable, place));
    }
    let mut names = HashSet::new();
    let is_last: Vec<bool> = found.iter().rev().map(|(v, _)| names.insert(v.name.clone())).collect();
    let mut is_last = is_last.into_iter().rev();
    found.retain(|_| is_last.next() == Some(true));
    Ok(found)
}

fn top_level(mut file: &File, offset: u64, length: u64, endian: Endian) -> Result<Place, Fault> {
    file.seek(SeekFrom::Start(offset)).map_err(|e| Fault::new("readable data", e.to_string()))?;
    let tag = Source::new(file, length - offset, endian).tag()?;
    match tag.kind {
        MATRIX | COMPRESSED => {
            Ok(Place { offset: offset + 8, size: tag.size, compressed: tag.kind == COMPRESSED, endian })
        }
        other => Err(Fault::new("a variable", format!("an element of type {other}"))),
    }
}

impl Place {
    /// The inside of the variable, inflated where it is compressed.
    fn open<'a>(&self, mut file: &'a File) -> Result<Source<Box<dyn Read + 'a>>, Fault> {
        file.seek(SeekFrom::Start(self.offset)).map_err(|e| Fault::new("readable data", e.to_string()))?;
        let raw = BufReader::new(file).take(self.size);
        if !self.compressed {
            return Ok(Source::new(Box::new(raw), self.size, self.endian));
        }
        let mut inflated: Box<dyn Read> = Box::new(ZlibDecoder::new(raw));
        // The tag inside may declare any size: it is held against the dimensions, and nothing is reserved for it.
        let tag = Source::new(&mut inflated, u64::MAX, self.endian).tag()?;
        if tag.kind != MATRIX {
            return Err(Fault::new("a variable", format!("an element of type {}", tag.kind)));
        }
        Ok(Source::new(inflated, tag.size, self.endian))
    }

    /// The values of a real numeric variable of at most `limit` values, in file order.
    pub(super) fn read<T>(&self, file: &File, limit: u64, convert: fn(f64) -> T) -> Result<Vec<T>, Fault> {
        let mut source = self.open(file)?;
        let header = Header::read(&mut source)?;
        let values = header.values.ok_or_else(|| Fault::new("numbers", header.class.to_string()))?;
        if values.count > limit {
            return Err(Fault::new(format!("at most {limit} values"), format!("{}", values.count)));
        }
        let numbers = values::read(&mut source, values, convert)?;
        source.finish()?;
        Ok(numbers)
    }
    /// The letters of a matrix of `char` of at most `limit` letters, in file order.
    pub(super) fn read_letters(&self, file: &File, limit: u64) -> Result<Vec<char>, Fault> {
        let mut source = self.open(file)?;
        Header::read(&mut source)?;
        let tag = source.tag()?;
        let bytes = source.payload(tag, "text", 4 * limit)?;
        source.finish()?;
        letters(tag.kind, &bytes, self.endian)
            .ok_or_else(|| Fault::new("text", format!("{} bytes of type {}", tag.size, tag.kind)))
    }
}

/// Letters that are stored as elements of that type.
fn letters(kind: u32, bytes: &[u8], endian: Endian) -> Option<Vec<char>> {
    const UTF16: u32 = 17;
    const UTF32: u32 = 18;
    let known = |code: u32| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    match Storage::from_id(kind) {
        Some(Storage::Int8 | Storage::UInt8) => Some(bytes.iter().map(|b| char::from(*b)).collect()),
        // Letters beyond 16 bits take two places in MATLAB, too; a half of one is unknown.
        Some(Storage::UInt16) => Some(shorts(bytes, endian).map(|code| known(code.into())).collect()),
        _ if kind == UTF8 => Some(String::from_utf8_lossy(bytes).chars().collect()),
        _ if kind == UTF16 => Some(shorts(bytes, endian).map(|code| known(code.into())).collect()),
        _ if kind == UTF32 => Some(bytes.as_chunks::<4>().0.iter().map(|b| known(endian.u32(*b))).collect()),
        _ => None,
    }
}

fn shorts(bytes: &[u8], endian: Endian) -> impl Iterator<Item = u16> {
    bytes.as_chunks::<2>().0.iter().map(move |b| match endian {
        Endian::Little => u16::from_le_bytes(*b),
        Endian::Big => u16::from_be_bytes(*b),
    })
}
