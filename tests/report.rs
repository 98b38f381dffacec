//! The report of a made-up run of the published sizes. It stays in the build directory (`report/report.html` under
//! `CARGO_TARGET_TMPDIR`), to be looked at.

mod common;

use aon::analysis::{Comparison, Recorded};
use aon::dims::Dims;
use aon::engine::{Adam, EngineDescription, LossKind, Problem, TimeConstants};
use aon::network::{Area, Constraint, Population};
use aon::report::{self, ConditionInfo, Event, HistoryPoint, ReportData};
use aon::rng::{Rng, Stream};
use aon::task::ConditionClass;
use std::path::PathBuf;

const NEURONS: usize = 355;
const BINS: usize = 175;
const CONDITIONS: usize = 12;

fn noise(index: usize) -> f64 {
    Rng::new(1, 0, Stream::Synthetic).normal(index as u32)
}

/// A bump whose time and width belong to the neuron, and whose height belongs to the condition as well.
fn rate(neuron: usize, condition: usize, bin: usize) -> f64 {
    let own = |k: usize| Rng::new(2, k as u32, Stream::Synthetic).uniform(neuron as u32);
    let (centre, width) = (20.0 + 140.0 * own(0), 8.0 + 25.0 * own(1));
    let height = 0.15 + 0.7 * (0.5 + 0.5 * (condition as f64 * (1.0 + own(2)) + 6.0 * own(3)).sin());
    let z = (bin as f64 - centre - 6.0 * (condition % 3) as f64) / width;
    0.05 + height * (-0.5 * z * z).exp()
}

fn population() -> Population {
    let areas = [("AIP", 86), ("F5", 106), ("F6", 163)].map(|(name, size)| Area { name: name.into(), size });
    let inhibitory = (0..NEURONS).map(|i| i % 5 == 0).collect();
    let mirror = (0..NEURONS).map(|i| i % 9 < 4).collect();
    Population::new(areas.to_vec(), inhibitory, Some(mirror)).unwrap()
}

fn problem() -> Problem {
    let bins: Vec<usize> = (0..CONDITIONS).map(|c| if c % 6 < 3 { BINS } else { 120 }).collect();
    let mut targets = vec![f32::NAN; CONDITIONS * BINS * NEURONS];
    for (c, bins) in bins.iter().enumerate() {
        for b in 0..*bins {
            for i in 0..NEURONS {
                let k = (c * BINS + b) * NEURONS + i;
                targets[k] = (rate(i, c, b) + 0.03 * noise(k)).clamp(0.0, 1.0) as f32;
            }
        }
    }
    let dims = Dims {
        networks: 1,
        neurons: NEURONS,
        conditions: CONDITIONS,
        time_steps: 800,
        thermal: 100,
        steps_per_bin: 4,
        bins: BINS,
        channels: 10,
        sequences: 6,
        input_groups: 2,
    };
    Problem {
        dims,
        population: population(),
        constraint: Constraint::default(),
        time_constants: TimeConstants::default(),
        loss: LossKind::L2,
        adam: Adam::default(),
        input_group: (0..CONDITIONS).map(|c| c / 6).collect(),
        sequence: (0..CONDITIONS).map(|c| c % 6).collect(),
        bins,
        stimulus: vec![0.0; 6 * 800 * 10],
        targets,
        initial_x: vec![0.0; CONDITIONS * NEURONS],
        initial_r: vec![0.0; CONDITIONS * NEURONS],
        recurrent: true,
    }
}

/// What a network might make of it: `share` of the deviation from a constant, delayed.
fn modelled(share: f64, delay: usize) -> Vec<f32> {
    let mut rates = Vec::with_capacity(CONDITIONS * BINS * NEURONS);
    for c in 0..CONDITIONS {
        for b in 0..BINS {
            for i in 0..NEURONS {
                let fidelity = share * (1.0 - 0.6 * (i % 17) as f64 / 17.0);
                rates.push((0.25 + fidelity * (rate(i, c, b.saturating_sub(delay)) - 0.25)) as f32);
            }
        }
    }
    rates
}

fn conditions() -> Vec<ConditionInfo> {
    let name = |c: usize| format!("{} object {}", if c % 6 < 3 { "Go" } else { "No-Go" }, c % 3 + 1);
    let class = |c: usize| if c < 6 { ConditionClass::Execution } else { ConditionClass::Observation };
    let event = |step: usize, label: &str| Event { step, label: label.into() };
    let events =
        || vec![event(120, "channels 0, 5 on"), event(280, "channels 1, 6 on"), event(480, "channels 0, 5 off")];
    (0..CONDITIONS).map(|c| ConditionInfo { name: name(c), class: class(c), events: events() }).collect()
}

fn history() -> Vec<HistoryPoint> {
    let point = |step: u32| {
        let s = f64::from(step);
        let data_term = 13.0 + 330.0 * (-s / 12.0).exp() + 40.0 * (-s / 90.0).exp() + 0.3 * noise(step as usize).abs();
        let (reg_term, grad_norm) =
            (0.05 + 0.0002 * s, 90.0 * (-s / 40.0).exp() + 1.0 + 0.4 * noise(7 * step as usize).abs());
        HistoryPoint { step, loss: data_term + reg_term, data_term, reg_term, grad_norm }
    };
    (1..=300).map(point).collect()
}

