//! From recordings and classes to what networks are trained on.
#![allow(missing_docs)]

mod rates_support;

use aon::config::{Plan, Preset, TaskSource};
use aon::data::recording::{Activity, Agent, Neuron, Session};
use aon::data::{ArrayFile, Normalization, read_mask};
use aon::error::Result;
use aon::run::{Silent, fit};
use aon::task::{ConditionClass, TaskSpec};
use aon::tuning::{Class, RatesBuilder, RatesSettings, TrainingFiles, training_files};
use ndarray::Array2;
use rates_support::{Numbers, bout, classes, framed, frames, go_no_go, neuron, reference, session, trial};
use std::path::Path;
use std::sync::atomic::AtomicBool;

fn made(sessions: &[(&Session, &[Class])], settings: &RatesSettings) -> Result<TrainingFiles> {
    let mut builder = RatesBuilder::new(settings, 3)?;
    for (session, class) in sessions {
        builder.add(session, &framed(session), &classes(class))?;
    }
    builder.finish()
}

fn plain(session: &Session, settings: &RatesSettings) -> Result<TrainingFiles> {
    made(&[(session, &vec![Class::None; session.neurons.len()])], settings)
}

fn told(files: &TrainingFiles, words: &str) -> bool {
    files.remarks.iter().any(|remark| remark.contains(words))
}

fn close(found: &Array2<f64>, expected: &[Vec<f64>]) {
    assert_eq!(found.dim(), (expected.len(), expected[0].len()));
    for ((i, b), value) in found.indexed_iter() {
        assert!((value - expected[i][b]).abs() < 1e-9, "neuron {i}, bin {b}: {value}, not {}", expected[i][b]);
    }
}

#[test]
fn peri_event_rates_are_those_of_pynapple() {
    let r = reference();
    let onset = |(agent, object, t): &(usize, String, f64)| {
        trial(Agent::ALL[*agent], None, Some(object), &[("movement onset", *t)])
    };
    let trials = r.trials.iter().map(onset).collect();
    let neurons = (0..r.spikes.len()).map(|i| neuron(&i.to_string(), "F5")).collect();
    let spikes = session("1", neurons, Activity::Spikes { times: r.spikes, span: r.span }, trials, Vec::new());
    let settings = RatesSettings {
        bin_ms: Some(r.bin_ms),
        window_ms: Some(r.window_ms),
        smoothing_ms: r.smoothing_ms,
        ..RatesSettings::default()
    };
    let files = plain(&spikes, &settings).unwrap();
    assert_eq!(files.rates.len(), 4);
    files.rates.iter().zip(&r.rates).for_each(|(found, expected)| close(found, expected));
    assert!(told(&files, "1 of 44 trials or bouts are left out"), "{:?}", files.remarks);
    assert!((files.times[0] + 0.39).abs() < 1e-12 && files.bin_ms == 20.0 && files.smoothing_ms == 50.0);

    let bouts = r.frame_events.iter().map(|t| bout(Agent::Own, "eating", *t, t + 0.5)).collect();
    let neurons = (0..r.frames.len()).map(|i| neuron(&i.to_string(), "F5")).collect();
    let calcium = session("2", neurons, frames(&r.frames, r.frame_times), Vec::new(), bouts);
    let files = plain(&calcium, &settings).unwrap();
    let lowest = |row: &Vec<f64>| row.iter().copied().fold(0.0, f64::min);
    let shifted: Vec<Vec<f64>> =
        r.frame_rates.iter().map(|row| row.iter().map(|v| v - lowest(row)).collect()).collect();
    close(&files.rates[0], &shifted);
    assert!(told(&files, "of 3 neurons goes below 0") && files.rates[0].iter().all(|v| *v >= 0.0));
}

