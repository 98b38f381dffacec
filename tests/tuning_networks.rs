//! Trained networks are studied as recordings are: units whose answers are known get their classes, and runs on disk are read.
#![allow(missing_docs)]

mod cli_support;

use aon::config::{Inputs, Plan, Preset};
use aon::data::RecordedCondition;
use aon::data::recording::{Activity, Agent, Framed, Session};
use aon::engine::{BatchState, Device, EngineConfig, EngineKind, NetworkSettings, Problem};
use aon::lab::{NetworkTrials, baseline_ms, recording};
use aon::network::{Group, Layout};
use aon::run::subject;
use aon::task::TaskSpec;
use aon::tuning::{Class, Null, TuningSettings, TuningStudy, study_session};
use cli_support::{aon, synthetic_flags};
use ndarray::{Array2, s};
use predicates::str::contains;
use std::sync::atomic::AtomicBool;

/// Units that are driven by the movement: in both agents, in execution alone, in observation alone, never.
const KINDS: [(usize, [f32; 2], Class); 4] = [
    (5, [1.5, 1.2], Class::Mirror),
    (5, [-1.5, 0.0], Class::Own),
    (3, [0.0, 1.5], Class::Other),
    (12, [0.0, 0.0], Class::None),
];

const TASK: &str = r#"
name = "grasp"
[time]
step_ms = 5.0
steps_per_bin = 4
thermal = 100
[[areas]]
name = "F5"
size = 25
[stimulus]
channels = 2
[[stimulus.sequences]]
name = "act"
epochs = [{ channels = [0], value = 1.0, from = 120, to = 160 }, { channels = [1], value = 1.0, from = 280 }]
[[stimulus.sequences]]
name = "stay"
epochs = [{ channels = [0], value = 1.0, from = 120, to = 160 }]
[[conditions]]
name = "execute"
firing_rates = "FR1"
input = 0
sequence = "act"
class = "execution"
go = true
object = "ring"
[[conditions]]
name = "observe"
firing_rates = "FR2"
input = 1
sequence = "act"
class = "observation"
go = true
object = "ring"
[[conditions]]
name = "stay"
firing_rates = "FR3"
input = 0
sequence = "stay"
class = "execution"
go = false
object = "ring"
"#;

fn recorded(trials: &NetworkTrials) -> Session {
    let task: TaskSpec = toml::from_str(TASK).unwrap();
    let n = task.neurons();
    let conditions = task.conditions.iter().map(|c| RecordedCondition {
        variable: c.firing_rates.clone(),
        rates: Array2::from_shape_fn((n, 120), |(i, b)| 0.4 + 0.01 * ((i + b) % 7) as f64),
        initial_r: None,
        initial_x: None,
    });
    let mut config = Preset::Default.config();
    config.engine = EngineConfig { engine: EngineKind::Cpu, ..EngineConfig::default() };
    let plan = Plan::of(config, task.clone(), Inputs::new(conditions.collect(), vec![false; n])).unwrap();
    let layout = Layout::new(&plan.problem.dims);
    let mut parameters = vec![0.0; layout.len()];
    // Of a softplus: no recurrent weights.
    parameters[layout.range(Group::Recurrent)].fill(-30.0);
    for (agent, group) in [Group::Input(0), Group::Input(1)].into_iter().enumerate() {
        let driven = KINDS.iter().flat_map(|(count, gain, _)| std::iter::repeat_n(gain[agent], *count));
        for (row, gain) in parameters[layout.range(group)].chunks_exact_mut(2).zip(driven) {
            // A little of the cue for all: noise reaches everyone.
            row.copy_from_slice(&[0.2, gain]);
        }
    }
    let device = Device::choose(&plan.config.engine, &mut |_| {}).unwrap();
    let open = |p: &Problem, s: &[NetworkSettings], start: &BatchState| device.open(p, s, start);
    let network = subject(&plan, parameters, &open).unwrap();
    recording(&network, &task, trials, ("network".into(), "run".into()), &open).unwrap()
}

