//! What a configuration and its files become.
#![allow(missing_docs)]

use aon::config::{Config, Inputs, Plan, Preset, StimulusNoise, TaskSource};
use aon::data::{NamedArray, RecordedCondition, write_arrays};
use aon::engine::FreshNoise;
use aon::error::Error;
use aon::network::{Group, Layout};
use aon::task::TaskSpec;
use ndarray::{Array1, Array2};
use std::path::Path;

const TASK: &str = r#"
name = "ragged"
areas = [{ name = "A", size = 2 }, { name = "B", size = 1 }]
time = { step_ms = 5.0, steps_per_bin = 2, thermal = 3 }

[stimulus]
channels = 2
sequences = [
    { name = "first", epochs = [{ channels = [0], value = 1.0, from = 0 }] },
    { name = "second", epochs = [{ channels = [1], value = 0.5, from = 2, to = 4 }] },
]

[[conditions]]
name = "long"
firing_rates = "FR1"
input = 0
sequence = "second"
class = "execution"

[[conditions]]
name = "short"
firing_rates = "FR2"
input = 1
sequence = "first"
class = "observation"
"#;

/// Two conditions of 4 and 2 bins, with r given at t = 0, and x not.
fn config(directory: &Path) -> Config {
    let rate = |c: usize| move |(i, b): (usize, usize)| (100 * c + 10 * i + b) as f64 / 1000.0;
    let rates = directory.join("rates.npz");
    write_arrays(
        &rates,
        &[
            NamedArray::new("FR1", Array2::from_shape_fn((3, 4), rate(1))),
            NamedArray::new("FR2", Array2::from_shape_fn((3, 2), rate(2))),
            NamedArray::new("IC_FR1", Array1::from(vec![0.1, 0.2, 0.3])),
            NamedArray::new("IC_FR2", Array1::from(vec![0.4, 0.5, 0.6])),
        ],
    )
    .unwrap();
    let mask = directory.join("mask.npz");
    write_arrays(&mask, &[NamedArray::new("inhibitory", Array1::from(vec![0_u8, 1, 0]))]).unwrap();
    let mut config = Preset::Default.config();
    config.task = TaskSource::Spec(Box::new(TaskSpec::parse(TASK, "test").unwrap()));
    config.data.firing_rates = Some(rates);
    config.data.inhibitory_mask = Some(mask);
    config
}

