//! What the groups of a file link to: objects, other paths, other files.

use super::bytes::{Bytes, Cursor};
use super::header::{Header, Storage};
use super::heap;

/// What a name in a group stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// The object at an address.
    Hard(u64),
    /// What another path of the file stands for.
    Soft(String),
    /// An object of another file.
    External { file: String },
}

/// A group has no more nodes of its tree than this, and no deeper ones.
const MOST_NODES: usize = 1 << 16;
const DEEPEST: u8 = 16;

/// The links of the group with this header; `None` if it is none, or damaged.
pub(super) fn links(bytes: &Bytes, header: &Header) -> Option<Vec<(String, Link)>> {
    match header.storage()? {
        Storage::Messages => header.link_messages().map(from_message).collect(),
        Storage::Tables { tree, heap } => from_tables(bytes, tree, heap),
        Storage::Heap { heap, tree } => {
            heap::messages(bytes, heap, tree)?.iter().map(|message| from_message(message)).collect()
        }
    }
}

/// The link in a message.
fn from_message(body: &[u8]) -> Option<(String, Link)> {
    let mut cursor = Cursor(body);
    let (_version, flags) = (cursor.number(1)?, cursor.number(1)?);
    let kind = if flags & 0x08 == 0 { 0 } else { cursor.number(1)? };
    cursor.take(if flags & 0x04 == 0 { 0 } else { 8 })?;
    cursor.take(if flags & 0x10 == 0 { 0 } else { 1 })?;
    let length = cursor.number(1 << (flags & 3))?;
    let name = String::from_utf8_lossy(cursor.take(usize::try_from(length).ok()?)?).into_owned();
    let link = match kind {
        0 => Link::Hard(cursor.number(8)?),
        1 => Link::Soft({
            let length = cursor.number(2)? as usize;
            String::from_utf8_lossy(cursor.take(length)?).into_owned()
        }),
        _ => {
            // A length and a byte of flags, then the file's name and the path in it.
            cursor.take(3)?;
            Link::External { file: cursor.text() }
        }
    };
    Some((name, link))
}

/// The links in the symbol tables under a tree.
fn from_tables(bytes: &Bytes, tree: u64, heap: u64) -> Option<Vec<(String, Link)>> {
    let names = names(bytes, heap)?;
    let (mut found, mut nodes) = (Vec::new(), vec![(tree, DEEPEST)]);
    let mut visited = 0;
    while let Some((address, deepest)) = nodes.pop() {
        visited += 1;
        if visited > MOST_NODES {
            return None;
        }
        let start = bytes.at(address, 8)?;
        if start.starts_with(b"SNOD") {
            table(bytes, address, &start, &names, &mut found)?;
        } else {
            let level = branch(bytes, address, &start, &mut nodes)?;
            if level >= deepest {
                return None;
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Some(found)
}

/// The text that holds the names of a group.
fn names(bytes: &Bytes, heap: u64) -> Option<Vec<u8>> {
    let start = bytes.at(heap, 32)?;
    let mut cursor = Cursor(&start);
    let signature = cursor.take(8)?;
    let (length, _free, address) = (cursor.number(8)?, cursor.number(8)?, cursor.number(8)?);
    if signature.starts_with(b"HEAP") { bytes.at(address, length) } else { None }
}

/// Adds the children of a node of the tree to `nodes`; returns its level, which is below that of its parent.
fn branch(bytes: &Bytes, address: u64, start: &[u8], nodes: &mut Vec<(u64, u8)>) -> Option<u8> {
    let mut cursor = Cursor(start);
    let (signature, kind, level, entries) =
        (cursor.take(4)?, cursor.number(1)?, cursor.number(1)? as u8, cursor.number(2)?);
    if signature != b"TREE" || kind != 0 {
        return None;
    }
    let body = bytes.at(address.checked_add(24)?, 16 * entries)?;
    let mut cursor = Cursor(&body);
    for _ in 0..entries {
        cursor.take(8)?;
        nodes.push((cursor.number(8)?, level));
    }
    Some(level)
}

/// Adds the links of a symbol table to `found`.
fn table(bytes: &Bytes, address: u64, start: &[u8], names: &[u8], found: &mut Vec<(String, Link)>) -> Option<()> {
    const ENTRY: u64 = 40;
    const SOFT: u64 = 2;
    let entries = Cursor(start.get(6..)?).number(2)?;
    let body = bytes.at(address.checked_add(8)?, ENTRY * entries)?;
    let text = |at: u64| Some(Cursor(names.get(usize::try_from(at).ok()?..)?).text());
    for entry in body.chunks_exact(ENTRY as usize) {
        let mut cursor = Cursor(entry);
        let (name, object, kind) = (cursor.number(8)?, cursor.number(8)?, cursor.number(4)?);
        cursor.take(4)?;
        let link = if kind == SOFT { Link::Soft(text(cursor.number(4)?)?) } else { Link::Hard(object) };
        found.push((text(name)?, link));
    }
    Some(())
}
