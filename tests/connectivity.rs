//! Connectivity by block, and currents by source: closed forms, sums that must agree, and the engine's own simulation.
#![allow(missing_docs)]

mod common;

use aon::analysis::connectivity::{Blocks, ConnectionRow, Connectivity, RELATIVE_THRESHOLD};
use aon::analysis::currents::{Activity, CurrentRow, Drive, binned_stimulus};
use aon::engine::cpu::CpuEngine;
use aon::engine::{BatchState, Engine, LossKind, NetworkSettings, Problem};
use aon::network::{Area, Constraint, Group, Layout, Population};
use common::awkward_problem;

/// Area A with two excitatory and one inhibitory neuron, area B with two excitatory ones.
fn population() -> Population {
    let area = |name: &str, size| Area { name: name.into(), size };
    Population::new(vec![area("A", 3), area("B", 2)], vec![false, false, true, false, false], None).unwrap()
}

#[rustfmt::skip]
const WEIGHTS: [f32; 25] = [
    99.0, 2.0,  -3.0,   0.5,    0.0,
    4.0,  99.0, -1.0,   0.0,    0.001,
    1.0,  1.0,  99.0,   0.25,   0.25,
    0.5,  0.0,  0.0,    99.0,   2.0,
    0.5,  1.0,  0.0,    0.0039, 99.0,
];

fn find<'a>(rows: &'a [ConnectionRow], pre: (&str, &str), post: (&str, &str)) -> &'a ConnectionRow {
    let found = |r: &&ConnectionRow| (&*r.pre_area, r.pre_type) == pre && (&*r.post_area, r.post_type) == post;
    rows.iter().find(found).unwrap()
}

/// Weights are f32 with few digits; sums are f64.
fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-7
}

#[test]
fn blocks_are_areas_by_cell_type_and_empty_ones_stay() {
    let blocks = Blocks::of(&population());
    let list: Vec<(&str, &str, &[usize])> =
        blocks.list().iter().map(|b| (&*b.area_name, b.cell_type, &*b.neurons)).collect();
    let expected: [(&str, &str, &[usize]); 4] = [
        ("A", "excitatory", &[0, 1]),
        ("A", "inhibitory", &[2]),
        ("B", "excitatory", &[3, 4]),
        ("B", "inhibitory", &[]),
    ];
    assert_eq!(list, expected);
    assert_eq!(blocks.block_of(), [0, 0, 1, 2, 2]);
}

#[test]
fn connections_between_blocks_have_their_closed_forms() {
    let c = Connectivity::of(&WEIGHTS, &population(), RELATIVE_THRESHOLD).unwrap();
    // The diagonal is not looked at: the largest weight is 4.
    assert!(close(c.threshold, 0.004));
    assert_eq!(c.connections.len(), 16);
    let (ae, ai, be, bi) = (("A", "excitatory"), ("A", "inhibitory"), ("B", "excitatory"), ("B", "inhibitory"));

    let own = find(&c.connections, ae, ae);
    assert_eq!((own.possible, own.density, own.total, own.per_neuron), (2, 1.0, 6.0, 3.0));
    let inhibition = find(&c.connections, ai, ae);
    assert_eq!((inhibition.possible, inhibition.mean, inhibition.total, inhibition.per_neuron), (2, -2.0, -4.0, -2.0));
    // 0.5, 0, 0.5, 1 from A to B.
    let forward = find(&c.connections, ae, be);
    assert_eq!((forward.possible, forward.density, forward.mean), (4, 0.75, 0.5));
    assert!(close(forward.mean_existing, 2.0 / 3.0) && close(forward.per_neuron, 1.0));
    // 0.5, 0, 0, 0.001 back: the last is below the threshold, but counts in the sums.
    let back = find(&c.connections, be, ae);
    assert!(close(back.density, 0.25) && close(back.total, 0.501) && close(back.mean_existing, 0.5));
    // 0.0039 is not more than the threshold.
    assert_eq!(find(&c.connections, be, be).density, 0.5);
    let empty = find(&c.connections, bi, ae);
    assert_eq!((empty.possible, empty.total), (0, 0.0));
    assert!(empty.density.is_nan() && empty.mean.is_nan() && empty.mean_existing.is_nan());
    assert!(find(&c.connections, ae, bi).per_neuron.is_nan());

    let [a, b, all] = &c.balance[..] else { panic!("{:?}", c.balance) };
    assert_eq!((&*a.area, &*b.area, &*all.area), ("A", "B", "all"));
    // A: 2 + 3 + 4 + 1 + 1 + 1 local, 0.5 + 0.001 + 0.25 + 0.25 from B, 4 of it inhibitory.
    assert!(close(a.local_ratio, 12.0 / 1.001) && close(a.ei_ratio, 9.001 / 4.0), "{a:?}");
    assert!(close(b.local, 2.0039) && close(b.inter_areal, 2.0) && b.ei_ratio == f64::INFINITY, "{b:?}");
    assert!(
        close(all.local, 14.0039) && close(all.inter_areal, 3.001) && close(all.ei_ratio, 13.0049 / 4.0),
        "{all:?}"
    );
}

