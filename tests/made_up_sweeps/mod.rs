//! Sweeps that nobody trained.
#![allow(missing_docs, unreachable_pub)] // of one test program

use aon::report::sweep::{
    Axis, AxisKind, AxisValue, Halving, Objective, Run, RunState, Rung, Setting, SweepReport, standings,
};
use aon::rng::{Rng, Stream};

pub fn objective(name: &str) -> Objective {
    let label = match name {
        "median_r2" => "median R²",
        "held_out_r2" => "held-out R²",
        other => other,
    };
    Objective { name: name.into(), label: label.into(), lower_is_better: name == "loss" }
}

pub fn axis(key: &str, kind: AxisKind) -> Axis {
    Axis { key: key.into(), kind }
}

pub fn text(value: &str) -> AxisValue {
    AxisValue { text: value.into(), number: None }
}

pub fn number(value: f64) -> AxisValue {
    AxisValue { text: format!("{value}"), number: Some(value) }
}

/// Four digits, as drawn values have.
fn rounded(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap()
}

/// A sweep without settings and runs.
pub fn empty(name: &str) -> SweepReport {
    SweepReport {
        title: "made up".into(),
        objective: objective(name),
        axes: Vec::new(),
        settings: Vec::new(),
        runs: Vec::new(),
        halving: None,
        confirms: false,
        choices: vec![("specification".into(), "sweep.toml".into())],
        notes: Vec::new(),
    }
}

/// A run that ended.
pub fn run(setting: usize, seed: u64, value: f64) -> Run {
    Run {
        hash: format!("{:08x}", (setting as u64 + 1) * 2_654_435 + seed * 97),
        setting,
        seed,
        hold_out: None,
        confirmation: false,
        state: RunState::Ended,
        reason: "all steps".into(),
        steps: 200,
        objective: Some(value),
        loss: Some(10.0 * (1.2 - value)),
        median_r2: Some(value),
        held_out_r2: None,
        input_only_r2: Some(0.55),
        input_only_held_out_r2: None,
        seconds: 12.5,
        host: "lab-1".into(),
        engine: "cpu".into(),
        path: format!("out/sweep/runs/{setting:04}-{seed}").into(),
        losses: Vec::new(),
        rung_values: Vec::new(),
        divergence: None,
    }
}

/// How large [`large`] is, and what it has.
#[derive(Clone, Copy)]
pub struct Kind {
    pub points: usize,
    pub seeds: u64,
    pub steps: usize,
    pub halves: bool,
    pub confirms: bool,
}

/// Drawn learning rates and gains, two choices, and two data sets that belong together: fast learners of high gain diverge,
/// the gain matters a little, `dale` does not.
pub fn large(kind: Kind) -> SweepReport {
    let mut sweep = empty("median_r2");
    sweep.title = "Learning rate, gain & co".into();
    sweep.notes = vec!["Two processes trained it.".into()];
    sweep.axes = vec![
        axis("training.learning_rate", AxisKind::Log),
        axis("network.gain", AxisKind::Linear),
        axis("network.dale", AxisKind::Choice),
        axis("data.firing_rates", AxisKind::Choice),
        axis("data.inhibitory_mask", AxisKind::Choice),
        axis("network.tau_max", AxisKind::Choice),
    ];
    let rng = Rng::new(1, 0, Stream::Synthetic);
    for point in 0..kind.points as u32 {
        let lr = rounded(10f64.powf(-2.0 + 2.0 * rng.at_step(1).uniform(point)));
        let gain = rounded(0.05 + 0.45 * rng.at_step(2).uniform(point));
        for (k, (dale, data)) in [
            ("presynaptic", "monkey_a"),
            ("presynaptic", "monkey_b"),
            ("postsynaptic", "monkey_a"),
            ("postsynaptic", "monkey_b"),
        ]
        .into_iter()
        .enumerate()
        {
            let values = vec![
                number(lr),
                number(gain),
                text(dale),
                text(&format!("../recordings/{data}/FR.mat")),
                text(&format!("../recordings/{data}/IM.mat")),
                number(0.2),
            ];
            sweep.settings.push(Setting { values, group: k });
        }
    }
    for setting in 0..sweep.settings.len() {
        for seed in 1..=kind.seeds {
            sweep.runs.push(trained(&sweep, setting, seed, kind));
        }
    }
    if kind.halves {
        halve(&mut sweep, kind);
    }
    if kind.confirms {
        sweep.confirms = true;
        for standing in standings(&sweep).into_iter().take(3) {
            for seed in 101..=110 {
                let run = trained(&sweep, standing.setting, seed, kind);
                sweep.runs.push(Run { confirmation: true, ..run });
            }
        }
    }
    sweep
}

