//! A trained network for MATLAB and Python.

use super::notice::Listener;
use super::trained::TrainedRun;
use crate::config::Plan;
use crate::data::NamedArray;
use crate::error::Result;
use crate::network::{Constraint, Group, Layout, write_parameters};
use crate::task::Condition;
use ndarray::{Array1, Array2};
use std::path::Path;

/// Writes the parameters of `trained` to a MAT file or npz archive, as the ending of `path` says, and what follows from
/// them: `W_eff`, `taus` (steps), the modelled rates of each condition (`modelled_FR1`, … [N × bins]), `inhibitory`,
/// `mirror`, `area` (its number, from 1) and `area_sizes`; the range of the time constants (`tau_range`, steps), what the
/// rates of each neuron were divided by (`divisors`, where they were), and how far the run is (`state`).
///
/// # Errors
/// If the network cannot be simulated, `path` is an input of its run, or the file cannot be written.
pub fn export(trained: &TrainedRun, path: &Path, listener: &mut dyn Listener) -> Result<()> {
    trained.check_output(path)?;
    let (plan, layout) = (&trained.plan, Layout::new(&trained.plan.problem.dims));
    let (problem, recurrent) = (&plan.problem, layout.range(Group::Recurrent));
    let weights = problem.constraint.weights(&problem.population, &trained.parameters[recurrent.clone()]);
    let (_, rates) = trained.simulate(listener)?;

    let taus = problem.time_constants.taus(&trained.parameters[layout.range(Group::TimeConstant)]);
    let effective = Constraint::effective_weights(&problem.population, &weights);
    let n = layout.neurons;
    let mut arrays = vec![
        NamedArray::new("W_eff", Array2::from_shape_fn((n, n), |(i, j)| effective[i * n + j])),
        NamedArray::new("taus", Array1::from(taus)),
    ];
    arrays.extend(modelled_rates(plan, &rates));
    arrays.extend(masks(plan));
    arrays.extend(provenance(trained));
    let mut parameters = trained.parameters.clone();
    parameters[recurrent].copy_from_slice(&weights);
    write_parameters(path, &layout, &parameters, arrays)
}

fn modelled_rates(plan: &Plan, rates: &[f32]) -> Vec<NamedArray> {
    let d = &plan.problem.dims;
    let condition = |(c, condition): (usize, &Condition)| {
        let bins = plan.problem.bins[c];
        let array = Array2::from_shape_fn((d.neurons, bins), |(i, b)| rates[(c * d.bins + b) * d.neurons + i]);
        NamedArray::new(condition.modelled(), array)
    };
    plan.task.conditions.iter().enumerate().map(condition).collect()
}

/// What decides how the numbers are read, and how far they were trained.
fn provenance(trained: &TrainedRun) -> Vec<NamedArray> {
    let (plan, t) = (&trained.plan, trained.plan.problem.time_constants);
    let mut list = vec![
        NamedArray::new("tau_range", Array1::from(vec![t.min, t.max])),
        NamedArray::new("state", trained.state.to_string().as_str()),
    ];
    list.extend(plan.factors.iter().map(|f| NamedArray::new("divisors", Array1::from(f.0.clone()))));
    list
}

fn masks(plan: &Plan) -> Vec<NamedArray> {
    let population = &plan.problem.population;
    let mask =
        |name: &str, mask: &[bool]| NamedArray::new(name, mask.iter().map(|m| u8::from(*m)).collect::<Array1<u8>>());
    let mut list = vec![mask("inhibitory", population.inhibitory())];
    list.extend(population.mirror().map(|m| mask("mirror", m)));
    list.push(NamedArray::new("area", population.area_of().iter().map(|a| f64::from(a + 1)).collect::<Array1<f64>>()));
    let sizes = population.areas().iter().map(|a| a.size as f64).collect::<Array1<f64>>();
    list.push(NamedArray::new("area_sizes", sizes));
    let names: Vec<&str> = population.areas().iter().map(|a| a.name.as_str()).collect();
    // A name may hold a comma, and no line break.
    let between = if names.iter().any(|name| name.contains(',')) { "\n" } else { "," };
    list.push(NamedArray::new("area_names", names.join(between).as_str()));
    list
}
