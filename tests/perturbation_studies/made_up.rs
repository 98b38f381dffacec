//! A study of the published sizes, made up: three areas, 355 neurons, 12 conditions, 35 windows.

use super::{conditions, population};
use aon::analysis::decoding::DecodingScore;
use aon::dims::Dims;
use aon::engine::{Adam, LossKind, Problem, TimeConstants};
use aon::lab::Subject;
use aon::network::{Constraint, Layout};
use aon::perturb::{
    Anatomy, Balance, CellOutcome, ControlOutcome, Controls, DecodingRow, Lesion, LesionOutcome, MeasureKey, Measures,
    RecurrenceRow, Study, cell_lesions, default_lesions, effects,
};
use aon::rng::{Rng, Stream};

const AREAS: [(&str, usize); 3] = [("AIP", 86), ("F5", 106), ("F6", 163)];
const N: usize = 355;
const C: usize = 12;
const BINS: usize = 175;
const WINDOWS: usize = 35;

/// Number `k` of a normal series.
pub(crate) fn normal(series: u64, k: usize) -> f64 {
    Rng::new(series, 1, Stream::Synthetic).normal(k as u32)
}

/// A bump whose time and width belong to the neuron, and whose height belongs to the condition as well.
fn rate(i: usize, c: usize, b: usize) -> f32 {
    let own = |k: usize| Rng::new(2, k as u32, Stream::Synthetic).uniform(i as u32);
    let (centre, width) = (20.0 + 140.0 * own(0), 8.0 + 25.0 * own(1));
    let (agent, no_go, object) = ((c / 6) as f64, (c % 6 / 3) as f64, (c % 3) as f64);
    let height = 0.3 + 0.4 * own(3) + 0.2 * (own(2) - 0.5) * object - 0.25 * own(4) * no_go;
    let height = height * if i % 9 < 4 { 1.0 } else { 1.0 - 0.6 * agent };
    let z = (b as f64 - centre - 6.0 * object) / width;
    (0.05 + height * (-0.5 * z * z).exp()) as f32
}

fn rates(of: impl Fn(usize, usize, usize) -> f32) -> Vec<f32> {
    let mut rates = Vec::with_capacity(C * BINS * N);
    for c in 0..C {
        for b in 0..BINS {
            rates.extend((0..N).map(|i| of(i, c, b)));
        }
    }
    rates
}

fn subject() -> Subject {
    let dims = Dims {
        networks: 1,
        neurons: N,
        conditions: C,
        time_steps: 800,
        thermal: 100,
        steps_per_bin: 4,
        bins: BINS,
        channels: 10,
        sequences: C,
        input_groups: 2,
    };
    let problem = Problem {
        dims,
        population: population(&AREAS, true),
        constraint: Constraint::default(),
        time_constants: TimeConstants::default(),
        loss: LossKind::L2,
        adam: Adam::default(),
        input_group: (0..C).map(|c| c / 6).collect(),
        sequence: (0..C).collect(),
        bins: (0..C).map(|c| if c % 6 < 3 { BINS } else { 120 }).collect(),
        stimulus: (0..C * 800 * 10)
            .map(|k| f32::from(u8::from(k / 10 % 800 > 220 && k % 10 == k / 8000 % 6)))
            .collect(),
        targets: rates(|i, c, b| (rate(i, c, b) + 0.1 * normal(3, i) as f32).clamp(0.0, 1.0)),
        initial_x: vec![0.0; C * N],
        initial_r: vec![0.0; C * N],
        recurrent: true,
    };
    let layout = Layout::new(&dims);
    let mask = problem.constraint.signed_mask(&problem.population);
    let weights: Vec<f32> =
        mask.iter().enumerate().map(|(k, m)| m * (-4.5 + 1.3 * normal(1, k)).exp() as f32).collect();
    let effective = Constraint::effective_weights(&problem.population, &weights);
    let intact = rates(rate);
    let parameters: Vec<f32> = (0..layout.len()).map(|k| 0.3 * normal(8, k) as f32).collect();
    Subject {
        alpha: vec![0.05; N],
        mean_rate: vec![0.2; N],
        peak_rate: vec![0.6; N],
        outgoing: vec![1.0; N],
        parameters,
        held_out: vec![false; problem.dims.conditions],
        conditions: conditions(&["ring", "cube", "small cone"]),
        step_ms: 5.0,
        effective,
        intact,
        problem,
    }
}

fn keys(subject: &Subject) -> Vec<MeasureKey> {
    let mut keys = Measures::new(subject).keys().to_vec();
    let mut add = |measure, scope: &str, harm| keys.push(MeasureKey { measure, scope: scope.into(), harm });
    for s in ["execution", "observation"] {
        add("spectral_radius_change", s, 1.0);
    }
    let regions = ["all", "AIP", "F5", "F6"];
    for s in regions {
        add("kick_remaining", s, 1.0);
    }
    let names = [
        ["agent_accuracy_change", "agent_auc_change"],
        ["go_accuracy_change", "go_auc_change"],
        ["object_accuracy_change", "object_auc_change"],
    ];
    for scope in regions {
        names.iter().flatten().for_each(|measure| add(measure, scope, -1.0));
    }
    keys
}

/// How much harm each lesion does.
const STRENGTH: [f64; 12] = [0.5, 4.0, 1.0, 3.2, 0.3, 5.5, 0.8, 0.0, 2.0, -1.5, 0.7, 1.2];

