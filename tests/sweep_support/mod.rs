//! What the tests of `aon sweep` share: a case of four conditions of 12 neurons, and the directories of sweeps.
#![allow(dead_code)] // Each test file uses a part.

use crate::cli_support::{aon, copy_directory, json, small};
use aon::config::{Preset, TaskSource};
use aon::engine::EngineKind;
use aon::task::{TaskSpec, parse_areas};
use assert_cmd::Command;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Half of it go, half no-go, half of it by each input matrix.
const CONDITIONS: [&str; 4] =
    ["execute go object 1", "execute no-go object 1", "observe go object 1", "observe no-go object 1"];

/// A folder with data, a base, and the sweeps of a test.
pub(crate) struct Lab {
    parent: tempfile::TempDir,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let parent = tempfile::tempdir().unwrap();
        for file in ["Firing_Rates.mat", "InhibitoryMask.mat"] {
            std::fs::copy(small().join(file), parent.path().join(file)).unwrap();
        }
        let lab = Self { parent };
        let mut config = Preset::Default.config();
        config.data.firing_rates = Some(lab.path("Firing_Rates.mat"));
        config.data.inhibitory_mask = Some(lab.path("InhibitoryMask.mat"));
        config.training.n_trials = 6;
        config.training.baseline = false;
        config.engine.engine = EngineKind::Cpu;
        config.task = TaskSource::Spec(Box::new(task()));
        std::fs::write(lab.path("base.toml"), config.to_toml().unwrap()).unwrap();
        lab
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.parent.path().join(name)
    }

    /// A specification over the base, or over one of its own.
    pub(crate) fn spec(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name).with_extension("toml");
        let base = format!("base = '{}'\n", self.path("base.toml").display());
        let base = if text.contains("base =") { "" } else { &base };
        std::fs::write(&path, format!("{base}{text}")).unwrap();
        path
    }

    /// `aon sweep run` of a specification into the directory NAME, of which nothing is said.
    pub(crate) fn run(&self, name: &str, text: &str, flags: &[&str]) -> Command {
        let mut command = self.say(name, text, flags);
        command.arg("--quiet");
        command
    }

    /// `aon sweep run` of a specification into the directory NAME.
    pub(crate) fn say(&self, name: &str, text: &str, flags: &[&str]) -> Command {
        let spec = self.spec(name, text);
        let mut command = aon();
        command.args(["sweep", "run"]).arg(spec).arg("--output-dir").arg(self.path(name)).args(flags);
        command.current_dir(self.parent.path());
        command
    }

    /// One that is trained to its end, and where.
    pub(crate) fn trained(&self, name: &str, text: &str, flags: &[&str]) -> PathBuf {
        self.run(name, text, flags).assert().success();
        self.path(name)
    }
}

fn task() -> TaskSpec {
    let mut task = TaskSpec::load("go-nogo").unwrap();
    task.areas = parse_areas("A=4,B=3,C=5").unwrap();
    task.time.thermal = 100;
    task.conditions.retain(|c| CONDITIONS.contains(&c.name.as_str()));
    task.stimulus.sequences.retain(|s| task.conditions.iter().any(|c| c.sequence == s.name));
    task
}

/// `aon sweep` of anything but `run`.
pub(crate) fn of(what: &str, sweep: &Path, flags: &[&str]) -> Command {
    let mut command = aon();
    command.args(["sweep", what]).arg(sweep).args(flags);
    command
}

/// What a command that succeeds says.
pub(crate) fn said(mut command: Command) -> String {
    String::from_utf8(command.assert().success().get_output().stdout.clone()).unwrap()
}

/// The names in a directory, sorted.
pub(crate) fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap_or_else(|e| panic!("{}: {e}", directory.display()));
    let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The directories of the runs, sorted.
pub(crate) fn runs(sweep: &Path) -> Vec<PathBuf> {
    let runs = sweep.join("runs");
    names(&runs).into_iter().map(|name| runs.join(name)).collect()
}

/// Every file below a directory, by its path in it.
pub(crate) fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for name in names(directory) {
        let path = directory.join(&name);
        if path.is_dir() {
            all.extend(files(&path).into_iter().map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
        } else {
            all.insert(name, std::fs::read(&path).unwrap());
        }
    }
    all
}

/// What of a run that ended must not depend on when, where and beside which others it was trained: its history without
/// seconds, its weights and its fit, as far as it has them.
pub(crate) fn essence(run: &Path) -> Vec<Vec<u8>> {
    let history = crate::cli_support::history(run).into_iter().flatten().collect::<Vec<_>>().join(",").into_bytes();
    let files = ["best.safetensors", "fit.csv"].map(|file| std::fs::read(run.join(file)).unwrap_or_default());
    [vec![history], files.into()].concat()
}

/// That of every run, by its name.
pub(crate) fn essences(sweep: &Path) -> BTreeMap<String, Vec<Vec<u8>>> {
    runs(sweep).iter().map(|run| (run.file_name().unwrap().to_str().unwrap().to_string(), essence(run))).collect()
}

/// When each file below a directory was written.
pub(crate) fn times(directory: &Path) -> BTreeMap<String, std::time::SystemTime> {
    let time = |name: &String| std::fs::metadata(directory.join(name)).unwrap().modified().unwrap();
    files(directory).into_keys().map(|name| (name.clone(), time(&name))).collect()
}

/// Copies all runs of one sweep beside those of another.
pub(crate) fn copy_runs(from: &Path, to: &Path) {
    copy_directory(&from.join("runs"), &to.join("runs"), &|_, bytes| bytes);
}

/// The rows of `runs.csv`, by the name of the run, as columns and cells.
pub(crate) fn table(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut rows = text.lines().map(cells);
    let header = rows.next().unwrap();
    let row = |cells: Vec<String>| {
        assert_eq!(cells.len(), header.len(), "{cells:?}");
        header.iter().cloned().zip(cells).collect::<BTreeMap<_, _>>()
    };
    rows.map(row).map(|row| (row["hash"].clone(), row)).collect()
}

/// The cells of a line of CSV, in which there may be quotes.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        let cell = cells.last_mut().unwrap();
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => cell.push(letters.next().unwrap()),
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            _ => cell.push(letter),
        }
    }
    assert!(!quoted, "{line}");
    cells
}

/// `runs.csv` of a sweep.
pub(crate) fn runs_csv(sweep: &Path) -> BTreeMap<String, BTreeMap<String, String>> {
    table(&std::fs::read_to_string(sweep.join("runs.csv")).unwrap())
}

/// `summary.json` of a run.
pub(crate) fn summary(run: &Path) -> serde_json::Value {
    json(&run.join("summary.json"))
}