#[test]
fn blocks_partition_all_possible_connections() {
    let (problem, parameters) = awkward_problem(1, Constraint::default(), LossKind::L2);
    let n = problem.dims.neurons;
    let weights = effective(&problem, &parameters[0]);
    let c = Connectivity::of(&weights, &problem.population, RELATIVE_THRESHOLD).unwrap();
    assert_eq!(c.connections.iter().map(|r| r.possible).sum::<usize>(), n * (n - 1));
    let existing: f64 = c.connections.iter().filter(|r| r.possible > 0).map(|r| r.density * r.possible as f64).sum();
    let counted = weights.iter().filter(|w| f64::from(w.abs()) > c.threshold).count();
    assert!((existing - counted as f64).abs() < 1e-9);
    let total: f64 = c.connections.iter().map(|r| r.total).sum();
    assert!((total - weights.iter().map(|w| f64::from(*w)).sum::<f64>()).abs() < 1e-9);
    let all = c.balance.last().unwrap();
    assert!((all.excitatory - all.inhibitory - total).abs() < 1e-9);
    assert!((all.local + all.inter_areal - all.excitatory - all.inhibitory).abs() < 1e-9);
}

#[test]
fn weights_that_are_none_are_refused() {
    let p = population();
    assert!(Connectivity::of(&WEIGHTS[1..], &p, 1e-3).unwrap_err().to_string().contains("5 × 5"));
    assert!(Connectivity::of(&WEIGHTS, &p, -0.1).is_err() && Connectivity::of(&WEIGHTS, &p, f64::NAN).is_err());
    let mut weights = WEIGHTS;
    weights[7] = f32::NAN;
    let message = Connectivity::of(&weights, &p, 1e-3).unwrap_err().to_string();
    assert!(message.contains("from neuron 3 to neuron 2"), "{message}");
    // No weights at all: nothing exists.
    let silent = Connectivity::of(&[0.0; 25], &p, 1e-3).unwrap();
    assert!(silent.connections.iter().all(|r| r.possible == 0 || r.density == 0.0));
}

fn effective(problem: &Problem, parameters: &[f32]) -> Vec<f32> {
    let stored = &parameters[Layout::new(&problem.dims).range(Group::Recurrent)];
    Constraint::effective_weights(&problem.population, &problem.constraint.weights(&problem.population, stored))
}

/// A problem with its parameters, effective weights and simulated rates, and its stimulus by condition and step.
struct Simulation {
    problem: Problem,
    parameters: Vec<f32>,
    effective: Vec<f32>,
    /// `[C][T][N]`.
    rates: Vec<f32>,
    /// `[C][T][U]`.
    stimulus: Vec<f32>,
    /// T for every condition.
    steps: Vec<usize>,
}