fn trained(sweep: &SweepReport, setting: usize, seed: u64, kind: Kind) -> Run {
    let values = &sweep.settings[setting].values;
    let (lr, gain) = (values[0].number.unwrap(), values[1].number.unwrap());
    let rng = Rng::new(seed, setting as u32, Stream::Synthetic);
    let of_seed = 0.01 * Rng::new(seed, 0, Stream::Synthetic).at_step(7).normal(0);
    let bump = (-(lr.log10() + 0.8).powi(2) / 0.6).exp();
    let data = if values[3].text.contains("monkey_b") { 0.05 } else { 0.0 };
    let mut value = 0.45 + 0.35 * bump + 0.15 * gain - data + of_seed + 0.015 * rng.normal(0);
    // A few runs end in nonsense.
    if rng.below(60, 3) == 0 {
        value = -3.0 - 40.0 * rng.uniform(4);
    }
    let mut run = run(setting, seed, value);
    let speed = 0.01 + 0.08 * lr.sqrt();
    let floor = 40.0 * (1.1 - value.max(0.0));
    let loss =
        |t: usize| floor + (400.0 - floor) * (-speed * t as f64).exp() * (1.0 + 0.04 * rng.at_step(9).normal(t as u32));
    run.losses = (0..kind.steps).map(|t| loss(t) as f32).collect();
    run.steps = kind.steps as u32;
    run.loss = Some(floor);
    run.seconds = kind.steps as f64 * 0.021;
    run.input_only_r2 = Some(0.52 - data);
    if setting.is_multiple_of(3) {
        run.host = "lab-2".into();
        run.engine = "gpu (NVIDIA)".into();
    }
    if lr > 0.45 && gain > 0.3 && rng.below(10, 5) < 7 {
        let step = 10 + rng.below(40, 6);
        run.losses.truncate(step);
        run.losses.push(f32::NAN);
        run.state = RunState::Diverged;
        run.reason = "diverged".into();
        run.divergence =
            Some(format!("step {step}: the loss is NaN (gradient norm before: {:.1e})", 1e4 * rng.uniform(8)));
        run.steps = step as u32;
        (run.objective, run.loss, run.median_r2, run.input_only_r2) = (None, None, None, None);
    }
    run
}

/// Cuts at steps 30 and 100, the better third going on.
fn halve(sweep: &mut SweepReport, kind: Kind) {
    let steps = [30, 100];
    let rungs = steps.map(|step| Rung { step }).to_vec();
    sweep.halving = Some(Halving { measure: objective("loss"), keep: 0.34, rungs });
    let mut left: Vec<usize> = (0..sweep.settings.len()).collect();
    for (k, step) in steps.into_iter().enumerate() {
        let value = |run: &Run| run.losses.get(step as usize - 1).map(|v| f64::from(*v));
        let median = |setting: usize| {
            let mut all: Vec<f64> =
                sweep.runs.iter().filter(|r| r.setting == setting).map(|r| value(r).unwrap_or(f64::INFINITY)).collect();
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        };
        left.sort_by(|a, b| median(*a).total_cmp(&median(*b)));
        let kept = left[..(left.len() as f64 * 0.34).ceil() as usize].to_vec();
        for run in sweep.runs.iter_mut().filter(|r| left.contains(&r.setting)) {
            let value = run.losses.get(step as usize - 1).map(|v| f64::from(*v));
            run.rung_values.resize(k, None);
            run.rung_values.push(value);
            if !kept.contains(&run.setting) && run.state == RunState::Ended {
                run.state = RunState::Halved;
                run.reason = format!("halved at step {step}");
                run.losses.truncate(step as usize);
                run.steps = step;
                run.objective = run.objective.map(|v| v - 0.1);
                run.seconds *= f64::from(step) / kind.steps as f64;
            }
        }
        left = kept;
    }
}
