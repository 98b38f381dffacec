//! What several test programs share.
#![allow(dead_code, missing_docs, unreachable_pub)] // each program uses a part

pub mod exercise;
pub mod golden;
pub mod gpu;
pub mod pages;

use aon::dims::Dims;
use aon::engine::gpu::AdapterInfo;
use aon::engine::{Adam, LossKind, Problem, TimeConstants};
use aon::network::{Area, Constraint, Dale, Population, SignConstraint};
use aon::rng::{Rng, Stream};

/// `‖found − expected‖ / ‖expected‖`.
pub fn relative_norm_error(found: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let error: f64 = found.iter().zip(expected).map(|(f, e)| (f64::from(*f) - e).powi(2)).sum();
    let norm: f64 = expected.iter().map(|e| e * e).sum();
    (error / norm).sqrt()
}

/// Largest absolute difference.
pub fn max_abs_error(found: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).map(|(f, e)| (f64::from(*f) - e).abs()).fold(0.0, f64::max)
}

/// Every element that is opened is closed, in order; `<!DOCTYPE>` and void elements aside.
pub fn assert_well_formed(html: &str) {
    let mut open = Vec::new();
    for tag in html.split('<').skip(1).map(|t| t.split('>').next().unwrap()) {
        let name = tag.split_whitespace().next().unwrap_or("").trim_end_matches('/');
        match name {
            "!DOCTYPE" | "meta" => {}
            _ if tag.ends_with('/') => {}
            _ if name.starts_with('/') => assert_eq!(open.pop(), Some(&name[1..]), "at </{name}>"),
            _ => open.push(name),
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
}

/// A small problem of awkward sizes with numbers from the counter generator: ragged conditions, unused last steps,
/// three areas, two input matrices, silent stretches in no channel.
pub fn awkward_problem(networks: usize, constraint: Constraint, loss: LossKind) -> (Problem, Vec<Vec<f32>>) {
    let dims = Dims {
        networks,
        neurons: 19,
        conditions: 5,
        time_steps: 38,
        thermal: 7,
        steps_per_bin: 3,
        bins: 10,
        channels: 4,
        sequences: 3,
        input_groups: 2,
    };
    random_problem(dims, constraint, loss)
}

/// The same kind of problem with another number of neurons, conditions, channels and input matrices; one network.
pub fn sized_problem(
    neurons: usize,
    conditions: usize,
    channels: usize,
    input_groups: usize,
) -> (Problem, Vec<Vec<f32>>) {
    let (problem, _) = awkward_problem(1, Constraint::default(), LossKind::L2);
    let dims = Dims { neurons, conditions, channels, input_groups, ..problem.dims };
    // Under softplus these weights would be large enough to saturate many neurons, where 1 − r has few digits.
    let constraint = Constraint { dale: Dale::Presynaptic, sign: SignConstraint::Reflect };
    random_problem(dims, constraint, LossKind::L2)
}

fn random_problem(dims: Dims, constraint: Constraint, loss: LossKind) -> (Problem, Vec<Vec<f32>>) {
    let n = dims.neurons;
    let rng = Rng::new(11, 0, Stream::Synthetic);
    let mut next = 0;
    let mut draw = |count: usize, f: &dyn Fn(f64) -> f64| -> Vec<f32> {
        next += count as u32;
        (0..count as u32).map(|k| f(rng.normal(next + k)) as f32).collect()
    };
    let logistic = |z: f64| 1.0 / (1.0 + (-z).exp());
    let areas = [("A", 8 * n / 19), ("B", 6 * n / 19), ("C", n - 8 * n / 19 - 6 * n / 19)]
        .map(|(name, size)| Area { name: name.into(), size });
    let population = Population::new(areas.to_vec(), (0..n).map(|i| i % 4 == 1).collect(), None).unwrap();
    let problem = Problem {
        dims,
        constraint,
        time_constants: TimeConstants { min: 1.0, max: 20.0, dt: 1.0 },
        loss,
        adam: Adam::default(),
        input_group: (0..dims.conditions).map(|c| [0, 1, 0, 1, 3][c % 5] % dims.input_groups).collect(),
        sequence: (0..dims.conditions).map(|c| [0, 1, 2, 0, 2][c % 5]).collect(),
        bins: (0..dims.conditions).map(|c| [10, 7, 10, 1, 9][c % 5]).collect(),
        stimulus: draw(dims.sequences * dims.time_steps * dims.channels, &|z| z),
        targets: draw(dims.conditions * dims.bins * n, &logistic),
        initial_x: draw(dims.conditions * n, &|z| z),
        initial_r: draw(dims.conditions * n, &logistic),
        recurrent: true,
        population,
    };
    let layout = aon::network::Layout::new(&dims);
    let scale = 0.4 * (19.0 / n as f64).sqrt();
    let parameters = (0..dims.networks)
        .map(|_| {
            let mut p = draw(layout.len(), &|z| scale * z);
            if constraint.sign != SignConstraint::Softplus {
                for (k, w) in p[..n * n].iter_mut().enumerate() {
                    let sign = constraint.sign_of(&problem.population, k / n, k % n);
                    *w = if k / n == k % n {
                        0.0
                    } else if sign == 0.0 {
                        *w
                    } else {
                        sign * w.abs()
                    };
                }
            }
            p
        })
        .collect();
    (problem, parameters)
}

/// An adapter with the limits of a common graphics card.
pub fn card() -> AdapterInfo {
    AdapterInfo {
        name: "none".into(),
        max_buffer_bytes: 1 << 31,
        max_storage_binding_bytes: 1 << 31,
        max_uniform_binding_bytes: 1 << 16,
        workgroup_memory_bytes: 1 << 15,
        max_workgroup_invocations: 1024,
        max_workgroups: 65535,
        max_texture_layers: 2048,
        max_texture_size: 16384,
        ..AdapterInfo::default()
    }
}

/// Every combination of whose sign and how it is kept that means something.
pub fn constraints() -> Vec<Constraint> {
    let mut all = Vec::new();
    for dale in [Dale::Presynaptic, Dale::Postsynaptic, Dale::None] {
        for sign in [SignConstraint::Reflect, SignConstraint::Clamp, SignConstraint::Softplus] {
            if dale != Dale::None || sign == SignConstraint::Reflect {
                all.push(Constraint { dale, sign });
            }
        }
    }
    all
}
