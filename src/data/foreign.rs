//! Files of other kinds than MAT and npz, which people give in their place: what they are, and what to do.

/// How many bytes of a file say what it is.
pub(super) const START: u64 = 512;

const SAVE: &str = "Save the arrays with save -v7 in MATLAB, or with np.savez in Python.";
const UNPACK: &str = "Unpack it, and give the file that is in it.";

/// First bytes, the kind of file, what to do.
const SIGNATURES: [(&[u8], &str, &str); 14] = [
    (b"\x93NUMPY", "a single NumPy array (.npy)", "Save arrays under their names: np.savez(\"rates.npz\", FR1=…)."),
    (b"\x1f\x8b", "a gzip archive", UNPACK),
    (b"BZh", "a bzip2 archive", UNPACK),
    (b"\xfd7zXZ\0", "an xz archive", UNPACK),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (b"Rar!", "a RAR archive", UNPACK),
    (b"PK\x05\x06", "a zip archive of nothing", SAVE),
    (b"PK\x03\x04", "a zip archive", UNPACK),
    (b"\xd0\xcf\x11\xe0", "an old Office document (Excel?)", SAVE),
    (b"\x80\x02", "a Python pickle", SAVE),
    (b"\x80\x03", "a Python pickle", SAVE),
    (b"\x80\x04", "a Python pickle", SAVE),
    (b"\x80\x05", "a Python pickle", SAVE),
];

/// First words of texts, in lower case.
const TEXTS: [(&str, &str, &str); 8] = [
    (
        "version https://git-lfs",
        "a Git LFS pointer, which stands in place of the file",
        "Fetch the file itself: git lfs pull.",
    ),
    ("# created by octave", "a text file of Octave", OCTAVE),
    ("# name:", "a text file of Octave", OCTAVE),
    ("<!doctype", "a web page", DOWNLOAD),
    ("<html", "a web page", DOWNLOAD),
    ("<head", "a web page", DOWNLOAD),
    ("<?xml", "a web page or another XML text", DOWNLOAD),
    ("", "plain text", SAVE),
];

const OCTAVE: &str = "Save it in the binary format, in Octave: save -v7.";
const DOWNLOAD: &str = "Download the file itself; the page may ask for a login, or say that the file has moved.";

/// What a file that starts like this is, and what to do about it. It is no MAT file and no npz archive.
pub(super) fn name(start: &[u8]) -> (&'static str, &'static str) {
    if start.is_empty() {
        return ("an empty file", "Save it again, or fetch it again.");
    }
    if let Some((_, kind, remedy)) = SIGNATURES.iter().find(|(signature, ..)| start.starts_with(signature)) {
        return (kind, remedy);
    }
    if !is_text(start) {
        return ("a file of another kind", SAVE);
    }
    let text = String::from_utf8_lossy(start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start)).to_lowercase();
    let is = |words: &str| text.trim_start().starts_with(words);
    TEXTS.iter().find(|(words, ..)| is(words)).map_or(("plain text", SAVE), |(_, kind, remedy)| (*kind, *remedy))
}

/// Texts, also in Latin-1 and UTF-16, hold no control characters but those that lay them out.
fn is_text(start: &[u8]) -> bool {
    let is_wide = start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff");
    is_wide || start.iter().all(|b| *b >= 0x20 && *b != 0x7f || b"\t\n\r\x0c".contains(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_as_what_they_are() {
        let cases: [(&[u8], &str, &str); 14] = [
            (b"", "empty", "again"),
            (b"\x93NUMPY\x01\0", ".npy", "np.savez"),
            (b"\x1f\x8b\x08\0", "gzip", "Unpack"),
            (b"Rar!\x1a\x07", "RAR", "Unpack"),
            (b"PK\x05\x06\0\0", "of nothing", "savez"),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "Git LFS", "git lfs pull"),
            (b"# Created by Octave 8.4.0\n# name: FR1", "Octave", "Octave: save -v7"),
            (b"\n\n <!DOCTYPE html>\n<html>", "web page", "Download"),
            (b"\xef\xbb\xbf<HTML>", "web page", "Download"),
            (b"0.1,0.2\r\n0.3,0.4\r\n", "plain text", "save -v7"),
            (b"gr\xf6\xdfe;1\n", "plain text", "save -v7"),
            (b"\xff\xfea\0b\0", "plain text", "save -v7"),
            (b"\x80\x04\x95\0", "pickle", "np.savez"),
            (b"\x01\x02\x03\x04", "another kind", "save -v7"),
        ];
        for (start, kind, remedy) in cases {
            let (found, what) = name(start);
            assert!(found.contains(kind) && what.contains(remedy), "{kind}: {found}. {what}");
        }
    }
}