#[test]
fn ragged_conditions_are_laid_out_bin_by_bin_and_counted_apart() {
    let directory = tempfile::tempdir().unwrap();
    let plan = Plan::new(config(directory.path())).unwrap();
    let (p, d) = (&plan.problem, &plan.problem.dims);
    assert_eq!((d.neurons, d.conditions, d.bins, d.time_steps), (3, 2, 4, 3 + 2 * 4));
    assert_eq!((d.channels, d.sequences, d.input_groups), (2, 2, 2));
    assert_eq!((&p.bins[..], &p.input_group[..], &p.sequence[..]), (&[4, 2][..], &[0, 1][..], &[1, 0][..]));
    for (c, bins) in [(0, 4), (1, 2)] {
        for b in 0..bins {
            for i in 0..3 {
                let expected = (100 * (c + 1) + 10 * i + b) as f32 / 1000.0;
                assert!((p.targets[(c * 4 + b) * 3 + i] - expected).abs() < 1e-7);
            }
        }
    }
    // What the file does not give is zero.
    assert_eq!(p.initial_r, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
    assert_eq!(p.initial_x, [0.0; 6]);
    // Sequence 0, channel 0: from the end of the warm-up to the end of the trial.
    let channel: Vec<f32> = p.stimulus[..11 * 2].iter().step_by(2).copied().collect();
    assert_eq!(channel, [0., 0., 0., 1., 1., 1., 1., 1., 1., 1., 1.]);
    assert!(p.recurrent && plan.inputs.len() == 2);
}

#[test]
fn frozen_noise_is_the_tasks_and_fresh_noise_the_engines() {
    let directory = tempfile::tempdir().unwrap();
    let planned = |seed: u64, noise: StimulusNoise| {
        let mut config = config(directory.path());
        let mut task = config.task.load().unwrap();
        task.stimulus.noise = 0.1;
        config.task = TaskSource::Spec(Box::new(task));
        (config.seed, config.training.stimulus_noise) = (seed, noise);
        Plan::new(config).unwrap()
    };
    let (frozen, other) = (planned(0, StimulusNoise::Frozen), planned(1, StimulusNoise::Frozen));
    assert_eq!(frozen.problem.stimulus, other.problem.stimulus, "every seed sees the same stimulus");
    assert_eq!(frozen.settings[0].fresh_noise, None);

    let fresh = planned(7, StimulusNoise::Fresh);
    assert_eq!(fresh.problem.stimulus, Plan::new(config(directory.path())).unwrap().problem.stimulus);
    assert_ne!(fresh.problem.stimulus, frozen.problem.stimulus);
    let drawn = Some(FreshNoise { sigma: 0.1, seed: 7, network: 0 });
    assert_eq!((fresh.settings[0].fresh_noise, fresh.baseline(&[0]).networks[0].settings.fresh_noise), (drawn, drawn));
}

/// Whatever belongs to a network is what a run of its seed alone would have.
#[test]
fn networks_of_a_batch_are_runs_of_consecutive_seeds() {
    let directory = tempfile::tempdir().unwrap();
    let planned = |seed: u64, networks: usize| {
        let mut config = config(directory.path());
        let mut task = config.task.load().unwrap();
        task.stimulus.noise = 0.1;
        config.task = TaskSource::Spec(Box::new(task));
        config.training.stimulus_noise = StimulusNoise::Fresh;
        (config.seed, config.networks) = (seed, networks);
        Plan::new(config).unwrap()
    };
    let batch = planned(5, 3);
    assert_eq!((batch.problem.dims.networks, &batch.seeds[..]), (3, &[5, 6, 7][..]));
    assert_ne!(batch.initial(0), batch.initial(1));
    for k in 0..3 {
        let alone = planned(5 + k as u64, 1);
        let run = batch.run_of(k);
        assert_eq!((&run.config, &run.settings), (&alone.config, &alone.settings));
        assert_eq!((batch.initial(k), &batch.settings[k]), (alone.initial(0), &alone.settings[0]));
        let [ours, its] = [batch.baseline(&[k]), alone.baseline(&[0])].map(|mut fit| fit.networks.remove(0));
        assert_eq!((ours.initial, ours.settings), (its.initial, its.settings));
        assert_eq!((run.problem.dims, run.problem.stimulus), (alone.problem.dims, alone.problem.stimulus));
    }
    let text = batch.config.to_toml().unwrap();
    assert!(text.contains("networks = 3") && !batch.config_of(0).to_toml().unwrap().contains("networks"));
}

#[test]
fn a_baseline_has_the_data_of_its_run_and_no_recurrence() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = config(directory.path());
    config.training.n_trials = 1000;
    config.training.learning_rate = 1e-3;
    let plan = Plan::new(config).unwrap();
    let baseline = plan.baseline(&[0]);
    let mut network = baseline.networks[0].clone();
    assert_eq!((network.steps, baseline.problem.recurrent), (300, false));
    assert_eq!(network.settings.freeze, [Group::Recurrent]);
    assert!((network.schedule.rate(1) - 0.1).abs() < 1e-12, "the recipe's learning rate, not the run's");
    let p = &baseline.problem;
    let weights = p.constraint.weights(&p.population, &network.initial[..9]);
    assert!(weights.iter().all(|w| *w == 0.0));
    assert_eq!(p.targets, plan.problem.targets);
}

#[test]
fn frozen_weights_are_zero_without_a_file_and_the_files_with_one() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = config(directory.path());
    config.network.freeze = vec!["W".into()];
    assert!(!Plan::new(config.clone()).unwrap().problem.recurrent);

    let w = Array2::from_shape_fn((3, 3), |(i, j)| if i == j { 0.0 } else { [0.5, -0.25, 0.125][j] });
    let init = directory.path().join("init.npz");
    let small = |n: usize, m: usize| Array2::from_elem((n, m), 0.1);
    let arrays = [
        NamedArray::new("W", w.clone()),
        NamedArray::new("W_in", small(3, 2)),
        NamedArray::new("W_in2", small(3, 2)),
        NamedArray::new("I_ext", small(3, 1)),
        NamedArray::new("taus_param", small(3, 1)),
    ];
    write_arrays(&init, &arrays).unwrap();
    config.network.init = Some(init);
    let plan = Plan::new(config).unwrap();
    let p = &plan.problem;
    let recurrent = Layout::new(&p.dims).range(Group::Recurrent);
    let found = p.constraint.weights(&p.population, &plan.initial(0)[recurrent]);
    // The inhibitory neuron's projection to the other area, W[2, 1], is cut under presynaptic signs.
    for (k, (found, given)) in found.iter().zip(&w).enumerate() {
        let expected = if k == 7 { 0.0 } else { *given as f32 };
        assert!((found - expected).abs() <= 1e-6, "element {k}: {found}, expected {expected}");
    }
    assert!(p.recurrent);
}

type Change = fn(&mut Config);

