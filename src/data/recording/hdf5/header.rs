//! What describes an object of the file: the messages of its header.

use super::bytes::{Bytes, Cursor, UNDEFINED};

/// More messages than this has no object, and no more blocks of them.
const MOST_MESSAGES: usize = 1 << 16;
const MOST_BLOCKS: usize = 1 << 10;

const LINK_INFO: u16 = 0x02;
const LAYOUT: u16 = 0x08;
const LINK: u16 = 0x06;
const ATTRIBUTE: u16 = 0x0c;
const CONTINUATION: u16 = 0x10;
const SYMBOL_TABLE: u16 = 0x11;

/// The messages of an object, by their kinds.
pub(super) struct Header(Vec<(u16, Vec<u8>)>);

/// Where a group keeps its links.
pub(super) enum Storage {
    /// In symbol tables: the addresses of their tree and of the names.
    Tables { tree: u64, heap: u64 },
    /// In messages of this header.
    Messages,
    /// In a heap, listed by a tree.
    Heap { heap: u64, tree: u64 },
}

impl Header {
    /// The header at `address`; `None` if there is none that can be followed.
    pub(super) fn read(bytes: &Bytes, address: u64) -> Option<Self> {
        let start = bytes.at(address, 16)?;
        let (begin, length, shape) =
            if start.starts_with(b"OHDR") { second(bytes, address)? } else { first(&start, address)? };
        let mut header = Self(Vec::new());
        let mut blocks = vec![(begin, length)];
        let mut next = 0;
        while let Some((begin, length)) = blocks.get(next).copied() {
            next += 1;
            let block = bytes.at(begin, length)?;
            shape.messages(&block, &mut header.0, &mut blocks)?;
            if header.0.len() > MOST_MESSAGES || blocks.len() > MOST_BLOCKS {
                return None;
            }
        }
        Some(header)
    }

    fn all(&self, kind: u16) -> impl Iterator<Item = &[u8]> {
        self.0.iter().filter(move |(k, _)| *k == kind).map(|(_, body)| body.as_slice())
    }

    pub(super) fn is_dataset(&self) -> bool {
        self.all(LAYOUT).next().is_some()
    }

    pub(super) fn link_messages(&self) -> impl Iterator<Item = &[u8]> {
        self.all(LINK)
    }

    /// Where its links are; `None` if it is no group.
    pub(super) fn storage(&self) -> Option<Storage> {
        if let Some(table) = self.all(SYMBOL_TABLE).next() {
            let mut cursor = Cursor(table);
            return Some(Storage::Tables { tree: cursor.number(8)?, heap: cursor.number(8)? });
        }
        if let Some(info) = self.all(LINK_INFO).next() {
            let mut cursor = Cursor(info);
            let (_version, flags) = (cursor.number(1)?, cursor.number(1)?);
            cursor.take(if flags & 1 == 1 { 8 } else { 0 })?;
            let (heap, tree) = (cursor.number(8)?, cursor.number(8)?);
            return Some(if heap == UNDEFINED { Storage::Messages } else { Storage::Heap { heap, tree } });
        }
        self.all(LINK).next().map(|_| Storage::Messages)
    }

    /// The address that the attribute `name` refers to, if it is a reference to one object.
    pub(super) fn reference(&self, name: &str) -> Option<u64> {
        self.all(ATTRIBUTE).find_map(|body| reference(body, name))
    }
}

/// How the messages of a block are laid out.
struct Shape {
    second: bool,
    ordered: bool,
}

/// The first block of a header of version 1.
fn first(start: &[u8], address: u64) -> Option<(u64, u64, Shape)> {
    let mut cursor = Cursor(start);
    let version = cursor.number(1)?;
    cursor.take(7)?;
    let length = cursor.number(4)?;
    (version == 1).then_some((address.checked_add(16)?, length, Shape { second: false, ordered: false }))
}

/// The first block of a header of version 2.
fn second(bytes: &Bytes, address: u64) -> Option<(u64, u64, Shape)> {
    let flags = bytes.at(address.checked_add(5)?, 1)?[0];
    let mut skipped = 6;
    skipped += if flags & 0x20 == 0 { 0 } else { 16 };
    skipped += if flags & 0x10 == 0 { 0 } else { 4 };
    let width = 1_u64 << (flags & 3);
    let place = address.checked_add(skipped)?;
    let length = Cursor(&bytes.at(place, width)?).number(width as usize)?;
    Some((place.checked_add(width)?, length, Shape { second: true, ordered: flags & 4 != 0 }))
}

impl Shape {
    /// Adds the messages of a block to `found`, and the blocks in which they go on to `blocks`.
    fn messages(&self, block: &[u8], found: &mut Vec<(u16, Vec<u8>)>, blocks: &mut Vec<(u64, u64)>) -> Option<()> {
        let head = if !self.second {
            8
        } else if self.ordered {
            6
        } else {
            4
        };
        let mut cursor = Cursor(block);
        while cursor.0.len() >= head {
            let kind = cursor.number(if self.second { 1 } else { 2 })? as u16;
            let length = cursor.number(2)? as usize;
            cursor.take(head - if self.second { 3 } else { 4 })?;
            let Some(body) = cursor.take(length) else {
                // What is left of a block of version 2 may be a gap that no message fits into.
                return self.second.then_some(());
            };
            if kind == CONTINUATION {
                blocks.push(self.continuation(body)?);
            } else if kind != 0 {
                found.push((kind, body.to_vec()));
            }
        }
        Some(())
    }

    /// The block that a message of continuation names, without its signature and checksum.
    fn continuation(&self, body: &[u8]) -> Option<(u64, u64)> {
        let mut cursor = Cursor(body);
        let (address, length) = (cursor.number(8)?, cursor.number(8)?);
        if self.second { Some((address.checked_add(4)?, length.checked_sub(8)?)) } else { Some((address, length)) }
    }
}

/// The address in an attribute message called `name`, if that is a scalar reference to an object.
fn reference(body: &[u8], name: &str) -> Option<u64> {
    const REFERENCE: u8 = 7;
    let mut cursor = Cursor(body);
    let version = cursor.number(1)?;
    cursor.take(1)?;
    let mut length = || Some(cursor.number(2)? as usize);
    let lengths = [length()?, length()?, length()?];
    cursor.take(usize::from(version == 3))?;
    let mut part = |k: usize| cursor.take(if version == 1 { lengths[k].next_multiple_of(8) } else { lengths[k] });
    let (found, datatype, _dataspace) = (part(0)?, part(1)?, part(2)?);
    let is_reference = datatype.first().is_some_and(|b| b & 0x0f == REFERENCE) && datatype.get(1)? & 0x0f == 0;
    if Cursor(found).text() != name || !is_reference {
        return None;
    }
    cursor.number(8)
}