#[test]
fn units_of_known_answers_get_their_classes() {
    let session = recorded(&NetworkTrials { trials: 30, ..NetworkTrials::default() });
    assert_eq!(session, recorded(&NetworkTrials { trials: 30, ..NetworkTrials::default() }), "noise is keyed");
    let of = |agent| session.bouts.iter().filter(|b| b.agent == agent && b.behaviour == "ring").count();
    assert_eq!([of(Agent::Own), of(Agent::Other), session.bouts.len(), session.trials.len()], [30, 30, 60, 90]);
    let first = &session.bouts[0];
    assert!((first.start - 1.4).abs() < 1e-9 && (first.stop - 2.4).abs() < 1e-9, "{first:?}");

    // As rates of 0.5 say: 25 spikes/s, in bins of 20 ms, and as variable as Poisson's.
    let Activity::Frames { values, .. } = &session.activity else { panic!("frames") };
    let silent: Vec<f64> = values.slice(s![13.., ..]).iter().map(|v| f64::from(*v)).collect();
    let mean = silent.iter().sum::<f64>() / silent.len() as f64;
    let variance = silent.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / silent.len() as f64;
    // Standard errors are 0.002 and 0.004: of 12 units × 10 800 frames.
    assert!((mean - 0.5).abs() < 0.02 && (variance / mean - 1.0).abs() < 0.02, "{mean} {variance}");
    let rates = recorded(&NetworkTrials { trials: 2, peak_hz: 0.0, ..NetworkTrials::default() });
    let Activity::Frames { values, .. } = &rates.activity else { panic!("frames") };
    assert!(values.iter().all(|r| (0.0..=1.0).contains(r)) && values.iter().any(|r| r.fract() != 0.0));

    let framed = Framed::new(&session, 0.02).unwrap();
    let task: TaskSpec = toml::from_str(TASK).unwrap();
    let baseline = baseline_ms(&task, &[120; 3]).unwrap();
    assert_eq!(baseline, [-1300.0, -800.0], "before the cue, which comes 800 ms before the movement");
    assert_eq!(baseline_ms(&task, &[20; 3]), None, "nothing is shown in so short a trial");
    let settings = TuningSettings { null: Null::Trials, baseline_ms: baseline, ..TuningSettings::default() };
    let study = study_session(&session, &framed, &[], 0, 1, &settings, &AtomicBool::new(false)).unwrap().unwrap();
    let study = TuningStudy::new(vec![study], &settings);
    let mut units = study.classes[0].class.iter();
    for (count, _, class) in KINDS {
        let found: Vec<Class> = units.by_ref().take(count).copied().collect();
        let right = found.iter().filter(|c| **c == class).count();
        // At a false discovery rate of 0.05, with 10 and 8 answers to find, 0.5 and 0.4 others are found on average: over three in
        // all with a probability of 0.01.
        assert!(right + if class == Class::None { 3 } else { 0 } >= count, "{class}: {found:?}");
    }
}

#[test]
fn nonsense_is_refused_by_name() {
    for (trials, words) in [
        (NetworkTrials { trials: 1, ..NetworkTrials::default() }, "`trials = 1`"),
        (NetworkTrials { peak_hz: -1.0, ..NetworkTrials::default() }, "`peak_hz = -1`"),
        (NetworkTrials { stimulus_sd: f32::NAN, ..NetworkTrials::default() }, "`stimulus_sd = NaN`"),
        (
            NetworkTrials { stimulus_sd: 0.0, initial_sd: 0.0, peak_hz: 0.0, ..NetworkTrials::default() },
            "would be the same",
        ),
    ] {
        let error = trials.check().unwrap_err();
        assert!(error.to_string().contains(words) && error.exit_code() == 2, "{error}");
    }
}

/// The runs of a batch are studied as animals are, against the time before the cue, and crossed with the labels of their run.
#[test]
fn runs_on_disk_are_studied_like_recordings_and_not_with_them() {
    let parent = tempfile::tempdir().unwrap();
    let (data, run, out) = (parent.path().join("data"), parent.path().join("run"), parent.path().join("out"));
    aon().args(["synth", "--small", "--output-dir"]).arg(&data).assert().success();
    let mut train = aon();
    train.arg("train").args(synthetic_flags(&data)).args(["--engine", "cpu", "--n-trials", "12", "--networks", "2"]);
    train.arg("--output-dir").arg(&run).assert().success();

    let config = parent.path().join("tuning.toml");
    let settings =
        "[tuning]\nmost_shifts = 0\n[network]\ntrials = 12\n[population]\ndraws = 200\nwindow = [0.0, 0.3]\n";
    std::fs::write(&config, settings).unwrap();
    let tuned = || {
        let mut command = aon();
        command.arg("tuning").arg(&run).args(["--shifts", "100", "--also", "population", "--config"]).arg(&config);
        command.arg("--output-dir").arg(&out);
        command
    };
    let text = String::from_utf8(tuned().assert().success().get_output().stdout.clone()).unwrap();
    let crossed = std::fs::read_to_string(out.join("crossed.csv")).unwrap();
    let rows: Vec<Vec<&str>> = crossed.lines().skip(1).map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 2 * 5, "five classes of two networks: {crossed}");
    for network in ["run seed-0", "run seed-1"] {
        let units: usize = rows.iter().filter(|r| r[0] == network).map(|r| r[2].parse::<usize>().unwrap()).sum();
        assert_eq!(units, 80, "{crossed}");
        let untestable = rows.iter().find(|r| r[0] == network && r[1] == "untestable").unwrap();
        assert_eq!(untestable[2], "0", "twelve trials are enough: {crossed}");
    }
    // The data that a network was trained on and its own rates, by the same measure.
    let alignment = std::fs::read_to_string(out.join("alignment.csv")).unwrap();
    for of in ["run seed-0,data,F5,execute,observe,3,", "run seed-1,model,,observe,execute,3,", "run seed-0,trials,"] {
        assert!(alignment.contains(of), "{of}: {alignment}");
    }
    let settings = std::fs::read_to_string(out.join("settings.toml")).unwrap();
    assert!(
        settings.contains("null = \"trials\"") && !settings.contains("baseline_ms = [-1000.0, 0.0]\nfalse"),
        "{settings}"
    );
    assert!(out.join("report.html").exists() && out.join("labels.csv").exists() && !text.is_empty());
    let again = String::from_utf8(tuned().assert().success().get_output().stdout.clone()).unwrap();
    assert_eq!(text, again);

    let refused = |flags: &[&str], words: &str| {
        tuned().args(flags).assert().code(2).stderr(contains(words.to_string()));
    };
    refused(&["--also", "encoding"], "no bout can be moved");
    refused(&["--null", "circular"], "--null circular: expected --null trials for trained networks");
    let npz = data.join("none.npz");
    refused(&[npz.to_str().unwrap()], "is no run: expected runs of `aon train` alone");
}