/// The same by counting spikes one after the other, of a window and filter of another size.
#[test]
fn rates_are_those_of_plain_code() {
    let recorded = go_no_go("1", 6, 7, 1);
    let (from, to, bin, sigma) = (-300.0, 400.0, 12.5, 30.0);
    let settings = RatesSettings {
        bin_ms: Some(bin),
        window_ms: Some([from, to]),
        smoothing_ms: sigma,
        ..RatesSettings::default()
    };
    let files = plain(&recorded, &settings).unwrap();
    let Activity::Spikes { times, .. } = &recorded.activity else { unreachable!() };
    let onset = |t: &aon::data::recording::Trial| t.events["movement onset"];
    let trials: Vec<_> = recorded.trials.iter().filter(|t| t.agent == Agent::Other && t.go == Some(true)).collect();
    let radius = (4.0 * sigma / bin).round() as i64;
    let weight = |j: i64| (-0.5 * (j as f64 * bin / sigma).powi(2)).exp();
    let whole: f64 = (-radius..=radius).map(weight).sum();
    let count = |i: usize, t0: f64, b: i64| {
        let begin = t0 + (from + b as f64 * bin) / 1000.0;
        times[i].iter().filter(|t| **t >= begin && **t < begin + bin / 1000.0).count() as f64
    };
    // Rows by area, AIP (1, 4), F5 (2, 5), F6 (0, 3, 6); the third condition is "observe go cup".
    let of_object: Vec<_> = trials.iter().filter(|t| t.object.as_deref() == Some("cup")).collect();
    for (row, i) in [1, 4, 2, 5, 0, 3, 6].into_iter().enumerate() {
        assert_eq!(files.neurons[row].neuron.name, format!("unit {i}"));
        for b in [0, 1, 23, 55] {
            let smoothed = |t: &&&aon::data::recording::Trial| -> f64 {
                (-radius..=radius).map(|j| weight(j) / whole * count(i, onset(t), b + j)).sum()
            };
            let mean = of_object.iter().map(smoothed).sum::<f64>() / of_object.len() as f64 / (bin / 1000.0);
            let found = files.rates[2][[row, b as usize]];
            assert!((found - mean).abs() < 1e-9, "row {row}, bin {b}: {found}, not {mean}");
        }
    }
}

#[test]
fn a_go_no_go_task_has_its_conditions_stimuli_and_rows() {
    let recorded = go_no_go("1", 6, 9, 2);
    let class = [Class::Mirror, Class::None, Class::Own, Class::Mirror, Class::Other, Class::Untestable];
    let class: Vec<Class> = class.into_iter().cycle().take(9).collect();
    let files = made(&[(&recorded, &class)], &RatesSettings::default()).unwrap();
    let names: Vec<&str> = files.task.conditions.iter().map(|c| c.name.as_str()).collect();
    let expected = [
        "execute go cup",
        "execute go ring",
        "observe go cup",
        "observe go ring",
        "observe no-go cup",
        "observe no-go ring",
    ];
    assert_eq!(names, expected);
    let last = &files.task.conditions[5];
    assert_eq!((last.input, last.class, last.go), (1, ConditionClass::Observation, Some(false)));
    assert_eq!((last.object.as_deref(), last.firing_rates.as_str()), (Some("ring"), "FR6"));
    let areas: Vec<(&str, usize)> = files.task.areas.iter().map(|a| (a.name.as_str(), a.size)).collect();
    assert_eq!(areas, [("AIP", 3), ("F5", 3), ("F6", 3)]);
    let rows: Vec<&str> = files.neurons.iter().map(|n| n.neuron.name.as_str()).collect();
    assert_eq!(rows, [1, 4, 7, 2, 5, 8, 0, 3, 6].map(|i| format!("unit {i}")));
    assert_eq!(files.mirror(), [false, false, false, false, false, false, true, true, true]);
    assert!(files.neurons.iter().all(|n| n.trials == [6; 6] && n.drawn));

    // −2500 to 1000 ms in steps of 5: the sound ends 300 to 400 ms before the movement, at a step of 420 to 440.
    assert_eq!((files.task.time.step_ms, files.task.time.steps_per_bin, files.task.time.thermal), (5.0, 2, 100));
    assert_eq!(
        files.channels,
        ["Go signal", "object cup", "event 1", "object ring", "event movement onset", "No-Go signal"]
    );
    let sequence = |c: usize| &files.task.stimulus.sequences[c].epochs;
    for c in 0..6 {
        let signal = &sequence(c)[0];
        let end = signal.to.unwrap();
        assert!((420..=440).contains(&end) && end - signal.from == 240, "{signal:?}");
        assert_eq!(signal.channels, [if c < 4 { 0 } else { 5 }]);
        assert_eq!((sequence(c)[1].from, sequence(c)[1].to), (0, None));
        // Its own movement is not shown to it; a No-Go trial has none.
        assert_eq!(sequence(c).len(), if c == 2 || c == 3 { 4 } else { 3 });
    }
    assert_eq!((sequence(2)[3].from, sequence(2)[3].to), (500, Some(540)));
    assert!(told(&files, "aligned by `end of sound`") && told(&files, "3 of 9 neurons are mirror neurons; 1 could"));
    assert!(told(&files, "NOT KNOWN of 9 of 9") && told(&files, "seed 3"));
}

