//! A project as people have one: data, and a run on them.
#![allow(dead_code)] // Each test file uses a part.

use crate::cli_support::{aon, copy_directory, resume, small};
use aon::data::{ArrayFile, NamedArray, write_arrays};
use ndarray::Array1;
use predicates::str::contains;
use std::path::{Path, PathBuf};

/// A project: data, and a run on them.
pub(crate) struct Project {
    pub(crate) parent: tempfile::TempDir,
    pub(crate) place: PathBuf,
}

impl Project {
    pub(crate) fn new(flags: &[&str]) -> Self {
        let parent = tempfile::tempdir().unwrap();
        let place = parent.path().join("project");
        copy_directory(&small(), &place.join("data"), &|_, bytes| bytes);
        let mirror: Array1<f64> = (0..12).map(|i| f64::from(u8::from(i % 3 == 0))).collect();
        write_arrays(&place.join("data/Mirror.mat"), &[NamedArray::new("mirror", mirror)]).unwrap();
        let project = Self { parent, place };
        project.train(&project.run(), flags).assert().success();
        project
    }

    pub(crate) fn train(&self, run: &Path, flags: &[&str]) -> assert_cmd::Command {
        let mut command = aon();
        let data = |name: &str| self.place.join("data").join(name);
        command.args([
            "train",
            "--no-baseline",
            "--quiet",
            "--engine",
            "cpu",
            "--areas",
            "A=4,B=3,C=5",
            "--thermal",
            "100",
        ]);
        command.arg("--firing-rates-mat").arg(data("Firing_Rates.mat"));
        command.arg("--inhibitory-mask-mat").arg(data("InhibitoryMask.mat"));
        command.arg("--mirror-mat").arg(data("Mirror.mat"));
        command.arg("--stimulus").arg(data("stim.mat"));
        command.arg("--output-dir").arg(run).args(["--n-trials", "4"]).args(flags);
        command
    }

    pub(crate) fn run(&self) -> PathBuf {
        self.place.join("run")
    }

    pub(crate) fn data(&self, name: &str) -> PathBuf {
        self.place.join("data").join(name)
    }

    /// Everything that opens a finished run.
    pub(crate) fn openings(&self) -> [assert_cmd::Command; 4] {
        let run = self.run();
        let of = |command: &str| {
            let mut program = aon();
            program.arg(command).arg(&run).args(["--engine", "cpu"]);
            program
        };
        let mut perturb = of("perturb");
        perturb.args(["--quiet", "--controls", "0", "--trials", "0"]);
        [of("eval"), of("export"), perturb, resume(&run, &["--n-trials", "6", "--quiet"])]
    }

    pub(crate) fn refused_by_all(&self, words: &[&str]) {
        for mut command in self.openings() {
            let output = command.assert().code(2).get_output().stderr.clone();
            let said = String::from_utf8(output).unwrap();
            for word in words {
                assert!(said.contains(word), "{word}: {said}");
            }
        }
    }

    pub(crate) fn taken_by_all(&self, word: &str) {
        for mut command in self.openings() {
            command.assert().success().stderr(contains(word));
        }
    }

    pub(crate) fn edit_config(&self, from: &str, to: &str) {
        let path = self.run().join("config.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
    }
}

/// A mask with one value turned.
pub(crate) fn turn(path: &Path, variable: &str, neuron: usize) {
    let mut mask = ArrayFile::open(path).unwrap().vector(variable, "values", None).unwrap();
    mask[neuron] = 1.0 - mask[neuron];
    write_arrays(path, &[NamedArray::new(variable, Array1::from(mask))]).unwrap();
}
