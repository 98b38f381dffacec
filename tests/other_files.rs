//! What people give in place of a MAT file or npz archive is named as what it is; what is only unusual is read.

mod mat_builder;

use aon::data::{ArrayFile, NamedArray, Values, write_arrays};
use mat_builder::{Order::Little as LE, double, file, variable};
use ndarray::{Array2, array};
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A file of these bytes, named as they all are.
fn saved(bytes: &[u8]) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("Firing_Rates.mat");
    std::fs::write(&path, bytes).unwrap();
    (directory, path)
}

fn refused(bytes: &[u8], words: &[&str]) {
    let (_directory, path) = saved(bytes);
    let error = ArrayFile::open(&path).and_then(|f| f.array("FR1")).unwrap_err();
    let sentence = error.to_string();
    assert_eq!(error.exit_code(), 2, "{sentence}");
    assert!(words.iter().all(|w| sentence.contains(w)) && !sentence.contains("damaged"), "{words:?}: {sentence}");
}

fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn npy(descr: &str, shape: &str, numbers: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n");
    [b"\x93NUMPY\x01\0", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), numbers].concat()
}

#[test]
fn files_of_other_kinds_are_named() {
    let page = format!("<!DOCTYPE html>\n<html><body>{}</body></html>", "Sign in. ".repeat(40));
    let table = "0.1,0.2,0.3\n".repeat(40);
    for (bytes, words) in [
        (&b""[..], ["an empty file", "again"]),
        (page.as_bytes(), ["a web page", "Download"]),
        (&page.as_bytes()[..60], ["a web page", "Download"]),
        (table.as_bytes(), ["plain text", "save -v7"]),
        (b"FR1 = 0.1\n", ["plain text", "np.savez"]),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 7\n", ["Git LFS pointer", "git lfs pull"]),
        (b"# Created by Octave 9.2\n# name: FR1\n# type: matrix\n", ["Octave", "Octave: save -v7"]),
        (&npy("'<f8'", "(1, 1)", &[0; 8]), [".npy", "np.savez"]),
        (b"\x1f\x8b\x08\0\0\0\0\0", ["gzip", "Unpack"]),
        (b"Rar!\x1a\x07\0", ["RAR", "Unpack"]),
        (&archive(&[("notes.txt", b"none"), ("rates.mat", b"none")]), ["a zip archive of other files", "Unpack"]),
        (&archive(&[("[Content_Types].xml", b""), ("xl/workbook.xml", b"")]), ["Excel", "np.savez"]),
        (&archive(&[]), ["a zip archive of nothing", "np.savez"]),
    ] {
        refused(bytes, &words);
    }
}

#[test]
fn arrays_of_other_types_are_read_or_named() {
    let of = |descr: &str, shape: &str, numbers: &[u8]| archive(&[("FR1.npy", &npy(descr, shape, numbers))]);
    let read = |bytes: &[u8]| {
        let (_directory, path) = saved(bytes);
        ArrayFile::open(&path).unwrap().array("FR1").unwrap()
    };
    assert_eq!(read(&of("'<f2'", "(1, 2)", &[0, 0x38, 0, 0x3c])), array![[0.5, 1.0]].into_dyn());
    assert_eq!(read(&of("'>f4'", "(1L, 1L)", &0.25_f32.to_be_bytes())), array![[0.25]].into_dyn());
    refused(&of("'|O'", "(1, 1)", &[0; 8]), &["FR1", "Python objects", "astype"]);
    refused(&of("'<c16'", "(1, 1)", &[0; 16]), &["complex", "array.real"]);
    refused(&of("'<U3'", "(1, 1)", &[0; 12]), &["text", "astype"]);
    refused(&of("'<f16'", "(1, 1)", &[0; 16]), &["the type <f16", "float64"]);
}

/// `save -append` of Octave writes a variable that is there already once more.
#[test]
fn of_variables_of_one_name_the_last_counts() {
    let first = double(&[1, 2], "FR1", &[0.25, 0.5]);
    let other = double(&[1, 1], "FR2", &[1.0]);
    let text = variable(LE, 4, &[1, 2], "FR1", &[mat_builder::element(LE, 16, b"no")]);
    let last = double(&[1, 1], "FR1", &[0.75]);
    let (_directory, path) = saved(&file(&[first.clone(), other.clone(), text.clone(), last]));
    let opened = ArrayFile::open(&path).unwrap();
    assert_eq!(opened.names(), ["FR2", "FR1"]);
    assert_eq!(opened.array("FR1").unwrap(), array![[0.75]].into_dyn());
    let (_directory, path) = saved(&file(&[first, other, text]));
    let error = ArrayFile::open(&path).unwrap().array("FR1").unwrap_err();
    assert!(error.to_string().contains("char"), "{error}");

    let one = |value: f64| npy("'<f8'", "(1,)", &value.to_le_bytes());
    // A zip archive may hold a name twice, with the writer's `.npy` or without.
    let (_directory, path) = saved(&archive(&[("FR1", &one(0.25)), ("FR1.npy", &one(0.75))]));
    assert_eq!(ArrayFile::open(&path).unwrap().array("FR1").unwrap(), array![0.75].into_dyn());
    let twice = archive(&[("FR1.npy", &one(0.25)), ("FR2.npy", &one(0.75))]);
    let (_directory, path) = saved(&renamed(twice, "FR2.npy", "FR1.npy"));
    assert_eq!(ArrayFile::open(&path).unwrap().array("FR1").unwrap(), array![0.75].into_dyn());
}

/// `bytes` with every `from` replaced; both are of one length.
fn renamed(mut bytes: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    for at in 0..bytes.len() - from.len() {
        if bytes[at..].starts_with(from.as_bytes()) {
            bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        }
    }
    bytes
}

#[test]
fn names_that_matlab_does_not_take_are_written_under_others() {
    let long = "x".repeat(64);
    let names = ["W", "go left", "go-left", "größe", "end", "2nd", &long, "variable_names"];
    let arrays: Vec<NamedArray> =
        names.iter().zip(1..).map(|(n, k)| NamedArray::new(*n, Array2::from_elem((1, 1), f64::from(k)))).collect();
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let open = |path: &Path| ArrayFile::open(path).unwrap();
    write_arrays(&path("a.mat"), &arrays).unwrap();
    let file = open(&path("a.mat"));
    let long = "x".repeat(63);
    let written = ["W", "go_left", "go_left_2", "gr__e", "xend", "x2nd", &long, "variable_names_2", "variable_names"];
    assert_eq!(file.names(), written);
    for (name, value) in written.iter().zip(1..9) {
        assert_eq!(file.array(name).unwrap()[[0, 0]], f64::from(value), "{name}");
    }
    // The same names again; npz files keep them; no list where nothing was renamed.
    write_arrays(&path("b.mat"), &arrays).unwrap();
    assert_eq!(std::fs::read(path("a.mat")).unwrap(), std::fs::read(path("b.mat")).unwrap());
    write_arrays(&path("a.npz"), &arrays).unwrap();
    assert_eq!(open(&path("a.npz")).names(), names);
    write_arrays(&path("c.mat"), &[NamedArray::new("W", Values::from("text"))]).unwrap();
    assert_eq!(open(&path("c.mat")).names(), ["W"]);
}
