//! What the tests of the command line share.
#![allow(dead_code)] // Each test file uses a part.

use assert_cmd::Command;
use std::path::{Path, PathBuf};

/// The small case of the golden arrays, as the files that a user has.
pub(crate) fn small() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/cli/small_A_clean")
}

/// The program; what was tuned on this machine is not its concern.
pub(crate) fn aon() -> Command {
    let mut command = Command::cargo_bin("aon").unwrap();
    command.env("AON_CACHE_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/cache"));
    command
}

/// The flags that name the files of a golden case and its areas.
pub(crate) fn data_flags(case: &Path, areas: &str) -> Vec<String> {
    let file = |name: &str| case.join(name).display().to_string();
    let flags = [
        ("--firing-rates-mat", file("Firing_Rates.mat")),
        ("--inhibitory-mask-mat", file("InhibitoryMask.mat")),
        ("--stimulus", file("stim.mat")),
        ("--areas", areas.to_string()),
        ("--thermal", "100".to_string()),
    ];
    flags.into_iter().flat_map(|(flag, value)| [flag.to_string(), value]).collect()
}

/// The flags of `aon train` that name what `aon synth` wrote to a directory.
pub(crate) fn synthetic_flags(data: &Path) -> Vec<String> {
    let flags = [
        ("--task", "task.toml"),
        ("--firing-rates-mat", "Firing_Rates.mat"),
        ("--inhibitory-mask-mat", "InhibitoryMask.mat"),
        ("--mirror-mat", "Mirror.mat"),
    ];
    flags.into_iter().flat_map(|(flag, file)| [flag.to_string(), data.join(file).display().to_string()]).collect()
}

/// `aon train` on the small case, on the CPU unless `extra` says otherwise, without its baseline.
pub(crate) fn train_small(directory: &Path, extra: &[&str]) -> Command {
    let mut command = aon();
    let engine: &[&str] = if extra.contains(&"--engine") { &[] } else { &["--engine", "cpu"] };
    command.args(["train", "--no-baseline", "--output-dir"]).arg(directory).args(engine);
    command.args(data_flags(&small(), "A=4,B=3,C=5")).args(extra);
    command
}

/// `aon train --resume`.
pub(crate) fn resume(directory: &Path, extra: &[&str]) -> Command {
    let mut command = aon();
    command.args(["train", "--resume"]).arg(directory).args(extra);
    command
}

/// The rows of `history.csv` without the column of seconds.
pub(crate) fn history(directory: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(directory.join("history.csv")).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("step,loss,data_term,reg_term,grad_norm,seconds"));
    lines.map(|l| l.split(',').take(5).map(String::from).collect()).collect()
}

/// Everything in a finished run that must not depend on how often it was interrupted.
pub(crate) fn result(directory: &Path) -> (Vec<Vec<String>>, Vec<Vec<u8>>) {
    let files = ["checkpoint.safetensors", "best.safetensors", "last.safetensors", "fit.csv"];
    (history(directory), files.map(|f| std::fs::read(directory.join(f)).unwrap()).into())
}

/// Copies a directory; `change` may change a file's bytes, by its name.
pub(crate) fn copy_directory(from: &Path, to: &Path, change: &dyn Fn(&str, Vec<u8>) -> Vec<u8>) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (source, name) = (entry.path(), entry.file_name());
        if source.is_dir() {
            copy_directory(&source, &to.join(name), change);
        } else {
            let bytes = change(name.to_str().unwrap(), std::fs::read(&source).unwrap());
            std::fs::write(to.join(name), bytes).unwrap();
        }
    }
}

/// The cells of a CSV file.
pub(crate) fn table(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| line.split(',').map(String::from).collect()).collect()
}

/// A JSON file.
pub(crate) fn json(path: &Path) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}