#[test]
fn the_files_are_those_that_a_training_takes() {
    let recorded = go_no_go("1", 5, 12, 3);
    let class: Vec<Class> = (0..12).map(|i| if i % 2 == 0 { Class::Mirror } else { Class::None }).collect();
    let settings = RatesSettings { bin_ms: Some(50.0), ..RatesSettings::default() };
    let files = made(&[(&recorded, &class)], &settings).unwrap();
    // They stay in target/tmp, to be looked at.
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("for a training");
    let written = files.write(&place).unwrap();
    assert!(written.len() == 6 && written.iter().all(|path| path.is_file()));
    let path = |name: &str| place.join(name);
    assert_eq!(read_mask(&path("Mirror.mat"), "mirror", 12).unwrap(), files.mirror());
    assert_eq!(read_mask(&path("InhibitoryMask.mat"), "inhibitory", 12).unwrap(), files.inhibitory());
    assert_eq!(files.inhibitory().iter().filter(|i| **i).count(), 3);
    let rates = ArrayFile::open(&path("Firing_Rates.mat")).unwrap();
    assert_eq!(rates.array("FR6").unwrap(), files.rates[5].clone().into_dyn());
    assert_eq!(rates.vector("times", "times", Some(70)).unwrap(), files.times);
    assert!(["animals", "sessions", "neurons", "areas", "unit"].into_iter().all(|name| rates.contains(name)));
    let task = path("task.toml").display().to_string();
    assert_eq!(TaskSpec::load(&task).unwrap(), files.task);
    assert!(files.task.warnings(70).is_empty());
    let table = std::fs::read_to_string(path("neurons.csv")).unwrap();
    assert!(table.lines().count() == 13 && table.contains("\n1,A,1,unit 1,AIP,,none,0,"), "{table}");
    let text = std::fs::read_to_string(path("training.txt")).unwrap();
    assert!(text.contains("DRAWN AT RANDOM") && text.contains(&files.command(&place)), "{text}");
    assert!(files.command(&place).contains("for a training/task.toml'"));

    let mut config = Preset::Default.config();
    config.task = TaskSource::Named(task);
    config.data.firing_rates = Some(path("Firing_Rates.mat"));
    config.data.inhibitory_mask = Some(path("InhibitoryMask.mat"));
    config.data.mirror = Some(path("Mirror.mat"));
    config.data.normalize = Normalization::Soft;
    config.training.n_trials = 40;
    let plan = Plan::new(config).unwrap();
    let network = fit(&plan, &AtomicBool::new(false), &mut Silent).unwrap().unwrap().pop().unwrap();
    let median = plan.recorded().unwrap().score(&network.rates).unwrap().summary().median_r2;
    assert!(median > 0.2, "{median}");
}

