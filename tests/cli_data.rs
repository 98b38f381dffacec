//! Files as people have them, from the command line: trained on, or refused with what to do.

mod cli_support;

use aon::data::ArrayFile;
use assert_cmd::Command;
use cli_support::{aon, table};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use std::path::{Path, PathBuf};

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name)
}

/// Trains on these files for a few steps.
fn train(run: &Path, rates: &Path, mask: &str, task: &Path) -> Command {
    let mut command = aon();
    command.args(["train", "--n-trials", "3", "--no-baseline", "--quiet", "--engine", "cpu", "--output-dir"]).arg(run);
    command.arg("--firing-rates-mat").arg(rates).arg("--inhibitory-mask-mat").arg(case(mask)).arg("--task").arg(task);
    command
}

#[test]
fn rounding_errors_of_a_filter_are_zeros() {
    for file in ["fft.mat", "fft-clipped.mat"] {
        let parent = tempfile::tempdir().unwrap();
        let run = parent.path().join("run");
        let mut command = train(&run, &case(file), "inhibitory6.mat", &case("task6.toml"));
        let said = contains("1 of 6 neurons (1) count as silent");
        command.args(["--normalize", "peak"]).assert().success().stderr(said);
        assert_eq!(table(&run.join("normalization.csv"))[1], ["1", "1"]);
        // Nothing can be explained where nothing varies: no R² in any condition.
        let rows = table(&run.join("fit.csv"));
        let silent: Vec<_> = rows.iter().filter(|row| row[0] == "1").collect();
        assert!(silent.len() == 4 && silent.iter().all(|row| row[5].is_empty()), "{silent:?}");
        assert!(rows.iter().skip(1).any(|row| !row[5].is_empty()));
    }
}

#[test]
fn rates_that_are_no_matrix_of_neurons_by_bins_are_named() {
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    for (file, words) in [
        ("transposed.mat", ["FR1", "[20×12]", "transposed"]),
        ("stacked.mat", ["FR1", "mean over trials", "third dimension"]),
        ("octave-text.mat", ["Octave", "save -v7", "header"]),
        ("task.toml", ["plain text", "save -v7", "np.savez"]),
    ] {
        let assert = train(&run, &case(file), "inhibitory.mat", &case("task.toml")).assert().code(2);
        words.into_iter().fold(assert, |assert, word| assert.stderr(contains(word)));
        assert!(!run.exists());
    }
    // Whatever else is known of the number of neurons: a mask of as many as there are columns.
    let other = train(&run, &case("transposed.mat"), "inhibitory.mat", Path::new("go-nogo")).assert();
    other.code(2).stderr(contains("transposed").or(contains("FR4")));
    train(&run, &case("octave-append.mat"), "inhibitory.mat", &case("task.toml")).assert().success();
}

#[test]
fn names_that_matlab_does_not_take_are_exported_under_others() {
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    let mut command = train(&run, &case("names.npz"), "inhibitory.mat", &case("task-names.toml"));
    command.assert().success().stderr(contains("modelled_go left").and(contains("modelled_go_left")));
    let export = |format: &str| {
        aon().arg("export").arg(&run).args(["--engine", "cpu", "--format", format]).assert().success();
        ArrayFile::open(&run.join(format!("weights.{format}"))).unwrap()
    };
    let (mat, npz) = (export("mat"), export("npz"));
    let long = format!("modelled_{}", "x".repeat(60));
    for (given, written) in
        [("modelled_go left", "modelled_go_left"), ("modelled_größe", "modelled_gr__e"), (&long, &long[..63])]
    {
        assert_eq!(mat.array(written).unwrap(), npz.array(given).unwrap(), "{given}");
    }
    // Areas whose names hold a comma are listed line by line.
    let names: Vec<u8> = npz.array("area_names").unwrap().iter().map(|b| *b as u8).collect();
    assert_eq!(String::from_utf8(names).unwrap(), "PMd, left\nL2/3\nC");
}

#[test]
fn names_of_tables_own_rows_are_refused_before_anything_is_written() {
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    let mut command = train(&run, &case("octave-append.mat"), "inhibitory.mat", &case("task-all.toml"));
    command.assert().code(2).stderr(contains("condition “all”").and(contains("another name")));
    let areas = ["--areas", "stimulus=4,B=3,C=5"];
    let mut command = train(&run, &case("octave-append.mat"), "inhibitory.mat", &case("task.toml"));
    command.args(areas).assert().code(2).stderr(contains("area “stimulus”"));
    assert!(!run.exists());
}

#[test]
fn absurd_sizes_are_refused_in_a_sentence() {
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    for (flag, value, named) in [
        ("--areas", "A=18446744073709551615,B=13", "--areas"),
        ("--N2", "9223372036854775807", "neurons"),
        ("--thermal", "18446744073709551615", "thermal"),
        ("--thermal", "16777210", "at most 16777216"),
        ("--stimulus-sd", "1e300", "noise is 1e300"),
    ] {
        let mut command = train(&run, &case("octave-append.mat"), "inhibitory.mat", &case("task.toml"));
        command.args([flag, value]).assert().code(2).stderr(contains(named).and(contains("panicked").not()));
        assert!(!run.exists());
    }
}

/// Whoever opens a pipe waits for its writer, who never comes.
#[cfg(unix)]
#[test]
fn a_pipe_is_no_file() {
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    for name in ["pipe.toml", "pipe.mat", "pipe.safetensors"] {
        let pipe = parent.path().join(name);
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let mut commands = vec![train(&run, &pipe, "inhibitory.mat", &case("task.toml"))];
        commands.push(train(&run, &case("octave-append.mat"), "inhibitory.mat", &pipe));
        for flag in ["--init", "--config", "--mirror-mat", "--stimulus"] {
            let mut command = train(&run, &case("octave-append.mat"), "inhibitory.mat", &case("task.toml"));
            command.arg(flag).arg(&pipe);
            commands.push(command);
        }
        for mut command in commands {
            let limit = std::time::Duration::from_secs(20);
            command.timeout(limit).assert().code(2).stderr(contains("found a device or pipe"));
        }
    }
}
