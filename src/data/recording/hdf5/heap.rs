//! Links that a group keeps in a heap, listed by a tree: how groups of the newer formats keep more than eight.

use super::bytes::{Bytes, Cursor};

/// No tree is deeper, and no group has more nodes.
const DEEPEST: usize = 8;
const MOST_NODES: usize = 1 << 14;
/// Bytes of a node of the tree that are no records.
const NODE: u64 = 10;

/// The messages of all links that the tree at `tree` lists, and the heap at `heap` holds.
pub(super) fn messages(bytes: &Bytes, heap: u64, tree: u64) -> Option<Vec<Vec<u8>>> {
    let heap = Heap::read(bytes, heap)?;
    let records = Tree::read(bytes, tree)?.records(bytes)?;
    records.iter().map(|record| heap.object(bytes, record.get(4..)?)).collect()
}

/// A fractal heap of unpacked objects.
struct Heap {
    width: u64,
    /// Bytes of a block of the first row.
    first: u64,
    /// Rows of blocks that hold objects themselves.
    direct_rows: u64,
    /// Bytes of an offset in the heap, and of the length of an object.
    offset_bytes: usize,
    length_bytes: usize,
    root: u64,
    /// Rows of the root; 0 if it is a block of objects itself.
    rows: u64,
}

impl Heap {
    fn read(bytes: &Bytes, address: u64) -> Option<Self> {
        let header = bytes.at(address, 142)?;
        let mut cursor = Cursor(&header);
        let signature = cursor.take(5)?;
        let (_id, filters, _flags, largest) =
            (cursor.number(2)?, cursor.number(2)?, cursor.number(1)?, cursor.number(4)?);
        cursor.take(96)?;
        let (width, first, largest_block, bits) =
            (cursor.number(2)?, cursor.number(8)?, cursor.number(8)?, cursor.number(2)?);
        let (_start, root, rows) = (cursor.number(2)?, cursor.number(8)?, cursor.number(2)?);
        let is_sound = signature == b"FRHP\0" && filters == 0 && width > 0 && first.is_power_of_two() && bits <= 64;
        if !is_sound || !largest_block.is_power_of_two() || largest_block < first {
            return None;
        }
        Some(Self {
            width,
            first,
            direct_rows: u64::from(largest_block.ilog2() - first.ilog2()) + 2,
            offset_bytes: bits.div_ceil(8) as usize,
            length_bytes: width_of(largest.min(largest_block)),
            root,
            rows,
        })
    }

    /// The object that an identifier names.
    fn object(&self, bytes: &Bytes, id: &[u8]) -> Option<Vec<u8>> {
        let mut cursor = Cursor(id);
        // Version 0, and an object among the others, neither huge nor tiny.
        if cursor.number(1)? != 0 {
            return None;
        }
        let (offset, length) = (cursor.number(self.offset_bytes)?, cursor.number(self.length_bytes)?);
        let (block, start) = self.block(bytes, offset)?;
        bytes.at(block.checked_add(offset.checked_sub(start)?)?, length)
    }

    /// The block with the byte at `offset`, and the offset at which it starts.
    fn block(&self, bytes: &Bytes, offset: u64) -> Option<(u64, u64)> {
        if self.rows == 0 {
            return Some((self.root, 0));
        }
        let row_bytes = self.first.checked_mul(self.width)?;
        // Rows 0 and 1 have blocks of the first size, each further one blocks of twice the size.
        let row = if offset < row_bytes { 0 } else { u64::from((offset / row_bytes).ilog2()) + 1 };
        let (row_start, size) =
            if row == 0 { (0, self.first) } else { (row_bytes << (row - 1), self.first << (row - 1)) };
        if row >= self.rows.min(self.direct_rows) {
            return None;
        }
        let column = (offset - row_start) / size;
        let entry = 13 + self.offset_bytes as u64 + 8 * (row * self.width + column);
        let root = bytes.at(self.root, 4)?;
        let address = Cursor(&bytes.at(self.root.checked_add(entry)?, 8)?).number(8)?;
        (root == b"FHIB").then_some((address, row_start + column * size))
    }
}

/// A B-tree of version 2, of links by the hashes of their names.
struct Tree {
    node_bytes: u64,
    record_bytes: u64,
    depth: usize,
    root: u64,
    root_records: u64,
}

impl Tree {
    fn read(bytes: &Bytes, address: u64) -> Option<Self> {
        const BY_NAME: u64 = 5;
        let header = bytes.at(address, 34)?;
        let mut cursor = Cursor(&header);
        let (signature, kind) = (cursor.take(5)?, cursor.number(1)?);
        let (node_bytes, record_bytes, depth) = (cursor.number(4)?, cursor.number(2)?, cursor.number(2)? as usize);
        cursor.take(2)?;
        let (root, root_records) = (cursor.number(8)?, cursor.number(2)?);
        let is_sound =
            signature == b"BTHD\0" && kind == BY_NAME && record_bytes > 4 && node_bytes > NODE + record_bytes;
        (is_sound && depth <= DEEPEST).then_some(Self { node_bytes, record_bytes, depth, root, root_records })
    }

    /// Bytes of the numbers of records of a node in each depth above the leaves, and of all below it.
    fn widths(&self) -> Option<Vec<(usize, usize)>> {
        let mut most = (self.node_bytes - NODE) / self.record_bytes;
        let mut all = most;
        let mut widths = Vec::new();
        for depth in 1..=self.depth {
            let total = if depth == 1 { 0 } else { width_of(all) };
            widths.push((width_of(most), total));
            let pointer = 8 + (width_of(most) + total) as u64;
            most = self.node_bytes.checked_sub(NODE + pointer)? / (self.record_bytes + pointer);
            all = (most + 1).checked_mul(all)?.checked_add(most)?;
        }
        Some(widths)
    }

    /// All records.
    fn records(&self, bytes: &Bytes) -> Option<Vec<Vec<u8>>> {
        let widths = self.widths()?;
        let (mut records, mut visited) = (Vec::new(), 0);
        let mut nodes =
            if self.root_records == 0 { Vec::new() } else { vec![(self.root, self.root_records, self.depth)] };
        while let Some((address, count, depth)) = nodes.pop() {
            visited += 1;
            let node = bytes.at(address, self.node_bytes)?;
            let mut cursor = Cursor(&node);
            let signature = cursor.take(6)?;
            if visited > MOST_NODES || !signature.starts_with(if depth == 0 { b"BTLF" } else { b"BTIN" }) {
                return None;
            }
            for _ in 0..count {
                records.push(cursor.take(self.record_bytes as usize)?.to_vec());
            }
            let Some((width, total)) = depth.checked_sub(1).map(|above| widths[above]) else {
                continue;
            };
            for _ in 0..=count {
                let (child, own) = (cursor.number(8)?, cursor.number(width)?);
                cursor.take(total)?;
                nodes.push((child, own, depth - 1));
            }
        }
        Some(records)
    }
}

/// Bytes that a number up to `most` takes.
fn width_of(most: u64) -> usize {
    most.max(1).ilog2() as usize / 8 + 1
}