#[test]
fn bouts_are_conditions_where_there_are_no_trials() {
    let mut numbers = Numbers(5);
    let mut bouts = Vec::new();
    for k in 0..40 {
        let (agent, behaviour) = [(Agent::Own, "eating"), (Agent::Other, "eating"), (Agent::Own, "grooming")][k % 3];
        let start = 5.0 + 4.0 * k as f64;
        bouts.push(bout(agent, behaviour, start, start + 1.0));
    }
    // Of one bout of eating, a frame of the second neuron has no number.
    let times: Vec<f64> = (0..3400).map(|f| f as f64 * 0.05).collect();
    let mut values: Vec<Vec<f32>> = (0..2).map(|_| times.iter().map(|_| numbers.next() as f32).collect()).collect();
    values[1][100] = f32::NAN;
    let neurons =
        vec![Neuron { name: "a".into(), ..Neuron::default() }, Neuron { name: "b".into(), ..Neuron::default() }];
    let recorded = session("1", neurons, frames(&values, times), Vec::new(), bouts);
    let files = plain(&recorded, &RatesSettings::default()).unwrap();
    let names: Vec<&str> = files.task.conditions.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["execute eating", "execute grooming", "observe eating"]);
    assert_eq!((files.task.areas[0].name.as_str(), files.rates[0].dim()), ("unnamed area", (2, 60)));
    assert_eq!((files.neurons[0].trials[0], files.neurons[1].trials[0]), (14, 13));
    let epoch = &files.task.stimulus.sequences[0].epochs[0];
    assert_eq!((epoch.from, epoch.to), (200, Some(400)));
    assert!(files.flags(Path::new("x")).ends_with(&["--normalize".into(), "peak".into()]));
    let without = RatesSettings { leave_out: vec!["execute grooming".into()], ..RatesSettings::default() };
    assert_eq!(plain(&recorded, &without).unwrap().rates.len(), 2);
}

#[test]
fn neurons_without_all_conditions_and_those_that_came_before_are_left_out() {
    let (first, mut second, mut third) = (go_no_go("1", 6, 4, 1), go_no_go("2", 8, 3, 2), go_no_go("3", 6, 5, 3));
    third.trials.retain(|t| t.agent == Agent::Own);
    let mut identified = first.clone();
    identified.neurons[1].identity = Some("x".into());
    second.neurons[2].identity = Some("x".into());
    let class = [Class::None; 5];
    let sessions = [(&identified, &class[..4]), (&second, &class[..3]), (&third, &class[..5])];
    let files = made(&sessions, &RatesSettings::default()).unwrap();
    // 7 neurons with 6 conditions give more rates than 12 with 2.
    let rows: Vec<(&str, &str)> = files.neurons.iter().map(|n| (n.session.as_str(), n.neuron.name.as_str())).collect();
    let expected =
        [("2", "unit 1"), ("1", "unit 2"), ("2", "unit 2"), ("1", "unit 0"), ("1", "unit 3"), ("2", "unit 0")];
    assert_eq!(rows, expected);
    assert!(told(&files, "A 3: 5 of 5 neurons are left out") && told(&files, "1 rows are left out: the same"));
    // Fewer neurons with all conditions than that pays: executed ones alone.
    let files = made(&[(&first, &class[..4]), (&go_no_go_own("4", 20), &[Class::None; 20])], &RatesSettings::default());
    let files = files.unwrap();
    assert_eq!((files.rates.len(), files.neurons.len()), (2, 24));
    assert!(told(&files, "`observe go cup` is no condition of the task: 4 of 24 neurons"), "{:?}", files.remarks);
    assert!(files.task.conditions.iter().all(|c| c.input == 0));

    let framed: Vec<_> =
        [&identified, &second].map(|s| (s, framed(s), classes(&vec![Class::None; s.neurons.len()]))).into();
    let given: Vec<_> = framed.iter().map(|(s, f, c)| (*s, f, c)).collect();
    let settings = RatesSettings::default();
    let at_once = training_files(&given, &settings, 3).unwrap();
    assert_eq!(at_once, made(&sessions[..2], &settings).unwrap());
}