impl Simulation {
    fn new() -> Self {
        let (problem, parameters) = awkward_problem(1, Constraint::default(), LossKind::L2);
        let mut parameters = parameters.into_iter().next().unwrap();
        // Weights of softplus(V − 2) leave most neurons out of saturation, where rates have digits left.
        parameters[..problem.dims.neurons * problem.dims.neurons].iter_mut().for_each(|v| *v -= 2.0);
        let state = BatchState::fresh(vec![parameters.clone()]);
        let mut engine = CpuEngine::<f32>::new(problem.clone(), vec![NetworkSettings::default()], &state, 1).unwrap();
        engine.evaluate().unwrap();
        let rates = engine.rates(0).unwrap();
        let width = problem.dims.time_steps * problem.dims.channels;
        let stimulus = problem.sequence.iter().flat_map(|s| &problem.stimulus[s * width..(s + 1) * width]).copied();
        let (stimulus, steps) = (stimulus.collect(), vec![problem.dims.time_steps; problem.dims.conditions]);
        Self { effective: effective(&problem, &parameters), problem, parameters, rates, stimulus, steps }
    }

    fn layout(&self) -> Layout {
        Layout::new(&self.problem.dims)
    }

    fn constant(&self) -> &[f32] {
        &self.parameters[self.layout().range(Group::Current)]
    }

    fn activity<'a>(&'a self, rates: &'a [f32], stimulus: &'a [f32], bins: &'a [usize]) -> Activity<'a> {
        Activity {
            population: &self.problem.population,
            effective: &self.effective,
            input_matrices: &self.parameters[self.layout().inputs()],
            input_group: &self.problem.input_group,
            constant: self.constant(),
            rates,
            stimulus,
            bins,
        }
    }

    fn by_step(&self) -> Drive<'_> {
        Drive::new(self.activity(&self.rates, &self.stimulus, &self.steps)).unwrap()
    }

    /// `W_eff r + W_in u + I_ext` of neuron `i` by one sum over all neurons and channels, and the sum of magnitudes.
    fn total(&self, c: usize, t: usize, i: usize) -> (f64, f64) {
        let (n, u, at) = (self.problem.dims.neurons, self.problem.dims.channels, c * self.steps[c] + t);
        let input = &self.parameters[self.layout().range(Group::Input(self.problem.input_group[c]))];
        let terms = (0..n)
            .map(|j| f64::from(self.effective[i * n + j]) * f64::from(self.rates[at * n + j]))
            .chain((0..u).map(|k| f64::from(input[i * u + k]) * f64::from(self.stimulus[at * u + k])))
            .chain([f64::from(self.constant()[i])]);
        terms.fold((0.0, 0.0), |(sum, size), term| (sum + term, size + term.abs()))
    }
}

#[test]
fn currents_sum_to_the_total_input() {
    let simulation = Simulation::new();
    let drive = simulation.by_step();
    for c in 0..simulation.problem.dims.conditions {
        for t in 0..simulation.problem.dims.time_steps {
            let currents = drive.by_source(c, t);
            assert_eq!(currents.len(), drive.sources().len());
            for i in 0..simulation.problem.dims.neurons {
                let sum: f64 = currents.iter().map(|source| source[i]).sum();
                let (total, size) = simulation.total(c, t, i);
                // Both are sums of products of the same f32 numbers in f64, in another order.
                assert!((sum - total).abs() <= 1e-12 * size, "neuron {i}: {sum} is not {total}");
            }
        }
    }
}

