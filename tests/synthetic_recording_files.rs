//! Synthetic recordings in files: complete, consistent, in nobody's way; and settings that are refused in sentences.
#![allow(missing_docs)]

mod cli_support;

use aon::data::recording::{RecordingSettings, Session, read};
use aon::synthetic::recording::{Contexts, Kind, Objects, RecordingSynthesis, Scenario, Shares, SyntheticRecording};
use cli_support::aon;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use std::collections::BTreeSet;
use std::path::Path;

fn small(kind: Kind) -> RecordingSynthesis {
    let demonstration = RecordingSynthesis::demonstration(4).recorded_as(kind);
    RecordingSynthesis { neurons: 8, sessions: 2, bouts: 2, duration_s: 300.0, ..demonstration }
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn rows(path: &Path) -> Vec<Vec<String>> {
    text(path).lines().map(|line| line.split(',').map(String::from).collect()).collect()
}

/// What is read from the files is what was in memory, times and all.
#[test]
fn files_hold_what_memory_does() {
    for kind in [Kind::Calcium, Kind::Deconvolved, Kind::Spikes] {
        let directory = tempfile::tempdir().unwrap();
        let settings = small(kind);
        let archives = settings.write(directory.path(), false).unwrap();
        let made = SyntheticRecording::generate(&settings).unwrap();
        assert_eq!(archives.len(), 4);
        let mut identities = rows(&directory.path().join("identities.csv"));
        assert_eq!(identities.remove(0).join(","), "animal,session,neuron,identity");
        for (path, session) in archives.iter().zip(&made.sessions) {
            assert_eq!(path.file_name().unwrap(), session.source.file_name().unwrap());
            let found = read(path, &RecordingSettings::default(), None).unwrap().remove(0);
            assert_eq!((&found.animal, &found.name), (&session.animal, &session.name));
            assert_eq!(found.activity, session.activity);
            assert_eq!((&found.contexts, &found.covariates), (&session.contexts, &session.covariates));
            let names = |s: &Session| s.neurons.iter().map(|n| (n.name.clone(), n.area.clone())).collect::<Vec<_>>();
            assert_eq!(names(&found), names(session));
            for neuron in &session.neurons {
                let identity = neuron.identity.clone().unwrap();
                let row = [&session.animal, &session.name, &neuron.name, &identity].map(Clone::clone);
                assert_eq!(identities.remove(0), row);
            }
            check_tables(&path.with_extension(""), session);
        }
        assert!(identities.is_empty());
        check_truth(&directory.path().join("truth.csv"), &made);
    }
}

fn check_tables(stem: &Path, session: &Session) {
    let table = |ending: &str| rows(&stem.with_extension(ending));
    let bouts = table("bouts.csv");
    assert_eq!(bouts[0].join(","), "agent,behaviour,start,stop,object");
    assert_eq!(bouts.len(), session.bouts.len() + 1);
    for (row, bout) in bouts[1..].iter().zip(&session.bouts) {
        assert_eq!(row[..2], [bout.agent.to_string(), bout.behaviour.clone()]);
        assert_eq!((row[2].parse().unwrap(), row[3].parse().unwrap()), (bout.start, bout.stop));
        assert_eq!(row[4], bout.object.clone().unwrap_or_default());
    }
    let covariates = table("covariates.csv");
    assert_eq!(covariates[0].join(","), "time,pupil,running");
    for (k, row) in covariates[1..].iter().enumerate() {
        let numbers: Vec<f64> = row.iter().map(|cell| cell.parse().unwrap()).collect();
        let [pupil, running] = &session.covariates[..] else { panic!("two covariates") };
        assert_eq!(numbers, [pupil.times[k], pupil.values[k], running.values[k]]);
    }
    assert_eq!(table("contexts.csv").concat().join(","), "name,start,stop,alone,0,150,watching,150,300");
}

fn check_truth(path: &Path, made: &SyntheticRecording) {
    let truth = rows(path);
    let header = "animal,identity,area,class,event_rate,self reaching,self grasping,self eating,self grooming,self wheel running,\
                  other reaching,other grasping,other eating,other grooming,other wheel running,object";
    assert_eq!(truth[0].join(","), header);
    assert_eq!(truth.len(), made.cells.len() + 1);
    for (row, cell) in truth[1..].iter().zip(&made.cells) {
        assert_eq!(row[..4], [&cell.animal, &cell.identity, cell.area.as_ref().unwrap(), cell.class.name()]);
        let effects = cell.executed.iter().chain(&cell.observed).chain([&cell.object]);
        for (found, expected) in row[5..].iter().zip(effects) {
            assert!((found.parse::<f64>().unwrap() - expected).abs() < 1e-6);
        }
    }
}

#[test]
fn recordings_replace_nothing_unasked_and_stand_beside_no_others() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    let settings = small(Kind::Calcium);
    settings.write(place, false).unwrap();
    let error = settings.write(place, false).unwrap_err();
    assert!(error.exit_code() == 2 && error.to_string().contains("`overwrite`"), "{error}");
    // One context leaves no table of two behind.
    let one = RecordingSynthesis { contexts: Contexts::One, duration_s: 300.0, ..settings.clone() };
    one.write(place, true).unwrap();
    assert!(!place.join("mouse1_day1.contexts.csv").exists() && place.join("mouse1_day1.bouts.csv").exists());
    // A third session of before would be read with two of now.
    let error = RecordingSynthesis { sessions: 1, ..settings }.write(place, true).unwrap_err();
    assert!(error.exit_code() == 2 && error.to_string().contains("_day2.npz"), "{error}");
}

