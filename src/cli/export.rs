//! `aon export`: a trained network as a MAT or npz file.

use super::eval::{Trained, WhichWeights};
use super::flags::EngineFlags;
use super::output;
use crate::config::Plan;
use crate::data::NamedArray;
use crate::error::Result;
use crate::network::{Constraint, Group, Layout, write_parameters};
use clap::{Args, ValueEnum};
use ndarray::{Array1, Array2};
use std::path::PathBuf;

/// The flags of `aon export`.
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// The directory of a run
    run: PathBuf,
    /// For MATLAB, or for Python
    #[arg(long, value_enum, default_value = "mat")]
    format: Format,
    /// Which weights
    #[arg(long, value_enum, default_value = "best")]
    weights: WhichWeights,
    /// Where to [default: weights.mat or weights.npz in the run's directory]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    engine: EngineFlags,
}

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Mat,
    Npz,
}

/// Writes the parameters, and what follows from them: `W_eff`, `taus` (steps), the modelled rates of each condition
/// (`modelled_FR1`, … [N × bins]), `inhibitory`, `mirror`, `area` (its number, from 1) and `area_sizes`.
pub(super) fn run(args: &ExportArgs) -> Result<()> {
    let trained = Trained::read(&args.run, args.weights, |config| args.engine.apply(&mut config.engine))?;
    let (plan, layout) = (&trained.plan, Layout::new(&trained.plan.problem.dims));
    let (problem, recurrent) = (&plan.problem, layout.range(Group::Recurrent));
    let weights = problem.constraint.weights(&problem.population, &trained.parameters[recurrent.clone()]);
    let (_, rates) = trained.simulate()?;

    let taus = problem.time_constants.taus(&trained.parameters[layout.range(Group::TimeConstant)]);
    let effective = Constraint::effective_weights(&problem.population, &weights);
    let n = layout.neurons;
    let mut arrays = vec![
        NamedArray::new("W_eff", Array2::from_shape_fn((n, n), |(i, j)| effective[i * n + j])),
        NamedArray::new("taus", Array1::from(taus)),
    ];
    arrays.extend(modelled_rates(plan, &rates));
    arrays.extend(masks(plan));
    let mut parameters = trained.parameters.clone();
    parameters[recurrent].copy_from_slice(&weights);
    let name = match args.format {
        Format::Mat => "weights.mat",
        Format::Npz => "weights.npz",
    };
    let path = args.output.clone().unwrap_or_else(|| args.run.join(name));
    write_parameters(&path, &layout, &parameters, arrays)?;
    output::say(path.display());
    Ok(())
}

fn modelled_rates(plan: &Plan, rates: &[f32]) -> Vec<NamedArray> {
    let d = &plan.problem.dims;
    let condition = |(c, condition): (usize, &crate::task::Condition)| {
        let bins = plan.problem.bins[c];
        let array = Array2::from_shape_fn((d.neurons, bins), |(i, b)| rates[(c * d.bins + b) * d.neurons + i]);
        NamedArray::new(format!("modelled_{}", condition.firing_rates), array)
    };
    plan.task.conditions.iter().enumerate().map(condition).collect()
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
    list.push(NamedArray::new("area_names", names.join(",").as_str()));
    list
}
