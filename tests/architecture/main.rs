//! The shape of the crate: who may use whom, no circles, one voice, and files that fit in one's head.

mod planted;
mod rules;
mod uses;
mod words;

use rules::Law;
use std::fs;
use std::path::Path;
use uses::Files;

/// The modules from the ground up. A module uses only modules of lines above its own; those in one line do not use each
/// other.
const LAW: Law = &[
    &["error"],
    &["dims"],
    &["rng", "data"],
    &["network"],
    &["task"],
    &["engine"],
    &["train", "analysis", "bench", "synthetic"],
    &["lab"],
    &["config", "perturb", "tuning"],
    &["report"],
    &["run"],
    &["sweep", "studies"],
    &["cli"],
];

/// Files that may use each other: a pair of traits that name each other, inside one kernel.
const CIRCLE: &[&str] = &[
    "src/engine/cpu/real.rs",
    "src/engine/cpu/simd/mod.rs",
    "src/engine/cpu/simd/neon.rs",
    "src/engine/cpu/simd/x86.rs",
    "src/engine/cpu/tile.rs",
];

#[test]
fn modules_use_only_what_lies_below_them() {
    nothing(&rules::against_the_law(&repository(), LAW));
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    nothing(&rules::circles(&repository(), CIRCLE));
}

#[test]
fn only_the_command_line_prints_and_parses() {
    nothing(&rules::voices(&repository()));
}

#[test]
fn files_fit_in_ones_head() {
    nothing(&rules::too_long(&repository()));
}

fn nothing(faults: &[String]) {
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// All Rust and WGSL files of `src`, `tests` and `shaders`.
fn repository() -> Files {
    let mut files = Files::new();
    for folder in ["src", "tests", "shaders"] {
        read(folder, &mut files);
    }
    assert!(files.contains_key("src/lib.rs"), "the crate's sources were not found");
    files
}

fn read(folder: &str, files: &mut Files) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for entry in fs::read_dir(root.join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            read(&path, files);
        } else if ["rs", "wgsl"].contains(&uses::extension(&path)) {
            files.insert(path, fs::read_to_string(entry.path()).unwrap());
        }
    }
}