#[test]
fn settings_out_of_their_range_are_refused_by_name() {
    type Change = fn(&mut RecordingSynthesis);
    let changes: [(&str, Change); 34] = [
        ("`animals = 0`", |s| s.animals = 0),
        ("`sessions = 4294967296`", |s| s.sessions = 1 << 32),
        ("`neurons = 0`", |s| s.neurons = 0),
        ("`neurons = 100001`", |s| s.neurons = 100_001),
        ("`bouts = 0`", |s| s.bouts = 0),
        ("`minutes = NaN`", |s| s.duration_s = f64::NAN),
        ("`minutes = -1`", |s| s.duration_s = -60.0),
        ("`minutes = 100000000`", |s| s.duration_s = 6e9),
        ("`rate_hz = inf`", |s| s.rate_hz = f64::INFINITY),
        ("`event_rate = 0`", |s| s.event_rate = 0.0),
        ("`event_rate = 900`", |s| s.event_rate = 900.0),
        ("`event_rate_spread = -1`", |s| s.event_rate_spread = -1.0),
        ("`noise = -0.1`", |s| s.noise = -0.1),
        ("`decay_s = 0`", |s| s.decay_s = 0.0),
        ("`refractory_s = 1`", |s| s.refractory_s = 1.0),
        ("`areas", |s| s.areas = vec!["M2".into(), "M2".into()]),
        ("`areas", |s| s.areas = vec!["M2\nPPC".into()]),
        ("`behaviours = []`", |s| s.behaviours.clear()),
        ("`behaviours`", |s| s.behaviours = vec![Objects::NAME.into()]),
        ("`behaviours`", |s| s.behaviours = vec!["a".into(), "a".into()]),
        ("`bout_s = 1`", |s| s.bout_s = (2.0, 1.0)),
        ("`pause_s = 0`", |s| s.pause_s = 0.0),
        ("`minutes = 21`", |s| s.bouts = 100),
        ("expected shares of at most 1", |s| s.shares = Shares { mirror: 0.6, execution: 0.6, ..Shares::default() }),
        ("`mirror_share = 1.5`", |s| s.shares.mirror = 1.5),
        ("`effect = 0`", |s| s.effect = 0.0),
        ("`observed_ratio = NaN`", |s| s.observed_ratio = f64::NAN),
        ("`behaviours_per_cell = 2`: expected 1 to 1", |s| (s.shares.elsewhere, s.behaviours_per_cell) = (0.1, 2)),
        ("Set `objects`", |s| s.shares.visual = 0.1),
        ("`seen_s = 3`", |s| s.objects = Some(Objects { lead_s: 2.0, seen_s: 3.0, alone: 0 })),
        ("`rate_end = 0`", |s| s.nuisance.rate_end = 0.0),
        ("`baseline_end = 0.5`", |s| (s.kind, s.nuisance.baseline_end) = (Kind::Spikes, 0.5)),
        ("there is one context", |s| s.nuisance.context_change = 0.3),
        ("`time_s = 0`", |s| s.nuisance.arousal.time_s = 0.0),
    ];
    for (named, change) in changes {
        let mut settings = RecordingSynthesis::stationary(0);
        change(&mut settings);
        let error = SyntheticRecording::generate(&settings).map(|_| named).unwrap_err();
        assert!(error.exit_code() == 2 && error.to_string().contains(named), "{named}: {error}");
    }
    // What the sentence advises is enough.
    let many =
        RecordingSynthesis { bouts: 100, duration_s: 21.0 * 60.0, neurons: 1, ..RecordingSynthesis::stationary(0) };
    many.check().unwrap();
}

