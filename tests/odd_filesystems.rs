//! File systems that people have: without locks, without synced directories, without permissions. They are played by a
//! library that is loaded before the system's own (tests/cases/odd-filesystem.c).
#![cfg(target_os = "linux")]
#![allow(missing_docs)]

mod cli_support;

use cli_support::{resume, train_small};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The library, or `None` where there is no compiler for it.
fn library(place: &Path) -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/odd-filesystem.c");
    let library = place.join("odd.so");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source).arg("-ldl").status();
    let is_built = built.is_ok_and(|status| status.success());
    if !is_built {
        println!("not tested: odd file systems, which take a C compiler");
    }
    is_built.then_some(library)
}

/// Numbers of errors on Linux.
const EPERM: &str = "1";
const EINVAL: &str = "22";
const ENOLCK: &str = "37";
const ENOSYS: &str = "38";
const EOPNOTSUPP: &str = "95";

#[test]
fn training_goes_on_where_a_file_system_promises_little() {
    let parent = tempfile::tempdir().unwrap();
    let Some(library) = library(parent.path()) else { return };
    let cases = [
        ("SHIM_FLOCK", ENOSYS, "keeps no locks"),
        ("SHIM_FLOCK", ENOLCK, "keeps no locks"),
        ("SHIM_FLOCK", EOPNOTSUPP, "keeps no locks"),
        ("SHIM_DIRSYNC", EINVAL, "does not sync directories"),
        ("SHIM_DIRSYNC", EOPNOTSUPP, "does not sync directories"),
        ("SHIM_CHMOD", EPERM, ""),
    ];
    for (k, (call, error, warning)) in cases.into_iter().enumerate() {
        let run = parent.path().join(format!("run-{k}"));
        let said = || contains(warning).and(contains("error:").not());
        let mut train = train_small(&run, &["--n-trials", "4", "--stop-after", "2", "--quiet"]);
        train.env("LD_PRELOAD", &library).env(call, error).assert().success().stderr(said());
        let mut go_on = resume(&run, &["--quiet"]);
        go_on.env("LD_PRELOAD", &library).env(call, error).assert().success().stderr(said());
        let mut replace = train_small(&run, &["--n-trials", "2", "--overwrite", "--quiet"]);
        replace.env("LD_PRELOAD", &library).env(call, error).assert().success().stderr(said());
    }
}
