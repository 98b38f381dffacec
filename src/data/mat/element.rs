//! Reading data elements, each within the bounds that the element around it declares.

use super::fault::Fault;
use std::io::Read;

/// Element types that are not numbers.
pub(super) const MATRIX: u32 = 14;
pub(super) const COMPRESSED: u32 = 15;
pub(super) const UTF8: u32 = 16;

/// Byte order of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endian {
    Little,
    Big,
}

impl Endian {
    pub(super) fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }
}

/// What precedes the payload of every data element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tag {
    pub(super) kind: u32,
    /// Bytes of payload.
    pub(super) size: u64,
    /// Bytes between the payload and the next element.
    padding: u64,
}

/// The inside of one element: a reader that never goes beyond the element's declared size.
pub(super) struct Source<R> {
    reader: R,
    left: u64,
    endian: Endian,
}

impl<R: Read> Source<R> {
    /// The next `size` bytes of `reader`.
    pub(super) fn new(reader: R, size: u64, endian: Endian) -> Self {
        Self { reader, left: size, endian }
    }

    pub(super) fn endian(&self) -> Endian {
        self.endian
    }

    /// Fills `buffer`.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Fault> {
        let wanted = buffer.len() as u64;
        if wanted > self.left {
            return Err(Fault::new(format!("{wanted} more bytes"), format!("{} before the end", self.left)));
        }
        self.reader.read_exact(buffer).map_err(|e| match e.kind() {
            std::io::ErrorKind::UnexpectedEof => Fault::new(format!("{wanted} more bytes"), "the end of the data"),
            _ => Fault::new("intact data", e.to_string()),
        })?;
        self.left -= wanted;
        Ok(())
    }

    pub(super) fn u32(&mut self) -> Result<u32, Fault> {
        let mut bytes = [0; 4];
        self.fill(&mut bytes)?;
        Ok(self.endian.u32(bytes))
    }

    /// The tag of the next element, whose payload is certain to fit into this one.
    pub(super) fn tag(&mut self) -> Result<Tag, Fault> {
        let first = self.u32()?;
        let (kind, small_size) = (first & 0xffff, first >> 16);
        let tag = if small_size == 0 {
            let size = u64::from(self.u32()?);
            Tag { kind, size, padding: (8 - size % 8) % 8 }
        } else if small_size <= 4 {
            // Payloads of up to four bytes share eight bytes with their tag.
            Tag { kind, size: u64::from(small_size), padding: u64::from(4 - small_size) }
        } else {
            return Err(Fault::new("an element header", format!("a short element of {small_size} bytes")));
        };
        if tag.size > self.left {
            return Err(Fault::new(
                format!("an element of at most {} bytes", self.left),
                format!("a declared size of {} bytes", tag.size),
            ));
        }
        Ok(tag)
    }

    /// A short payload, and its padding.
    pub(super) fn payload(&mut self, tag: Tag, what: &str, limit: u64) -> Result<Vec<u8>, Fault> {
        if tag.size > limit {
            return Err(Fault::new(format!("{what} of at most {limit} bytes"), format!("{} bytes", tag.size)));
        }
        let mut bytes = vec![0; tag.size as usize];
        self.fill(&mut bytes)?;
        self.skip_padding(tag)?;
        Ok(bytes)
    }

    /// Skips what separates the payload of `tag` from the next element; the last element may lack it.
    pub(super) fn skip_padding(&mut self, tag: Tag) -> Result<(), Fault> {
        let mut bytes = [0; 8];
        let padding = tag.padding.min(self.left);
        self.fill(&mut bytes[..padding as usize])
    }

    /// Checks that the element ends here, and, for a compressed one, that so does its stream, checksum included.
    pub(super) fn finish(mut self) -> Result<(), Fault> {
        let mut beyond = Vec::new();
        (&mut self.reader).take(8).read_to_end(&mut beyond).map_err(|e| Fault::new("intact data", e.to_string()))?;
        // Some writers pad.
        if beyond.len() == 8 {
            return Err(Fault::new("the end of the variable after its values", "more data"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(bytes: &[u8], endian: Endian) -> Source<&[u8]> {
        Source::new(bytes, bytes.len() as u64, endian)
    }

    #[test]
    fn short_and_long_elements_in_both_byte_orders() {
        let little = [1, 0, 2, 0, b'a', b'b', 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 1, 2, 3, 4, 5, 0, 0, 0];
        let big = [0, 2, 0, 1, b'a', b'b', 0, 0, 0, 0, 0, 2, 0, 0, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0];
        for (bytes, endian) in [(&little, Endian::Little), (&big, Endian::Big)] {
            let mut s = source(bytes, endian);
            let tag = s.tag().unwrap();
            assert_eq!((tag.kind, s.payload(tag, "name", 8).unwrap()), (1, b"ab".to_vec()));
            let tag = s.tag().unwrap();
            assert_eq!((tag.kind, s.payload(tag, "values", 8).unwrap()), (2, vec![1, 2, 3, 4, 5]));
            assert_eq!(s.left, 0);
        }
    }

    #[test]
    fn an_element_cannot_be_larger_than_the_one_around_it() {
        let bytes = [9, 0, 0, 0, 16, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
        assert!(source(&bytes, Endian::Little).tag().is_err());
        let mut inside = Source::new(&bytes[..], 3, Endian::Little);
        assert!(inside.tag().is_err());
    }

    #[test]
    fn the_last_padding_may_be_missing() {
        let bytes = [2, 0, 0, 0, 5, 0, 0, 0, 1, 2, 3, 4, 5];
        let mut s = source(&bytes, Endian::Little);
        let tag = s.tag().unwrap();
        assert_eq!(s.payload(tag, "values", 8).unwrap().len(), 5);
        s.finish().unwrap();
    }
}