#[test]
fn every_scenario_is_one_in_every_kind() {
    use Scenario::{Arousal, Bleaching, Bursts, Demonstration, Joined, Rundown, Stationary};
    for scenario in [Demonstration, Stationary, Bleaching, Rundown, Joined, Arousal, Bursts] {
        for kind in [Kind::Calcium, Kind::Deconvolved, Kind::Spikes] {
            RecordingSynthesis::of(scenario, 0).recorded_as(kind).check().unwrap();
        }
    }
    RecordingSynthesis::slow_pupil(0).check().unwrap();
    RecordingSynthesis::all_executing(0).check().unwrap();
}

#[test]
fn the_program_writes_recordings_and_says_how_to_go_on() {
    let parent = tempfile::tempdir().unwrap();
    let synth = |more: &[&str]| {
        let mut line = aon();
        line.current_dir(parent.path()).args(["synth", "--recording", "--seed", "5", "--neurons", "6"]).args(more);
        line.assert()
    };
    let few = ["--minutes", "10", "--bouts", "4", "--animals", "1", "--sessions", "2", "--kind", "spikes"];
    synth(&[&few[..], &["--output-dir=-my data"]].concat())
        .success()
        .stdout(contains("mouse1_day2.npz").and(contains("aon tuning './-my data'/*.npz")).and(contains("truth.csv")));
    let names = std::fs::read_dir(parent.path().join("-my data")).unwrap().map(|e| e.unwrap().file_name());
    let names: BTreeSet<String> = names.map(|n| n.into_string().unwrap()).collect();
    assert_eq!(names.len(), 2 + 2 * 4, "{names:?}");
    synth(&[&few[..], &["--output-dir=-my data"]].concat()).code(2).stderr(contains("--overwrite"));
    synth(&[&few[..], &["--output-dir=-my data", "--overwrite"]].concat()).success();
    for (flags, named) in [
        (["--mirror-share", "0.9"], "--mirror-share 0.9"),
        (["--minutes", "3"], "--minutes"),
        (["--neurons=4294967295", "--overwrite"], "--neurons"),
        (["--effect", "nan"], "--effect"),
        (["--animals", "18446744073709551615"], "--animals"),
        (["--scenario", "sunny"], "demonstration"),
    ] {
        let mut line = aon();
        line.args(["synth", "--recording", "--output-dir"]).arg(parent.path().join("new")).args(flags);
        line.assert().code(2).stderr(contains(named));
    }
    assert!(!parent.path().join("new").exists());
    aon().args(["synth", "--animals", "2"]).assert().code(2).stderr(contains("--recording"));
}
