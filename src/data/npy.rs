//! Arrays as NumPy writes them: a header, which is a Python dictionary, and the numbers.

use super::arrays::Values;
use super::regular::{MAX_ACTIVITY, MAX_VALUES};
use ndarray::{ArrayD, IxDyn, ShapeBuilder};
use std::io::Read;

const MAGIC: [u8; 6] = *b"\x93NUMPY";

/// The longest header that is read. Those of plain arrays take 128 bytes.
const MAX_HEADER: u64 = 1 << 16;

/// What is wrong with an array, and what to do where it is a plain thing of its own.
#[derive(Debug)]
pub(super) struct Flaw {
    pub(super) found: String,
    pub(super) remedy: &'static str,
}

impl From<String> for Flaw {
    fn from(found: String) -> Self {
        Self { found, remedy: "" }
    }
}

impl From<&str> for Flaw {
    fn from(found: &str) -> Self {
        found.to_string().into()
    }
}

/// Reads an array of real numbers or booleans, to the end of `from`. An error says what was found instead.
pub(super) fn read(from: impl Read) -> Result<ArrayD<f64>, Flaw> {
    read_as(from, MAX_VALUES, |v| v)
}

/// As [`read`], in single precision, of at most [`MAX_ACTIVITY`] values.
pub(super) fn read_single(from: impl Read) -> Result<ArrayD<f32>, Flaw> {
    read_as(from, MAX_ACTIVITY, |v| v as f32)
}

/// The most texts of one array that are read: 4.2 million, one for each frame of a long recording.
const MAX_TEXTS: u64 = 1 << 22;

/// Bytes that are decoded at a time; a multiple of the size of every number.
const BLOCK: usize = 1 << 16;

/// Memory grows with what has really been read, of one number type only.
fn read_as<T>(mut from: impl Read, most: u64, convert: impl Fn(f64) -> T) -> Result<ArrayD<T>, Flaw> {
    let header = Header::parse(&header_text(&mut from)?)?;
    let Kind::Number(value_size, decode) = header.kind else { return Err(unknown_type(&header.descr)) };
    let count = header.count(most)?;
    let is_bool = header.descr.ends_with("b1");
    let mut values = Vec::new();
    for_blocks(from, count, value_size, |block| {
        if let Some(byte) = block.iter().find(|b| is_bool && **b > 1) {
            return Err(format!("the byte {byte} for a boolean").into());
        }
        values.extend(block.chunks_exact(value_size).map(|value| convert(decode(value, header.big_endian))));
        Ok(())
    })?;
    Ok(ArrayD::from_shape_vec(IxDyn(&header.shape).set_f(header.fortran), values).map_err(|e| e.to_string())?)
}

/// Reads texts of fixed width (`<U`, `|S`) in the order of the file, or the UTF-8 bytes of one text as `uint8`; numbers are
/// written out.
pub(super) fn read_texts(mut from: impl Read) -> Result<Vec<String>, Flaw> {
    let header = Header::parse(&header_text(&mut from)?)?;
    let count = header.count(MAX_TEXTS)?;
    let mut texts = Vec::new();
    let size = match header.kind {
        Kind::Number(size, _) => size,
        Kind::Wide(width) => width.checked_mul(4).ok_or("texts of too many letters")?,
        Kind::Bytes(width) => width,
        Kind::Other => return Err(unknown_type(&header.descr)),
    };
    if count.checked_mul(size as u64).is_none_or(|bytes| bytes > 8 * MAX_VALUES) {
        return Err(format!("{count} texts of {size} bytes").into());
    }
    for_blocks(from, count, size, |block| {
        let text = |bytes: &[u8]| match header.kind {
            Kind::Number(_, decode) => decode(bytes, header.big_endian).to_string(),
            Kind::Wide(_) => wide(bytes, header.big_endian),
            Kind::Bytes(_) | Kind::Other => String::from_utf8_lossy(bytes).trim_end_matches('\0').to_string(),
        };
        match size {
            0 => {}
            size => texts.extend(block.chunks_exact(size).map(text)),
        }
        Ok(())
    })?;
    texts.resize(count as usize, String::new());
    Ok(texts)
}

