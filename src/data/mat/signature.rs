//! What kind of file this is, from its first bytes.

use super::element::Endian;
use super::fault::Fault;
use crate::data::foreign;
use std::io::{Read, Seek, SeekFrom};

/// Length of the header of a v5 file.
pub(super) const HEADER: u64 = 128;

const HDF5: [u8; 8] = *b"\x89HDF\r\n\x1a\n";
/// Where the HDF5 signature may stand; MATLAB puts it behind 512 bytes of its own.
const HDF5_OFFSETS: [u64; 4] = [0, 512, 1024, 2048];

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signature {
    /// MATLAB 5 to 7.2, in this byte order.
    V5(Endian),
    /// MATLAB 7.3: HDF5.
    V73,
    /// MATLAB 4.
    V4,
}

/// Recognises a file by its header.
pub(super) fn recognise(file: &mut (impl Read + Seek)) -> Result<Signature, Fault> {
    let io = |e: std::io::Error| Fault::new("a readable header", e.to_string());
    for offset in HDF5_OFFSETS {
        if bytes_at::<8>(file, offset).map_err(io)? == Some(HDF5) {
            return Ok(Signature::V73);
        }
    }
    let known = match bytes_at::<128>(file, 0).map_err(io)? {
        Some(header) => from_header(&header)?,
        None => bytes_at(file, 0).map_err(io)?.is_some_and(|b: [u8; 20]| is_v4(&b)).then_some(Signature::V4),
    };
    known.map_or_else(|| Err(another_kind(file).map_err(io)?), Ok)
}

fn another_kind(file: &mut (impl Read + Seek)) -> std::io::Result<Fault> {
    let mut start = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(foreign::START).read_to_end(&mut start)?;
    let (found, remedy) = foreign::name(&start);
    Ok(Fault::new("a MATLAB file or npz archive", found).remedy(remedy))
}

/// The kind of a file with this header, if it is MATLAB's.
fn from_header(header: &[u8; 128]) -> Result<Option<Signature>, Fault> {
    let (version, order) = ([header[124], header[125]], [header[126], header[127]]);
    let (endian, version) = match &order {
        b"IM" => (Endian::Little, u16::from_le_bytes(version)),
        b"MI" => (Endian::Big, u16::from_be_bytes(version)),
        _ => return Ok(header.first_chunk().is_some_and(is_v4).then_some(Signature::V4)),
    };
    match version {
        0x0100 => Ok(Some(Signature::V5(endian))),
        0x0200 => Ok(Some(Signature::V73)),
        _ => Err(Fault::new("MATLAB file version 0x0100", format!("{version:#06x}"))),
    }
}

/// Whether a file starts as those of MATLAB 4 do: five integers, the first of which encodes machine, precision and
/// matrix type in decimal digits.
fn is_v4(start: &[u8; 20]) -> bool {
    [Endian::Little, Endian::Big].into_iter().any(|endian| {
        let mut words = start.as_chunks::<4>().0.iter().map(|b| endian.u32(*b));
        let mut next = || words.next().unwrap_or(u32::MAX);
        let (kind, rows, columns, imaginary, name) = (next(), next(), next(), next(), next());
        let digits = [kind / 1000, kind / 100 % 10, kind / 10 % 10, kind % 10];
        digits[0] <= 4
            && digits[1] == 0
            && digits[2] <= 5
            && digits[3] <= 2
            && rows < 1 << 31
            && columns < 1 << 31
            && imaginary <= 1
            && (2..=256).contains(&name)
    })
}

fn bytes_at<const N: usize>(file: &mut (impl Read + Seek), offset: u64) -> std::io::Result<Option<[u8; N]>> {
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = [0; N];
    match file.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(bytes)),
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
        Err(e) => Err(e),
    }
}