/// Log-normal magnitudes with the signs of Dale's principle.
fn weights(problem: &Problem) -> Vec<f32> {
    let mask = problem.constraint.signed_mask(&problem.population);
    mask.iter().enumerate().map(|(k, m)| m * (-4.5 + 1.3 * noise(k)).exp() as f32).collect()
}

struct Run {
    problem: Problem,
    modelled: Vec<f32>,
    comparison: Comparison,
    history: Vec<HistoryPoint>,
    choices: Vec<(String, String)>,
    engine: EngineDescription,
    conditions: Vec<ConditionInfo>,
    weights: Vec<f32>,
    taus: Vec<f32>,
}

impl Run {
    fn new() -> Self {
        let (problem, modelled) = (problem(), modelled(1.0, 2));
        let comparison = {
            let recorded = Recorded::of(&problem).unwrap();
            Comparison::new(&recorded, &modelled, Some(&self::modelled(0.4, 14))).unwrap()
        };
        let pair = |a: &str, b: &str| (a.to_string(), b.to_string());
        Self {
            modelled,
            comparison,
            history: history(),
            choices: vec![
                pair("firing rates", "data/Firing_Rates.mat (<12 conditions>)"),
                pair("task", "go-nogo"),
                pair("signs", "Dale's principle (presynaptic), softplus"),
                pair("start", "balanced, gain 0.1, seed 1"),
                pair("optimiser", "Adam, learning rate 0.1, cosine to 2 %"),
                pair("loss", "l2, regularisation 0.1, clip norm 1"),
            ],
            engine: EngineDescription {
                engine: "cpu".into(),
                adapter: "Example processor, 2 threads".into(),
                strategy: "f32".into(),
            },
            conditions: conditions(),
            weights: weights(&problem),
            taus: (0..NEURONS).map(|i| 1.0 + 99.0 / (1.0 + (1.4 - 0.9 * noise(i)).exp()) as f32).collect(),
            problem,
        }
    }

    fn data(&self) -> ReportData<'_> {
        ReportData {
            title: "Made-up run <of the test>",
            choices: &self.choices,
            engine: &self.engine,
            seconds: 83.4,
            history: &self.history,
            problem: &self.problem,
            conditions: &self.conditions,
            step_ms: 5.0,
            modelled: &self.modelled,
            comparison: &self.comparison,
            weights: &self.weights,
            taus: &self.taus,
        }
    }
}

#[test]
fn the_report_is_one_complete_page_that_loads_nothing() {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("report");
    std::fs::create_dir_all(&directory).unwrap();
    let path = directory.join("report.html");
    let run = Run::new();
    report::write(&path, &run.data()).unwrap();
    let html = std::fs::read_to_string(&path).unwrap();

    common::assert_well_formed(&html);
    for outside in ["http:", "https:", "src=", "<script", "@import", "url("] {
        assert!(!html.contains(outside), "the page refers to {outside}");
    }
    let text: String = html.split("base64,").map(|t| t.split_once('"').map_or(t, |(_, rest)| rest)).collect();
    assert!(!text.contains("NaN") && !text.contains("inf,") && !text.contains("<of the test>"));
    assert!(html.contains("Made-up run &lt;of the test&gt;"));
    for id in ["loss", "fit", "rates", "traces", "parameters"] {
        assert_eq!(html.matches(&format!("<figure id=\"{id}\">")).count(), 1, "{id}");
        assert_eq!(html.matches(&format!("<title id=\"{id}-title\">")).count(), 1, "{id}: text alternative");
        let file = std::fs::read_to_string(directory.join(format!("figures/{id}.svg"))).unwrap();
        common::assert_well_formed(&file);
        assert!(!file.contains("var("), "{id}.svg must not need the page's style sheet");
    }
    // A page that can be mailed: the images of 355 neurons in 12 conditions take most of it.
    assert!(html.len() < 3_000_000, "{} bytes", html.len());
}

#[test]
fn arrays_that_do_not_belong_together_are_refused() {
    let run = Run::new();
    let data = ReportData { taus: &run.taus[1..], ..run.data() };
    let message = report::write(&PathBuf::from("unused/report.html"), &data).unwrap_err().to_string();
    assert_eq!(message, "report: expected 355 time constants, found 354.");
}

/// One silent condition of five bins, one area, no mirror mask, no baseline, a run that diverged at its second step.
#[test]
fn the_smallest_run_has_a_report_too() {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("smallest");
    std::fs::create_dir_all(&directory).unwrap();
    let mut run = Run::new();
    let p = &mut run.problem;
    p.dims = Dims { neurons: 2, conditions: 1, bins: 5, ..p.dims };
    p.population = Population::new(vec![Area { name: "M1".into(), size: 2 }], vec![false, true], None).unwrap();
    (p.bins, p.targets) = (vec![5], vec![0.0; 10]);
    run.modelled = vec![0.1; 10];
    run.conditions.truncate(1);
    run.history.truncate(2);
    run.history[1].loss = f64::NAN;
    run.history[1].data_term = f64::NAN;
    (run.weights, run.taus) = (vec![0.0; 4], vec![20.0; 2]);
    run.comparison = Comparison::new(&Recorded::of(&run.problem).unwrap(), &run.modelled, None).unwrap();
    let path = directory.join("report.html");
    report::write(&path, &run.data()).unwrap();
    let html = std::fs::read_to_string(&path).unwrap();
    common::assert_well_formed(&html);
    assert!(html.contains("2 neurons with a constant recorded rate have no R²"));
}