/// A text in UTF-32.
fn wide(bytes: &[u8], big_endian: bool) -> String {
    let letters = bytes.as_chunks::<4>().0.iter();
    let code = |b: &[u8; 4]| if big_endian { u32::from_be_bytes(*b) } else { u32::from_le_bytes(*b) };
    let text: String = letters.map(|b| char::from_u32(code(b)).unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    text.trim_end_matches('\0').to_string()
}

/// Shows `count` values of `size` bytes to `take`, a whole number of them at a time; `from` must end with them.
fn for_blocks(
    mut from: impl Read,
    count: u64,
    size: usize,
    mut take: impl FnMut(&[u8]) -> Result<(), Flaw>,
) -> Result<(), Flaw> {
    let mut left = count * size as u64;
    let mut found = 0;
    let most = (BLOCK / size.max(1)).max(1) * size;
    let mut bytes = Vec::new();
    while left > 0 {
        bytes.clear();
        let wanted = left.min(most as u64);
        let read = from.by_ref().take(wanted).read_to_end(&mut bytes).map_err(|e| e.to_string())? as u64;
        found += read;
        if read < wanted {
            return Err(format!("{found} bytes for {count} values").into());
        }
        take(&bytes)?;
        left -= read;
    }
    match from.read(&mut [0]).map_err(|e| e.to_string())? {
        0 => Ok(()),
        _ => Err("bytes after the last value".into()),
    }
}

/// The dictionary before the numbers.
fn header_text(from: &mut impl Read) -> Result<String, String> {
    let mut bytes = |count: u64| {
        let mut bytes = Vec::new();
        match from.by_ref().take(count).read_to_end(&mut bytes) {
            Ok(read) if read as u64 == count => Ok(bytes),
            Ok(_) => Err("an array that ends in its header".to_string()),
            Err(error) => Err(error.to_string()),
        }
    };
    let start = bytes(8)?;
    if start[..6] != MAGIC {
        return Err("no NumPy array".into());
    }
    let length = match start[6] {
        1 => bytes(2)?,
        2 | 3 => bytes(4)?,
        version => return Err(format!("version {version} of the format")),
    };
    let length = length.iter().rev().fold(0, |length, byte| length << 8 | u64::from(*byte));
    if length > MAX_HEADER {
        return Err(format!("a header of {length} bytes"));
    }
    // Of plain arrays it is ASCII. Python 2 wrote names of fields in Latin-1, and no array with fields is read.
    Ok(String::from_utf8_lossy(&bytes(length)?).into_owned())
}

/// Bytes of a number, and how they are decoded, big-endian or not.
type Number = (usize, fn(&[u8], bool) -> f64);

/// The number type of that name.
fn number(name: &str) -> Option<Number> {
    macro_rules! of {
        ($type:ty) => {{
            fn decode(bytes: &[u8], big_endian: bool) -> f64 {
                let bytes = bytes.try_into().unwrap_or_default();
                (if big_endian { <$type>::from_be_bytes(bytes) } else { <$type>::from_le_bytes(bytes) }) as f64
            }
            Some((size_of::<$type>(), decode as fn(&[u8], bool) -> f64))
        }};
    }
    fn half(bytes: &[u8], big_endian: bool) -> f64 {
        let bytes = bytes.try_into().unwrap_or_default();
        (if big_endian { half::f16::from_be_bytes(bytes) } else { half::f16::from_le_bytes(bytes) }).into()
    }
    match name {
        "f2" => Some((2, half)),
        "f8" => of!(f64),
        "f4" => of!(f32),
        "i8" => of!(i64),
        "i4" => of!(i32),
        "i2" => of!(i16),
        "i1" => of!(i8),
        "u8" => of!(u64),
        "u4" => of!(u32),
        "u2" => of!(u16),
        "u1" | "b1" => of!(u8),
        _ => None,
    }
}

/// An array of another type, `descr` as the header has it.
fn unknown_type(descr: &str) -> Flaw {
    let (what, remedy) = match descr.trim_start_matches(['<', '>', '|', '=']).bytes().next() {
        Some(b'O') => (", Python objects", "Save a numeric array: array.astype(\"float64\")."),
        Some(b'c') => (", complex numbers", "Save the real part: array.real."),
        Some(b'U' | b'S') => (", text", "Save a numeric array: array.astype(\"float64\")."),
        Some(b'[') => (", fields", "Save each field as an array of its own."),
        _ => ("", "Save it in double precision: array.astype(\"float64\")."),
    };
    Flaw { found: format!("the type {descr}{what}"), remedy }
}

/// What the values of an array are.
#[derive(Clone, Copy)]
enum Kind {
    Number(usize, fn(&[u8], bool) -> f64),
    /// Texts of so many letters of four bytes.
    Wide(usize),
    /// Texts of so many bytes.
    Bytes(usize),
    Other,
}

impl Kind {
    /// The kind of that name.
    fn of(name: &str) -> Self {
        let width = |start: char| name.strip_prefix(start).and_then(|w| w.parse().ok());
        match (number(name), width('U'), width('S')) {
            (Some((size, decode)), ..) => Self::Number(size, decode),
            (_, Some(width), _) => Self::Wide(width),
            (.., Some(width)) => Self::Bytes(width),
            _ => Self::Other,
        }
    }
}

/// What a header says of the values.
struct Header {
    descr: String,
    kind: Kind,
    big_endian: bool,
    /// Whether the first axis is the fastest.
    fortran: bool,
    shape: Vec<usize>,
}

impl Header {
    fn parse(text: &str) -> Result<Self, Flaw> {
        let damaged = || format!("the header {}", text.trim());
        let value = |key: &str| {
            let after = ['\'', '"'].iter().find_map(|q| text.split_once(&format!("{q}{key}{q}")));
            after.and_then(|(_, rest)| rest.trim_start().strip_prefix(':')).map(str::trim_start).ok_or_else(damaged)
        };
        let descr = value("descr")?;
        let quote = descr.chars().next().filter(|q| "'\"".contains(*q));
        let descr = quote.and_then(|q| descr[1..].split(q).next()).ok_or_else(|| unknown_type(descr))?;
        let kind = Kind::of(descr.trim_start_matches(['<', '>', '|', '=']));
        if matches!(kind, Kind::Other) {
            return Err(unknown_type(descr));
        }
        let order = value("fortran_order")?;
        let fortran = order.starts_with("True");
        let shape = value("shape")?.strip_prefix('(').and_then(|s| s.split_once(')')).ok_or_else(damaged)?.0;
        let sizes = shape.split(',').map(str::trim).filter(|size| !size.is_empty());
        // Python 2 writes `3L`.
        let size = |size: &str| size.strip_suffix('L').unwrap_or(size).parse().map_err(|_| damaged());
        let shape = sizes.map(size).collect::<Result<_, _>>()?;
        if !fortran && !order.starts_with("False") {
            return Err(damaged().into());
        }
        Ok(Self { descr: descr.into(), kind, big_endian: descr.starts_with('>'), fortran, shape })
    }

    /// The number of values, at most `most`.
    fn count(&self, most: u64) -> Result<u64, Flaw> {
        let count = self.shape.iter().try_fold(1_u64, |product, d| product.checked_mul(*d as u64));
        count.filter(|c| *c <= most).ok_or_else(|| Flaw {
            found: format!("more than {most} values"),
            remedy: "If the file is not damaged, save a part of them in each of several files.",
        })
    }
}

/// `values` as NumPy would write them.
pub(super) fn bytes(values: &Values) -> Vec<u8> {
    let (descr, shape, numbers): (_, _, Vec<u8>) = match values {
        Values::F64(a) => ("<f8", a.shape(), a.iter().flat_map(|v| v.to_le_bytes()).collect()),
        Values::F32(a) => ("<f4", a.shape(), a.iter().flat_map(|v| v.to_le_bytes()).collect()),
        Values::U8(a) => ("|u1", a.shape(), a.iter().copied().collect()),
        Values::Bool(a) => ("|b1", a.shape(), a.iter().map(|v| u8::from(*v)).collect()),
        Values::Text(text) => ("|u1", &[text.len()][..], text.as_bytes().to_vec()),
        Values::Texts(texts) => {
            // NumPy has no texts of no letters.
            let width = texts.iter().map(|t| t.chars().count()).max().unwrap_or(0).max(1);
            let padded =
                |t: &String| t.chars().map(u32::from).chain(std::iter::repeat(0)).take(width).collect::<Vec<_>>();
            let letters = texts.iter().flat_map(padded).flat_map(u32::to_le_bytes).collect();
            (&*format!("<U{width}"), &[texts.len()][..], letters)
        }
    };
    let shape: Vec<String> = shape.iter().map(|d| format!("{d},")).collect();
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({}), }}", shape.join(" "));
    // Magic, version and length take ten bytes; the numbers begin at a multiple of 64.
    let length = (10 + header.len() + 1).next_multiple_of(64) - 10;
    let mut bytes = MAGIC.to_vec();
    bytes.extend([1, 0]);
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(format!("{header:<width$}\n", width = length - 1).bytes());
    bytes.extend(numbers);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn npy(version: u8, header: &str, numbers: &[u8]) -> Vec<u8> {
        let mut bytes = [&MAGIC[..], &[version, 0]].concat();
        match version {
            1 => bytes.extend((header.len() as u16).to_le_bytes()),
            _ => bytes.extend((header.len() as u32).to_le_bytes()),
        }
        [&bytes, header.as_bytes(), numbers].concat()
    }

    #[test]
    fn every_version_order_and_type_is_read() {
        let header = "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 2), }  \n";
        for version in [1, 2, 3] {
            let array = read(&npy(version, header, &[0, 1, 0, 2, 255, 255, 1, 0])[..]).unwrap();
            assert_eq!(array, ndarray::array![[1.0, -1.0], [2.0, 256.0]].into_dyn());
        }
        let scalar = read(&npy(1, "{\"shape\":(),\"fortran_order\":False,\"descr\":\"|b1\"}", &[1])[..]).unwrap();
        assert_eq!((scalar.ndim(), scalar.sum()), (0, 1.0));
        let empty = read(&npy(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 0), }", &[])[..]).unwrap();
        assert_eq!(empty.shape(), [3, 0]);
        // Half precision; Python 2; blanks.
        for header in [
            "{'descr': '<f2', 'fortran_order': False, 'shape': (1L, 2L), }",
            "{ \"descr\" : '<f2','fortran_order' : False , 'shape' :( 1 ,2 )}",
        ] {
            let half = read(&npy(1, header, &[0, 0x38, 0, 0xc0])[..]).unwrap();
            assert_eq!(half, ndarray::array![[0.5, -2.0]].into_dyn());
        }
        let big = read(&npy(1, "{'descr': '>f2', 'fortran_order': False, 'shape': (1,)}", &[0x3c, 1])[..]).unwrap();
        assert_eq!(big[[0]], 1.0 + 1.0 / 1024.0);
    }

    #[test]
    fn arrays_of_other_types_are_told_apart_by_what_to_do() {
        for (descr, found, remedy) in [
            ("'|O'", "Python objects", "astype"),
            ("'>c8'", "complex", "array.real"),
            ("'<U7'", "text", "astype"),
            ("'<f16'", "the type <f16", "double precision"),
            ("'<M8[ns]'", "the type <M8[ns]", "double precision"),
            ("[('a', '<f8')]", "fields", "Save each field"),
        ] {
            let header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}");
            let flaw = read(&npy(1, &header, &[0; 16])[..]).unwrap_err();
            assert!(flaw.found.contains(found) && flaw.remedy.contains(remedy), "{flaw:?}");
        }
    }

    #[test]
    fn what_is_no_array_of_numbers_is_refused_in_words() {
        let of = |descr: &str, shape: &str, numbers: &[u8]| {
            let header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n");
            read(&npy(1, &header, numbers)[..]).unwrap_err().found
        };
        for (error, named) in [
            (of("'<c16'", "(1,)", &[0; 16]), "the type <c16"),
            (of("[('a', '<f8')]", "(1,)", &[0; 8]), "the type [('a'"),
            (of("'|O'", "(1,)", &[0; 8]), "the type |O"),
            (of("'<f8'", "(-1,)", &[0; 8]), "'shape': (-1,)"),
            (of("'<f8'", "3", &[0; 24]), "'shape': 3"),
            (of("'<f8'", "(2,)", &[0; 8]), "8 bytes for 2 values"),
            (of("'<f8'", "(1,)", &[0; 9]), "after the last"),
            (of("'|b1'", "(1,)", &[7]), "the byte 7"),
            // A declared size reserves nothing.
            (of("'<f8'", "(100000000000, 1000)", &[]), "more than"),
            (of("'<f8'", "(18446744073709551615, 18446744073709551615, 0)", &[]), "more than"),
            (read(&npy(4, "{}", &[])[..]).unwrap_err().found, "version 4"),
            (read(&npy(1, "{}", &[])[..]).unwrap_err().found, "the header {}"),
            (read(&b"\x93NUMPY\x02\x00\xff\xff\xff\xff"[..]).unwrap_err().found, "a header of 4294967295 bytes"),
            (read(&b"PK\x03\x04 and more"[..]).unwrap_err().found, "no NumPy array"),
            (read(&b"\x93NUMP"[..]).unwrap_err().found, "ends in its header"),
        ] {
            assert!(error.contains(named), "{named}: {error}");
        }
    }
}