#[test]
fn what_is_missing_or_contradicts_itself_is_bad_input() {
    let directory = tempfile::tempdir().unwrap();
    let good = config(directory.path());
    let cases: [(Change, &str); 4] = [
        (|c| c.data.firing_rates = None, "`firing_rates = FILE`"),
        (|c| c.data.inhibitory_mask = None, "`inhibitory_mask`"),
        (|c| c.data.mirror = Some("no/such/mirror.mat".into()), "mirror.mat"),
        (|c| c.network.freeze = vec!["V".into()], "`freeze`"),
    ];
    for (change, named) in cases {
        let mut config = good.clone();
        change(&mut config);
        let error: Error = Plan::new(config).unwrap_err();
        assert!(error.to_string().contains(named) && error.exit_code() == 2, "{error}");
    }
    // Without signs to keep, nobody's type is needed.
    let mut unsigned = good;
    unsigned.data.inhibitory_mask = None;
    unsigned.network.dale = aon::network::Dale::None;
    unsigned.network.sign_constraint = aon::network::SignConstraint::Reflect;
    assert!(Plan::new(unsigned).unwrap().problem.population.inhibitory().iter().all(|i| !i));
}

/// The data of [`config`] as arrays, and its settings without files.
fn in_memory(directory: &Path) -> (Config, TaskSpec, Inputs) {
    let mut config = config(directory);
    let path = config.data.firing_rates.take().unwrap();
    config.data.inhibitory_mask = None;
    let rates = RecordedCondition::read_all(&path, &["FR1".into(), "FR2".into()]).unwrap();
    (config, TaskSpec::parse(TASK, "test").unwrap(), Inputs::new(rates, vec![false, true, false]))
}

#[test]
fn arrays_and_files_make_the_same_plan() {
    let directory = tempfile::tempdir().unwrap();
    let from_files = Plan::new(config(directory.path())).unwrap();
    let (config, task, inputs) = in_memory(directory.path());
    let plan = Plan::of(config, task, inputs).unwrap();
    let (ours, theirs) = (&plan.problem, &from_files.problem);
    assert_eq!(
        (&ours.targets, &ours.initial_r, &ours.stimulus),
        (&theirs.targets, &theirs.initial_r, &theirs.stimulus)
    );
    assert_eq!((ours.dims, &ours.population, &ours.bins), (theirs.dims, &theirs.population, &theirs.bins));
    assert_eq!((plan.initial(0), &plan.settings), (from_files.initial(0), &from_files.settings));
    assert!(plan.inputs.is_empty());
}

#[test]
fn a_start_from_memory_holds_the_weights_themselves() {
    let directory = tempfile::tempdir().unwrap();
    let (config, task, inputs) = in_memory(directory.path());
    let mut start = vec![0.1; 9 + 2 * 6 + 2 * 3];
    start[..9].copy_from_slice(&[0.0, -0.25, 0.125, 0.5, 0.0, 0.125, 0.5, 0.0, 0.0]);
    let plan = Plan::of(config, task, Inputs { start: Some(start.clone()), ..inputs }).unwrap();
    let (p, initial) = (&plan.problem, plan.initial(0));
    let weights = p.constraint.weights(&p.population, &initial[..9]);
    // softplus and its inverse in f32.
    assert!(weights.iter().zip(&start).all(|(w, given)| (w - given).abs() < 1e-6), "{weights:?}");
    assert_eq!(initial[9..], start[9..]);
}

type ChangeInputs = fn(&mut Config, &mut Inputs);

#[test]
fn arrays_that_do_not_belong_together_are_bad_input() {
    let directory = tempfile::tempdir().unwrap();
    let cases: [(ChangeInputs, &str); 11] = [
        (|_, i| i.conditions.swap(0, 1), "FR1, FR2, in this order, found those for FR2, FR1"),
        (|_, i| i.conditions.truncate(1), "found those for FR1"),
        (|_, i| i.conditions[1].rates[[0, 0]] = f64::NAN, "arrays in memory: FR2"),
        (|_, i| i.conditions[0].rates[[0, 0]] = 2.0, "0…1"),
        (|_, i| i.conditions[0].initial_r = Some(Array1::zeros(2)), "IC_FR1: expected 3 values"),
        (|_, i| i.inhibitory = Some(vec![false; 4]), "mask has 4 values"),
        (|_, i| i.inhibitory = None, "types of the neurons"),
        (|_, i| i.mirror = Some(vec![true]), "mirror mask has 1"),
        (|_, i| i.start = Some(vec![0.0; 3]), "expected 27 finite parameters, found 3"),
        (|c, i| (c.networks, i.start) = (2, Some(vec![0.0; 27])), "differ in nothing"),
        (
            |c, _| c.network.init = Some("weights.mat".into()),
            "weights.mat: a plan on arrays from memory reads no files",
        ),
    ];
    for (change, named) in cases {
        let (mut config, task, mut inputs) = in_memory(directory.path());
        change(&mut config, &mut inputs);
        let error = Plan::of(config, task, inputs).unwrap_err();
        assert!(error.to_string().contains(named) && error.exit_code() == 2, "{named}: {error}");
    }
}
