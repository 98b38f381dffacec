//! What reaches the terminal and the files: all of it or a word, and nothing that a terminal, a shell or a browser obeys.

mod cli_support;

use assert_cmd::Command;
use cli_support::{aon, small, synthetic_flags, train_small};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, starts_with};
use std::path::{Path, PathBuf};
use std::process::Stdio;

fn run(parent: &Path) -> PathBuf {
    let run = parent.join("run");
    train_small(&run, &["--n-trials", "2"]).assert().success();
    run
}

/// `aon` under a shell, its standard output as `redirection` says.
#[cfg(target_os = "linux")]
fn redirected(arguments: &[String], redirection: &str) -> assert_cmd::assert::Assert {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("\"$0\" \"$@\" {redirection}"), env!("CARGO_BIN_EXE_aon")]).args(arguments).assert()
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_could_not_be_written_is_a_failure() {
    let parent = tempfile::tempdir().unwrap();
    let run = run(parent.path()).display().to_string();
    for line in [
        "--help".to_string(),
        "--version".into(),
        "train --help".into(),
        "devices".into(),
        format!("eval {run}"),
        format!("export {run}"),
        format!("train --resume {run}"),
        "bench --engine cpu --neurons 12 --conditions 2 --time-steps 40 --steps 1".into(),
        "bench --engine cpu --neurons 12 --conditions 2 --time-steps 40 --steps 1 --json".into(),
        format!("perturb {run} --trials 0 --controls 0"),
    ] {
        let arguments: Vec<String> = line.split(' ').map(String::from).collect();
        redirected(&arguments, "> /dev/full").code(1).stderr(contains("error: results could not be written"));
    }
    // What is kept in files is complete.
    assert!(Path::new(&run).join("weights.mat").exists() && Path::new(&run).join("perturb/report.html").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_training_whose_results_are_not_read_goes_on_and_saves() {
    let parent = tempfile::tempdir().unwrap();
    let (full, closed) = (parent.path().join("full"), parent.path().join("closed"));
    let flags = |directory: &Path| {
        let mut command = vec!["train".to_string(), "--no-baseline".into(), "--engine".into(), "cpu".into()];
        command.extend(["--n-trials".into(), "5".into(), "--output-dir".into(), directory.display().to_string()]);
        command.extend(cli_support::data_flags(&small(), "A=4,B=3,C=5"));
        command
    };
    redirected(&flags(&full), "> /dev/full").code(1);
    redirected(&flags(&closed), "2>/dev/full | true").success();
    for directory in [full, closed] {
        assert!(directory.join("summary.json").exists());
    }
}

#[test]
fn a_closed_pipe_ends_nothing() {
    let parent = tempfile::tempdir().unwrap();
    let run = run(parent.path());
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_aon"))
        .args(["eval", "--engine", "cpu", "--fit"])
        .arg(parent.path().join("fit.csv"))
        .arg(&run)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success() && parent.path().join("fit.csv").exists());
}

/// A name as no one gives, as a TOML string and as it is.
const NAME: (&str, &str) = (r#""\u202e, \"x\" <b> 'q'""#, "\u{202e}, \"x\" <b> 'q'");

/// One that is refused.
const COMMAND: &str = r#""\u001b]0;owned\u0007\u0000\u009b2J""#;

fn is_obeyed(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t' || c == '\u{202e}'
}

/// The cells of a CSV file as RFC 4180 reads them.
fn cells(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut is_quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if is_quoted && characters.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(std::mem::take(&mut cell)),
            '\n' if !is_quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    rows
}

#[test]
fn names_in_files_command_neither_terminal_nor_page_nor_table() {
    let parent = tempfile::tempdir().unwrap();
    let data = parent.path().join("data");
    aon().args(["synth", "--small", "--output-dir"]).arg(&data).assert().success();
    let path = data.join("task.toml");
    let task = std::fs::read_to_string(&path).unwrap();
    let named = task.replacen("name = \"execute go object 1\"", &format!("name = {}", NAME.0), 1);
    assert!(named != task, "{task}");
    std::fs::write(&path, &named).unwrap();
    // The name of a directory is the title of a page.
    let run = parent.path().join("r\u{1}un");
    let mut train = aon();
    train
        .args(["train", "--engine", "cpu", "--n-trials", "3"])
        .args(synthetic_flags(&data))
        .arg("--output-dir")
        .arg(&run);
    let mut perturb = aon();
    perturb.args(["perturb", "--trials", "0", "--controls", "0"]).arg(&run);
    let lesions = parent.path().join("lesions.toml");
    std::fs::write(&lesions, format!("[[lesion]]\nname = {}\narea = \"AIP\"\n", NAME.0)).unwrap();
    perturb.arg("--lesions").arg(&lesions);
    for command in [&mut train, &mut perturb] {
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        assert!(output.status.success() && !said.concat().contains(is_obeyed), "{said:?}");
    }
    for bad in [named.replacen("FR1", r"FR1\u001b[2J", 1), task.replacen("\"execute go object 1\"", COMMAND, 1)] {
        std::fs::write(&path, bad).unwrap();
        let mut refused = aon();
        refused.args(["train", "--engine", "cpu"]).args(synthetic_flags(&data));
        let refused = refused.arg("--output-dir").arg(parent.path().join("no")).output().unwrap();
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(refused.status.code() == Some(2) && said.contains("\\u{1b}") && !said.contains(is_obeyed), "{said}");
    }

    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    for (file, column) in [("fit.csv", 4), ("perturb/effects.csv", 0), ("perturb/currents.csv", 0)] {
        let rows = cells(&read(&run.join(file)));
        assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{file}");
        assert!(rows.iter().any(|row| row[column] == NAME.1), "{file}");
    }
    let pages = [run.join("report.html"), run.join("perturb/report.html")];
    let figures = ["figures", "perturb/figures"].map(|f| std::fs::read_dir(run.join(f)).unwrap().flatten());
    let figures = figures.into_iter().flatten().map(|entry| entry.path()).filter(|p| p.extension().is_some());
    let illegal = |c: char| c < ' ' && !"\t\n\r".contains(c);
    for path in pages.into_iter().chain(figures) {
        assert!(!read(&path).contains(illegal), "{}", path.display());
    }
    assert!(read(&run.join("report.html")).contains('\u{fffd}'));
}

/// Whatever a directory is called.
#[cfg(unix)]
#[test]
fn what_is_suggested_can_be_typed() {
    let parent = tempfile::tempdir().unwrap();
    let shell = |said: &str, command: &str| {
        let line = said.lines().find_map(|l| l.split_once("aon train ")).expect(said).1;
        let script = format!("'{}' train {line} {command}", env!("CARGO_BIN_EXE_aon"));
        Command::new("sh").args(["-c", &script]).current_dir(parent.path()).assert().success()
    };
    for name in ["a b", "it's $HOME", "-dash", "x;`y`&"] {
        let run = format!("--output-dir={name}");
        let mut train = aon();
        train.current_dir(parent.path()).args(["train", "--engine", "cpu", "--no-baseline", &run, "--n-trials", "4"]);
        train.args(["--stop-after", "2"]).args(cli_support::data_flags(&small(), "A=4,B=3,C=5"));
        let paused = train.assert().success();
        shell(&String::from_utf8_lossy(&paused.get_output().stdout), "--quiet");
        assert!(parent.path().join(name).join("summary.json").exists());
    }
    let synth = aon().current_dir(parent.path()).args(["synth", "--small", "--output-dir=-d 'x'"]).assert().success();
    let said = String::from_utf8_lossy(&synth.get_output().stdout).into_owned();
    shell(&said, "--engine cpu --no-baseline --n-trials 2 --output-dir fitted");
    assert!(parent.path().join("fitted/summary.json").exists());
}

/// Mesa's layer complains of a window system that servers do not have.
#[test]
fn a_machine_without_a_window_system_is_no_error() {
    let mut devices = aon();
    devices.arg("devices").env_remove("XDG_RUNTIME_DIR").env_remove("WAYLAND_DISPLAY");
    devices.assert().success().stdout(contains("cpu")).stderr(starts_with("error:").or(contains("\nerror:")).not());
}

#[test]
fn trainings_that_begin_in_the_same_second_all_get_a_directory() {
    let parent = tempfile::tempdir().unwrap();
    let begin = |_| {
        let mut train = std::process::Command::new(env!("CARGO_BIN_EXE_aon"));
        train.current_dir(parent.path()).args(["train", "--engine", "cpu", "--no-baseline", "--n-trials", "2"]);
        let train = train.args(cli_support::data_flags(&small(), "A=4,B=3,C=5"));
        train.stdout(Stdio::null()).spawn().unwrap()
    };
    let begun: Vec<_> = (0..6).map(begin).collect();
    assert!(begun.into_iter().all(|mut train| train.wait().unwrap().success()));
    let runs = std::fs::read_dir(parent.path().join("out")).unwrap().flatten();
    assert_eq!(runs.filter(|run| run.path().join("summary.json").exists()).count(), 6);
}

#[test]
fn another_number_of_threads_changes_no_digit_and_is_not_warned_of() {
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    train_small(&run, &["--n-trials", "4", "--stop-after", "2", "--threads", "2"]).assert().success();
    cli_support::resume(&run, &["--threads", "1"]).assert().success().stderr(contains("last digits").not());
}

#[test]
fn weights_that_no_step_improved_are_not_passed_off_as_trained() {
    let parent = tempfile::tempdir().unwrap();
    let fits =
        |flags: &[&str]| train_small(&parent.path().join(flags[1]), &[flags, &["--n-trials", "6"]].concat()).assert();
    fits(&["--learning-rate", "10", "--schedule", "constant"]).success().stderr(contains("no training step improved"));
    fits(&["--learning-rate", "0.1"]).success().stderr(contains("no training step").not());
    fits(&["--learning-rate", "1e18"]).code(2).stderr(contains("--learning-rate").and(contains("at most 10")));
}