/// The currents are those that moved the state of the engine: `x_t − (1 − α) x_{t−1} = α (W_eff r_{t−1} + W_in u_{t−1})`,
/// with x from the rates of the simulation.
#[test]
fn currents_close_the_equation_of_the_engine() {
    let simulation = Simulation::new();
    let (d, drive) = (simulation.problem.dims, simulation.by_step());
    let theta = &simulation.parameters[simulation.layout().range(Group::TimeConstant)];
    let taus = simulation.problem.time_constants.taus(theta);
    let state = |c: usize, t: usize, i: usize| -> (f64, f64) {
        if t == 0 {
            return (f64::from(simulation.problem.initial_x[c * d.neurons + i]), 0.0);
        }
        let r = f64::from(simulation.rates[(c * d.time_steps + t) * d.neurons + i]);
        // A rate is right to about 2 ulp of f32, 2.4e-7 relative; the logit divides by 1 − r.
        ((r / (1.0 - r)).ln() - f64::from(simulation.constant()[i]), 2.4e-7 / (1.0 - r))
    };
    let mut errors = Vec::new();
    for c in 0..d.conditions {
        for t in 1..d.time_steps {
            let currents = drive.by_source(c, t - 1);
            let constant = currents.len() - 1;
            for i in 0..d.neurons {
                let input: f64 = currents[..constant].iter().map(|source| source[i]).sum();
                let alpha = 1.0 / f64::from(taus[i]);
                let ((before, error_before), (after, error_after)) = (state(c, t - 1, i), state(c, t, i));
                let error = (after - (1.0 - alpha) * before - alpha * input).abs();
                // The engine rounds x, the sum of the currents and α, each by some 1e-7 of their size.
                let size = before.abs() + after.abs() + alpha * simulation.total(c, t - 1, i).1;
                let limit = error_before + error_after + 5e-7 * (1.0 + size);
                assert!(error <= limit, "condition {c}, step {t}, neuron {i}: {error:e} > {limit:e}");
                errors.push(error);
            }
        }
    }
    errors.sort_by(f64::total_cmp);
    assert!(errors[errors.len() / 2] < 5e-7, "half of the errors are below {:e}", errors[errors.len() / 2]);
}

#[test]
fn binned_rates_give_the_averages_of_the_currents() {
    let simulation = Simulation::new();
    let (d, drive) = (simulation.problem.dims, simulation.by_step());
    let mut binned = vec![0.0; d.conditions * d.bins * d.neurons];
    let step = |c: usize, b: usize, k: usize| d.thermal + b * d.steps_per_bin + k + c * d.time_steps;
    for (at, mean) in binned.iter_mut().enumerate() {
        let (c, b, i) = (at / d.neurons / d.bins, at / d.neurons % d.bins, at % d.neurons);
        *mean = (0..d.steps_per_bin).map(|k| simulation.rates[step(c, b, k) * d.neurons + i]).sum::<f32>()
            / d.steps_per_bin as f32;
    }
    let stimulus = binned_stimulus(&simulation.problem);
    let averaged = Drive::new(simulation.activity(&binned, &stimulus, &simulation.problem.bins)).unwrap();
    for c in 0..d.conditions {
        for b in 0..simulation.problem.bins[c] {
            let steps: Vec<_> =
                (0..d.steps_per_bin).map(|k| drive.by_source(c, step(c, b, k) - c * d.time_steps)).collect();
            for (s, currents) in averaged.by_source(c, b).iter().enumerate() {
                for (i, current) in currents.iter().enumerate() {
                    let mean = steps.iter().map(|at| at[s][i]).sum::<f64>() / d.steps_per_bin as f64;
                    // Averages are rounded to f32 before they are multiplied; currents are of order 1 to 10.
                    assert!((current - mean).abs() < 1e-5, "source {s}, neuron {i}: {current} is not {mean}");
                }
            }
        }
    }
}

fn current<'a>(rows: &'a [CurrentRow], condition: usize, source: (&str, &str), target: (&str, &str)) -> &'a CurrentRow {
    let found = |r: &&CurrentRow| {
        r.condition == condition && (&*r.source, r.source_type) == source && (&*r.target, r.target_type) == target
    };
    rows.iter().find(found).unwrap()
}

