//! `aon tuning` from recordings to a verdict: what it writes, that it goes on where it was, and what it refuses.
#![allow(missing_docs)]

mod cli_support;

use cli_support::aon;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use std::fs;
use std::path::Path;

const BRIEF: [&str; 2] = ["--shifts", "99"];
const SETTINGS: &str = "[tuning]\nmost_shifts = 0\nleast_bouts = 5\n";

/// Two animals, 12 neurons each, eight minutes.
fn recordings(directory: &Path) {
    let size = ["--neurons", "12", "--minutes", "8", "--bouts", "6"];
    aon().args(["synth", "--recording", "--output-dir"]).arg(directory.join("data")).args(size).assert().success();
    fs::write(directory.join("tuning.toml"), SETTINGS).unwrap();
}

fn tuning(directory: &Path, to: &str) -> assert_cmd::Command {
    let mut command = aon();
    command.current_dir(directory).arg("tuning").args(["data/mouse1_day1.npz", "data/mouse2_day1.npz"]);
    command.args(["--config", "tuning.toml", "--output-dir", to]).args(BRIEF);
    command
}

fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap().lines().map(String::from).collect()
}

#[test]
fn a_study_writes_every_file_and_goes_on_where_it_was() {
    let place = tempfile::tempdir().unwrap();
    recordings(place.path());
    tuning(place.path(), "one").assert().success().stdout(contains("aon train"));
    let out = place.path().join("one");
    let tests = lines(&out.join("tuning.csv"));
    assert_eq!(tests[0], "animal,session,neuron,area,agent,behaviour,bouts,effect,sign,p,q");
    let labels = lines(&out.join("labels.csv"));
    assert_eq!((labels[0].as_str(), labels.len()), ("animal,session,neuron,area,class,mirror_behaviours", 25));
    let mirror = aon::data::read_mask(&out.join("Mirror.mat"), "mirror", 24).unwrap();
    for (row, is_mirror) in labels[1..].iter().zip(mirror) {
        let class = row.split(',').nth(4).unwrap();
        assert!(["self", "other", "mirror", "none", "untestable"].contains(&class), "{row}");
        assert_eq!(class == "mirror", is_mirror, "{row}");
    }
    let summary: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(out.join("summary.json")).unwrap()).unwrap();
    assert!(["found", "absent", "inconclusive"].contains(&summary["verdict"].as_str().unwrap()), "{summary}");
    assert_eq!(summary["neurons"], 24);
    for file in ["report.html", "mirror.csv", "controls.csv", "settings.toml", "training/task.toml"] {
        assert!(out.join(file).exists(), "{file}");
    }

    // One session's result is lost, the other's is damaged: both are found anew, and all tables are the same.
    let kept: Vec<_> = fs::read_dir(out.join("sessions")).unwrap().map(|f| f.unwrap().path()).collect();
    assert_eq!(kept.len(), 2);
    let before = ["tuning.csv", "labels.csv", "summary.json"].map(|f| fs::read(out.join(f)).unwrap());
    fs::remove_file(&kept[0]).unwrap();
    let damaged = fs::read_to_string(&kept[1]).unwrap().replacen("\"effect\": [", "\"effect\": [1.0,", 1);
    fs::write(&kept[1], damaged).unwrap();
    tuning(place.path(), "one").assert().success();
    assert_eq!(before, ["tuning.csv", "labels.csv", "summary.json"].map(|f| fs::read(out.join(f)).unwrap()));
    // The settings that were written are all of them, whatever the order of recordings.
    let mut again = aon();
    again.current_dir(place.path()).args(["tuning", "data/mouse2_day1.npz", "data/mouse1_day1.npz"]);
    again.args(["--config", "one/settings.toml", "--output-dir", "two"]).assert().success();
    assert_eq!(before[0], fs::read(place.path().join("two/tuning.csv")).unwrap());
}

#[test]
fn check_says_what_was_understood_and_tests_nothing() {
    let place = tempfile::tempdir().unwrap();
    recordings(place.path());
    let said = contains("12 neurons").and(contains("grasping by other")).and(contains("covariate pupil"));
    tuning(place.path(), "none").arg("--check").assert().success().stdout(said);
    let mut written: Vec<_> = fs::read_dir(place.path().join("none"))
        .unwrap()
        .map(|f| f.unwrap().file_name().into_string().unwrap())
        .collect();
    written.sort();
    assert_eq!(written, ["check.html", "figures"]);
    let page = fs::read_to_string(place.path().join("none/check.html")).unwrap();
    for words in
        ["mouse1 · day1", "mouse2 · day1", "grasping observed", "pupil", "24</strong><span>neurons, 2 sessions"]
    {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn neurons_that_are_asked_for_are_shown_and_what_was_rare_is_listed() {
    let place = tempfile::tempdir().unwrap();
    recordings(place.path());
    let named = |name: &str| {
        let mut command = tuning(place.path(), "asked");
        command.args(["--neuron", name]);
        command
    };
    named("nobody")
        .assert()
        .code(2)
        .stderr(contains("`--neuron nobody`").and(contains("expected the name of a neuron")));
    let labels = {
        fs::write(place.path().join("tuning.toml"), "[tuning]\nmost_shifts = 0\nleast_bouts = 8\n").unwrap();
        tuning(place.path(), "asked").assert().success();
        assert!(!place.path().join("asked/figures/asked-cells.svg").exists());
        lines(&place.path().join("asked/labels.csv"))
    };
    let last = labels.last().unwrap().split(',').nth(2).unwrap().to_string();
    named(&last).assert().success();
    let page = fs::read_to_string(place.path().join("asked/report.html")).unwrap();
    assert!(page.contains("Neurons that were asked for"));
    // Six bouts of each behaviour are too few for eight, whichever agent.
    let untested = lines(&place.path().join("asked/untested.csv"));
    assert_eq!(untested[0], "animal,session,agent,behaviour,bouts,usable_bouts,seconds,why");
    assert!(untested.iter().any(|row| row.starts_with("mouse1,day1,other,eating,6,")), "{untested:?}");
    assert!(untested.iter().all(|row| !row.contains(",object,")), "{untested:?}");
}

#[test]
fn what_cannot_be_meant_is_refused_in_a_sentence() {
    let place = tempfile::tempdir().unwrap();
    recordings(place.path());
    let refused = |arguments: &[&str], words: &str| {
        let mut command = aon();
        command.current_dir(place.path()).arg("tuning").args(arguments).args(["--output-dir", "out"]);
        command.assert().code(2).stderr(contains(words));
    };
    refused(&["absent.npz"], "absent.npz");
    refused(&["data/mouse1_day1.npz", "data/mouse1_day1.npz"], "expected each session once");
    refused(&["data/mouse1_day1.npz", "--shifts", "0"], "shifts");
    fs::write(place.path().join("bad.toml"), "[tuning]\nwindows = 3\n").unwrap();
    refused(&["data/mouse1_day1.npz", "--config", "bad.toml"], "bad.toml, line 2");
    fs::write(place.path().join("data/mouse1_day1.bouts.csv"), "agent,behaviour,start,stop\nself,eating,9,4\n")
        .unwrap();
    refused(&["data/mouse1_day1.npz"], "mouse1_day1.bouts.csv");
}
