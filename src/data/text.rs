//! Reading whole files that others wrote.

use super::regular::open_regular;
use crate::error::{Error, Result, ensure};
use std::io::Read as _;
use std::path::Path;

/// The longest text that is read: 256 MiB, the history of some million steps. Nothing that people write comes near.
const LONGEST: u64 = 1 << 28;

/// The bytes of a regular file.
///
/// # Errors
/// If it is none, as a pipe is, which may never end, or cannot be read.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path)?.read_to_end(&mut bytes).map_err(Error::io("read", path))?;
    Ok(bytes)
}

/// The text of a file in UTF-8, without a byte order mark.
///
/// # Errors
/// As [`read_bytes`], and if it is longer than 256 MiB, or in another encoding; the sentence names the line.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    let place = path.display();
    let length = open_regular(path)?.metadata().map_err(Error::io("read", path))?.len();
    ensure!(length <= LONGEST, "{place}: expected a text, found {length} bytes. Give a file of at most {LONGEST}.");
    let mut bytes = read_bytes(path)?;
    let wide =
        bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") || bytes.iter().take(4).any(|b| *b == 0);
    ensure!(!wide, "{place}: expected a text in UTF-8, found one in UTF-16, or none. Save it as UTF-8.");
    let start = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    String::from_utf8(bytes.split_off(start)).map_err(|e| {
        let (valid, bytes) = (e.utf8_error().valid_up_to(), e.as_bytes());
        let line = bytes[..valid].split(|b| *b == b'\n').count();
        Error::input(format!(
            "{place}, line {line}: expected a text in UTF-8, found the byte {:#04x}, as in Latin-1 or Windows-1252. Save it as UTF-8.",
            bytes[valid]
        ))
    })
}

/// Where in `text` a TOML error is, by line, and what it says, in one line.
pub(crate) fn toml_fault(error: &toml::de::Error, text: &str) -> (Option<usize>, String) {
    let before = error.span().and_then(|span| text.get(..span.start));
    (before.map(|b| 1 + b.matches('\n').count()), error.message().trim_end().replace('\n', ", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_utf_8_are_read_and_others_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("task.toml");
        let read = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            read_text(&path).map_err(|e| (e.exit_code(), e.to_string()))
        };
        assert_eq!(read("größe".as_bytes()).unwrap(), "größe");
        assert_eq!(read(b"\xef\xbb\xbfa = 1").unwrap(), "a = 1");
        assert_eq!(read(b"").unwrap(), "");
        let cases: [(&[u8], &str); 4] = [
            (b"\xff\xfea\0", "UTF-16"),
            (b"\xfe\xff\0a", "UTF-16"),
            (b"a\0=\0", "UTF-16"),
            (b"a = 1\nb = 'gr\xf6\xdfe'", "line 2"),
        ];
        for (bytes, named) in cases {
            let (code, sentence) = read(bytes).unwrap_err();
            assert!(code == 2 && sentence.contains(named) && sentence.ends_with("Save it as UTF-8."), "{sentence}");
        }
        let error = read_text(directory.path()).unwrap_err();
        assert!(error.exit_code() == 2 && error.to_string().contains("found a directory"), "{error}");
    }
}