/// Two conditions of two bins (the second has one) in the network of [`WEIGHTS`], one channel into neuron 0.
#[test]
fn summaries_of_currents_have_their_closed_forms() {
    let p = population();
    #[rustfmt::skip]
    let rates = [
        0.5, 0.0, 0.0, 0.0, 0.0,    0.0, 0.0, 1.0, 0.0, 0.0,
        0.0, 0.0, 0.0, 0.0, 0.5,    f32::NAN, 0.0, 0.0, 0.0, 0.0,
    ];
    let mut weights = WEIGHTS;
    (0..5).for_each(|i| weights[6 * i] = 0.0);
    let activity = Activity {
        population: &p,
        effective: &weights,
        input_matrices: &[3.0, 0.0, 0.0, 0.0, 0.0],
        input_group: &[0, 0],
        constant: &[0.0, 0.0, 0.0, 1.0, -1.0],
        rates: &rates,
        stimulus: &[1.0, -1.0, 0.0, 0.0],
        bins: &[2, 1],
    };
    let found = Drive::new(activity).unwrap().currents();
    // Conditions × (areas + blocks) × (blocks + stimulus + constant).
    assert_eq!((found.rows.len(), found.traces.len()), (2 * 6 * 6, 6 * 2));
    let row = |source, target| current(&found.rows, 0, source, target);

    // A excitatory sends 0, 2, 0.5 to A in the first bin and nothing in the second.
    let own = row(("A", "excitatory"), ("A", "all"));
    assert!(close(own.mean, 2.5 / 6.0) && close(own.mean_absolute, 2.5 / 6.0) && close(own.sd_in_time, 1.25 / 3.0));
    // A inhibitory sends −3, −1, 0 in the second.
    let inhibition = row(("A", "inhibitory"), ("A", "all"));
    assert!(close(inhibition.mean, -4.0 / 6.0) && close(inhibition.sd_in_time, 2.0 / 3.0));
    let stimulus = row(("stimulus", "external"), ("A", "all"));
    assert!(close(stimulus.mean, 0.0) && close(stimulus.mean_absolute, 1.0) && close(stimulus.sd_in_time, 1.0));
    // 2.5 + 4 + 6 of magnitude arrive.
    assert!(close(own.share, 2.5 / 12.5) && close(inhibition.share, 4.0 / 12.5) && close(stimulus.share, 6.0 / 12.5));
    let constant = row(("constant", "external"), ("B", "excitatory"));
    assert!(close(constant.mean, 0.0) && close(constant.mean_absolute, 1.0) && constant.sd_in_time == 0.0);
    assert!(row(("A", "excitatory"), ("B", "inhibitory")).mean.is_nan());
    // The second condition: 0.5 of B's last neuron.
    let second = current(&found.rows, 1, ("B", "excitatory"), ("B", "excitatory"));
    assert!(close(second.mean, 0.5) && second.sd_in_time == 0.0);

    let trace =
        found.traces.iter().find(|t| t.source.source == "A" && t.source.source_type == "inhibitory" && t.area == 0);
    let values = &trace.unwrap().values;
    assert!(values[0] == 0.0 && close(values[1], -4.0 / 3.0) && values[2] == 0.0 && values[3].is_nan(), "{values:?}");
}

#[test]
fn activities_that_do_not_fit_are_refused() {
    let simulation = Simulation::new();
    let good = simulation.activity(&simulation.rates, &simulation.stimulus, &simulation.steps);
    let message = Drive::new(Activity { rates: &simulation.rates[1..], ..good }).unwrap_err().to_string();
    assert!(message.contains("do not belong to 5 conditions of 19 neurons"), "{message}");
    assert!(Drive::new(Activity { stimulus: &simulation.stimulus[1..], ..good }).is_err());
    assert!(Drive::new(Activity { input_group: &[0, 1, 0, 1, 2], ..good }).is_err());
    assert!(Drive::new(Activity { constant: &[0.0], ..good }).is_err());
    assert!(Drive::new(Activity { bins: &[39, 38, 38, 38, 38], ..good }).is_err());
    let mut rates = simulation.rates.clone();
    rates[19 * 38 + 5] = f32::NAN;
    let message = Drive::new(Activity { rates: &rates, ..good }).unwrap_err().to_string();
    assert!(message.contains("condition 2"), "{message}");
}