/// What a lesion and its controls do, in the units of the measures.
fn outcome(number: usize, lesion: &Lesion, keys: &[MeasureKey]) -> LesionOutcome {
    let unit = |m: usize| if keys[m].measure.contains("accuracy") { 0.03 } else { 0.012 };
    let harm = |strength: f64, series: u64, k: usize| -> Vec<f64> {
        let of = |m: usize| keys[m].harm * unit(m) * (strength + normal(series, 1000 * k + m));
        (0..keys.len()).map(of).collect()
    };
    let size = lesion.neurons.len();
    if size == 0 {
        return LesionOutcome { size, whole: vec![0.0; keys.len()], controls: None };
    }
    let strength = STRENGTH[number % 12];
    let compared = if number % 4 == 1 { size / 2 + 1 } else { size };
    let balance = Balance { mean_rate: if number % 5 == 3 { 0.37 } else { 0.04 }, ..Balance::default() };
    let drawn = Controls { size: compared, subsets: Vec::new(), sets: Vec::new(), widening: 1.3, balance };
    let whole = harm(1.3 * strength + 1.0, 20 + number as u64, 0);
    let subsets = if compared < size { vec![harm(strength, 20 + number as u64, 1)] } else { vec![whole.clone()] };
    let sets: Vec<Vec<f64>> = (0..200).map(|k| harm(0.0, 40 + number as u64, k)).collect();
    LesionOutcome { size, whole, controls: Some(ControlOutcome { drawn, subsets, sets }) }
}

/// Few cells whose loss harms much, more of them in lesions that do, and some whose loss does good.
fn cells(subject: &Subject, lesions: &[Lesion], keys: &[MeasureKey]) -> Vec<CellOutcome> {
    let of = |manner: Lesion| {
        let damage = |i: &usize| -> Vec<f64> {
            let number = lesions.iter().position(|l| l.neurons.contains(i)).unwrap_or(0);
            let harm = |m: usize| 0.002 * (0.2 * STRENGTH[number % 12] + 1.8 * normal(60 + m as u64, *i)).exp() - 6e-4;
            (0..keys.len()).map(|m| keys[m].harm * harm(m)).collect()
        };
        CellOutcome { damages: manner.neurons.iter().map(damage).collect(), lesion: manner }
    };
    cell_lesions(lesions, &subject.problem.population).into_iter().map(of).collect()
}

/// Accuracy that rises after a third of the trial, less in lesioned networks.
fn decoding(lesions: &[Lesion]) -> Vec<DecodingRow> {
    let mut rows = Vec::new();
    let intact: Vec<(&str, &'static str, &'static str, f64)> = vec![
        ("intact", "intact", "own", 0.0),
        ("intact", "execution", "observation", 0.4),
        ("intact", "observation", "execution", 0.5),
    ];
    let lesioned = lesions.iter().enumerate().flat_map(|(k, l)| {
        let loss = 0.06 * (k % 7) as f64;
        [(l.name.as_str(), "intact", "lesioned", loss), (l.name.as_str(), "lesioned", "own", 0.4 * loss)]
    });
    for (network, trained_on, tested_on, loss) in intact.into_iter().chain(lesioned) {
        for (k, (readout, chance)) in [("agent", 0.5), ("go", 0.5), ("object", 1.0 / 3.0)].into_iter().enumerate() {
            for (s, scope) in ["all", "AIP", "F5", "F6"].into_iter().enumerate() {
                if readout == "agent" && (trained_on == "execution" || trained_on == "observation") {
                    continue;
                }
                for window in 0..WINDOWS {
                    let rise = 1.0 / (1.0 + (-(window as f64 - 10.0 - 3.0 * k as f64) / 1.8).exp());
                    let best = 0.97 - 0.05 * s as f64 - loss;
                    let accuracy = chance + (best - chance) * rise + 0.012 * normal(9, rows.len());
                    rows.push(DecodingRow {
                        network: network.into(),
                        readout,
                        scope: scope.into(),
                        trained_on,
                        tested_on,
                        window,
                        seconds: 0.1 * (window as f64 + 0.5),
                        score: DecodingScore { accuracy: accuracy.clamp(0.0, 1.0), auc: accuracy.clamp(0.0, 1.0) },
                        chance: (trained_on == "intact").then_some((chance - 0.07, chance + 0.07)),
                    });
                }
            }
        }
    }
    rows
}

pub(crate) fn made_up() -> Study {
    let subject = subject();
    let mut lesions = default_lesions(&subject);
    lesions[7].neurons.clear();
    let keys = keys(&subject);
    let outcomes: Vec<LesionOutcome> = lesions.iter().enumerate().map(|(k, l)| outcome(k, l, &keys)).collect();
    let cells = cells(&subject, &lesions, &keys);
    let silenced = |(k, l): (usize, &Lesion)| {
        let spared: Vec<bool> = (0..N).map(|i| !l.neurons.contains(&i)).collect();
        let less = 0.75 + 0.02 * k as f32;
        rates(|i, c, b| if spared[i] { 0.3 * (1.0 - less) + less * rate(i, c, b) } else { 0.0 })
    };
    let scopes = ["all", "AIP", "F5", "F6", "excitatory", "inhibitory", "mirror", "non-mirror"];
    let recurrence = scopes.iter().map(ToString::to_string).chain(subject.conditions.iter().map(|c| c.name.clone()));
    let row = |(k, scope): (usize, String)| {
        let model = 0.8 + 0.05 * normal(12, k);
        RecurrenceRow { scope, model, input_only: model - 0.35 + 0.1 * normal(13, k) }
    };
    Study {
        effects: effects(&lesions, &outcomes, &cells, &keys, &subject.problem.population, 1),
        anatomy: Anatomy::of(&subject, 1).unwrap(),
        lesioned_rates: lesions.iter().enumerate().map(silenced).collect(),
        decoding: decoding(&lesions),
        intact: vec![("r2", "all".into(), 0.873)],
        recurrence: recurrence.enumerate().map(row).collect(),
        subject,
        lesions,
        keys,
        outcomes,
        cells,
        held_out: None,
    }
}
