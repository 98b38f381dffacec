//! `aon perturb` from run to tables: files, resuming, several runs, errors.
#![allow(missing_docs)]

mod cli_support;

use aon::data::npz::NpzFile;
use cli_support::{aon, synthetic_flags, train_small};
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A small synthetic data set and two seeds trained on it for a few steps: the numbers of a lesion, not its meaning.
fn batch(parent: &Path) -> PathBuf {
    let (data, run) = (parent.join("data"), parent.join("run"));
    aon().args(["synth", "--small", "--output-dir"]).arg(&data).assert().success();
    let mut train = aon();
    train.arg("train").args(synthetic_flags(&data));
    train.args(["--engine", "cpu", "--n-trials", "12", "--networks", "2", "--hold-out", "execute go object 1"]);
    train.arg("--output-dir").arg(&run).assert().success();
    run
}

const QUICK: [&str; 12] = [
    "--controls",
    "20",
    "--subsets",
    "3",
    "--trials",
    "5",
    "--control-trials",
    "1",
    "--permutations",
    "3",
    "--window-ms",
    "700",
];

fn table(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| line.split(',').map(String::from).collect()).collect()
}

#[test]
fn a_batch_is_studied_run_by_run_and_as_a_whole_and_finished_lesions_are_not_done_again() {
    let parent = tempfile::tempdir().unwrap();
    let run = batch(parent.path());
    let perturb = || {
        let mut command = aon();
        command.arg("perturb").arg(&run).args(QUICK).args(["--export", "npz"]);
        command
    };
    perturb().assert().success();
    let place = run.join("seed-0/perturb");
    for file in ["effects", "cells", "decoding", "connectivity", "balance", "currents", "motifs", "recurrence"] {
        let rows = table(&place.join(file).with_extension("csv"));
        assert!(rows.len() > 1, "{file}");
        assert!(!rows.iter().flatten().any(|cell| cell == "NaN" || cell == "inf"), "{file}");
    }
    let effects = table(&place.join("effects.csv"));
    assert_eq!(
        effects[0].join(","),
        "lesion,area,cell_type,class,size,window,mode,measure,scope,value,control_mean,control_low,control_high,p,q,\
         effect_size,matched,superiority"
    );
    assert!(effects.iter().all(|row| row.len() == effects[0].len()));
    let lesions: BTreeSet<&str> = effects[1..].iter().map(|row| row[0].as_str()).collect();
    assert_eq!(lesions.len(), 13, "twelve classes and the intact network: {lesions:?}");
    let measures: BTreeSet<&str> = effects[1..].iter().map(|row| row[7].as_str()).collect();
    for measure in ["r2_change", "self_other_distance_change", "kick_remaining", "go_accuracy_change"] {
        assert!(measures.contains(measure), "{measures:?}");
    }
    assert!(effects.iter().any(|row| row[8] == "held-out conditions"));
    // Each neuron once for each measure, and what was found of the first by the export.
    let cells = table(&place.join("cells.csv"));
    let of_fit: Vec<&Vec<String>> = cells.iter().filter(|r| r[6] == "r2_change").collect();
    let numbers: Vec<usize> = of_fit.iter().map(|r| r[0].parse().unwrap()).collect();
    assert_eq!(numbers, (1..=80).collect::<Vec<_>>());
    let exported = NpzFile::open(&place.join("perturb.npz")).unwrap().array("cells").unwrap();
    assert_eq!(exported.shape()[..2], [1, 80]);
    let written: f64 = of_fit[0][8].parse().unwrap();
    // Tables hold seven digits; ΔR² of all neurons is the first measure.
    assert!((exported[[0, 0, 0]] - written).abs() <= 1e-6 * written.abs());
    for file in [
        "report.html",
        "perturb.npz",
        "lesions/intact.npz",
        "lesions/001.npz",
        "lesions/012.npz",
        "lesions/cells-001.npz",
    ] {
        assert!(place.join(file).is_file(), "{file}");
    }
    for file in ["consistency.csv", "report.html"] {
        assert!(run.join("perturb").join(file).is_file(), "{file}");
    }
    let seeds = table(&run.join("perturb/seeds.csv"));
    let number = |name: &str| seeds[0].iter().position(|c| c == name).unwrap();
    let (effect, low, p) = (number("effect"), number("effect_joint_low"), number("p"));
    assert!(seeds.iter().all(|row| row.len() == seeds[0].len()));
    assert!(seeds[1..].iter().all(|row| row[low].is_empty()), "two runs have no interval");
    assert!(seeds[1..].iter().any(|row| !row[effect].is_empty() && !row[p].is_empty()));

    // One lesion is lost: it is done again, the others are read, and every table is as it was.
    let before = std::fs::read(place.join("effects.csv")).unwrap();
    let stamp = |number: &str| std::fs::metadata(place.join("lesions").join(number)).unwrap().modified().unwrap();
    let stamps = || ["002.npz", "cells-001.npz", "intact.npz"].map(stamp);
    let kept = stamps();
    std::fs::remove_file(place.join("lesions/001.npz")).unwrap();
    perturb().assert().success();
    let still = stamps();
    assert!(std::fs::read(place.join("effects.csv")).unwrap() == before && still == kept);

    // With other settings everything is done again.
    aon().arg("perturb").arg(run.join("seed-0")).args(QUICK[..4].to_vec()).args(["--trials", "0"]).assert().success();
    assert!(stamps().iter().zip(&kept).all(|(now, before)| now != before));

    // Everything that runs and studies leave is known to be theirs: another run in their place finds nothing of it.
    let mut train = aon();
    train.arg("train").args(synthetic_flags(&parent.path().join("data"))).args(["--engine", "cpu", "--n-trials", "2"]);
    train.args(["--quiet", "--overwrite", "--output-dir"]).arg(&run).assert().success();
    let mut left: Vec<String> =
        std::fs::read_dir(&run).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    left.retain(|name| name.starts_with("seed-") || name.starts_with("summary.csv") || name == "perturb");
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn lesions_of_a_file_take_the_place_of_the_classes() {
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    train_small(&run, &["--n-trials", "3"]).assert().success();
    let file = parent.path().join("lesions.toml");
    std::fs::write(&file, "[[lesion]]\nname = \"a cut\"\narea = \"A\"\nmode = \"cut\"\nonto = \"B\"\n").unwrap();
    let perturb = |lesions: &Path| {
        let mut command = aon();
        command.arg("perturb").arg(&run).args(["--trials", "0", "--lesions"]).arg(lesions);
        command
    };
    perturb(&file).assert().success();
    let effects = table(&run.join("perturb/effects.csv"));
    assert!(effects[1..].iter().all(|row| ["intact", "a cut"].contains(&row[0].as_str())));
    std::fs::write(&file, "[[lesion]]\narea = \"M1\"\n").unwrap();
    perturb(&file).assert().code(2).stderr(contains("lesion 1").and(contains("M1")));
}

#[test]
fn what_cannot_be_studied_is_refused_in_a_sentence() {
    let parent = tempfile::tempdir().unwrap();
    let nowhere = parent.path().join("nowhere");
    aon().arg("perturb").arg(&nowhere).assert().code(2).stderr(contains("nowhere"));
    let run = parent.path().join("run");
    train_small(&run, &["--n-trials", "1"]).assert().success();
    for (flags, word) in [
        (["--controls", "5"], "at least 20"),
        (["--trials", "2"], "at least 5"),
        (["--window-ms", "0"], "window"),
        (["--mirror-mat", "missing.mat"], "missing.mat"),
    ] {
        aon().arg("perturb").arg(&run).args(flags).assert().code(2).stderr(contains(word));
    }
    aon().arg("perturb").args([&run, &run]).assert().code(2).stderr(contains("twice"));
}