fn go_no_go_own(name: &str, neurons: usize) -> Session {
    let mut session = go_no_go(name, 6, neurons, 9);
    session.trials.retain(|t| t.agent == Agent::Own);
    session
}

#[test]
fn types_of_cells_are_taken_where_they_are_known() {
    let mut recorded = go_no_go("1", 5, 6, 1);
    for (i, neuron) in recorded.neurons.iter_mut().enumerate() {
        neuron.cell_type = Some(if i == 4 { "fast-spiking" } else { "Pyramidal" }.into());
    }
    let files = plain(&recorded, &RatesSettings::default()).unwrap();
    assert_eq!(files.inhibitory(), [false, true, false, false, false, false]);
    assert!(!told(&files, "DRAWN") && files.neurons.iter().all(|n| !n.drawn));
}

fn refused(result: Result<TrainingFiles>, words: &[&str]) {
    let error = result.unwrap_err();
    assert_eq!(error.exit_code(), 2, "{error}");
    for word in words {
        assert!(error.to_string().contains(word), "\"{word}\" is not in: {error}");
    }
}

#[test]
fn what_makes_no_rates_is_refused_in_sentences() {
    let recorded = go_no_go("1", 6, 4, 1);
    let with = |change: &dyn Fn(&mut RatesSettings)| {
        let mut settings = RatesSettings::default();
        change(&mut settings);
        plain(&recorded, &settings)
    };
    refused(with(&|s| s.bin_ms = Some(33.0)), &["`window_ms = [-2500, 1000]`", "whole number", "33 ms"]);
    refused(with(&|s| s.bin_ms = Some(f64::NAN)), &["`bin_ms = NaN`"]);
    refused(with(&|s| s.align = Some("grasp".into())), &["no trial has the event `grasp`", "`end of sound`"]);
    refused(with(&|s| s.least_trials = 7), &["7 trials", "the most are 6"]);
    refused(with(&|s| s.leave_out = vec!["execute".into()]), &["`leave_out`", "`execute go cup`", "found `execute`"]);
    refused(with(&|s| s.window_ms = Some([-1e7, 0.0])), &["`window_ms = [-10000000, 0]`"]);
    refused(
        with(&|s| s.window_ms = Some([-3e5, 0.0])),
        &["expected neurons with 5 trials", "reach beyond the recording"],
    );

    let empty =
        session("2", Vec::new(), Activity::Spikes { times: Vec::new(), span: (0.0, 9.0) }, Vec::new(), Vec::new());
    refused(plain(&empty, &RatesSettings::default()), &["neither trials nor bouts"]);
    refused(made(&[], &RatesSettings::default()), &["No session was given"]);
    refused(made(&[(&recorded, &[Class::None; 3])], &RatesSettings::default()), &["4 neurons", "4 and 3"]);
    let calcium = session(
        "3",
        vec![neuron("a", "F5")],
        frames(&[vec![0.0; 9]], (0..9).map(f64::from).collect()),
        Vec::new(),
        Vec::new(),
    );
    let both = made(&[(&recorded, &[Class::None; 4]), (&calcium, &[Class::None])], &RatesSettings::default());
    refused(both, &["3.npz", "expected spikes", "found frames"]);
    let mut named = go_no_go("1", 6, 3, 1);
    named.neurons.iter_mut().for_each(|n| n.area = Some("observe go cup".into()));
    refused(plain(&named, &RatesSettings::default()), &["observe go cup", "tell them apart"]);
    named.neurons.iter_mut().for_each(|n| n.area = Some("\n".into()));
    assert_eq!(plain(&named, &RatesSettings::default()).unwrap().task.areas[0].name, "unnamed area");
    let averages = Session { activity: Activity::Averages(Vec::new()), ..go_no_go("4", 6, 0, 1) };
    let mut builder = RatesBuilder::new(&RatesSettings::default(), 0).unwrap();
    builder.add(&averages, &framed(&recorded), &classes(&[])).unwrap();
    refused(builder.finish(), &["averages over trials"]);
}
