//! Recorded firing rates.

use super::array_file::ArrayFile;
use super::arrays::shape_text;
use crate::error::Result;
use ndarray::{Array1, Array2, Ix2};
use std::path::{Path, PathBuf};

/// The rates of one condition.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionRates {
    /// Name of the variable they were read from, e.g. `FR1`.
    pub variable: String,
    /// Rates in 0…1 (after normalisation), `[N × bins]`.
    pub rates: Array2<f32>,
    /// Given r at t = 0, `[N]`, where the file has it (`IC_FR1`).
    pub initial_r: Option<Array1<f32>>,
    /// Given x at t = 0, `[N]`, where the file has it (`IC_X1`).
    pub initial_x: Option<Array1<f32>>,
}

/// Recorded rates of one population in all conditions of a task, which may be ragged (different bin counts).
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// The file they were read from.
    pub file: PathBuf,
    /// The conditions, in the task's order.
    pub conditions: Vec<ConditionRates>,
    /// What the rates of each neuron were divided by, where a normalisation was asked for.
    pub factors: Option<NormalizationFactors>,
}

/// How rates outside 0…1 are brought there, per neuron over all conditions that are trained on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Normalization {
    /// Rates must be in 0…1 already.
    #[default]
    None,
    /// Divided by the neuron's largest rate.
    Peak,
    /// Divided by the neuron's largest rate plus 5 (in the file's unit, usually spikes/s), so that weakly firing
    /// neurons are not blown up.
    Soft,
}

/// What each neuron's rates were divided by, `[N]`, in the file's unit.
#[derive(Clone, Debug, PartialEq)]
pub struct NormalizationFactors(pub Vec<f32>);

/// The variables of one condition as the file has them.
struct RawCondition {
    variable: String,
    rates: Array2<f64>,
    initial_r: Option<(String, Array2<f64>)>,
    initial_x: Option<Array1<f32>>,
}

impl Recording {
    /// Reads the rates of `conditions` (variable names, e.g. `FR1`) from a MAT or npz file.
    ///
    /// Each variable is `[N × bins]`; the numbers of bins may differ. The state at t = 0 is optional: r as `IC_FR1`,
    /// x as `IC_X1`, rows or columns of N values, given for every condition or for none (`IC_NAME` and `IC_X_NAME` for a variable `NAME` that does not start
    /// with `FR`). A normalisation divides the rates of each neuron in all conditions by one factor, `IC_FR` included,
    /// which counts as a rate when the largest is looked for; a silent neuron keeps the factor 1. `IC_X` is left as it is: it is a state of the model, in units of the network's input, and not a rate.
    ///
    /// # Errors
    /// If the file cannot be read; a condition is missing, holds no bins, NaN, infinite, negative or (without a
    /// normalisation) larger rates than 1; a state is given for some conditions only; or the conditions differ in their number of neurons, or from `neurons`.
    pub fn read(
        path: &Path,
        conditions: &[String],
        neurons: Option<usize>,
        normalization: Normalization,
    ) -> Result<Self> {
        Self::read_holding_out(path, conditions, &[], neurons, normalization)
    }

    /// As [`Self::read`], with a normalisation that knows nothing of the conditions whose numbers (from 0) are in
    /// `held_out`: the largest rate is looked for in the others, and the rates of these may then exceed 1.
    ///
    /// # Errors
    /// As [`Self::read`], and if a normalisation finds nothing to divide the rates of a
    /// neuron by, which fires in held-out conditions only.
    pub fn read_holding_out(
        path: &Path,
        conditions: &[String],
        held_out: &[usize],
        neurons: Option<usize>,
        normalization: Normalization,
    ) -> Result<Self> {
        let file = ArrayFile::open(path)?;
        check_present(&file, conditions)?;
        let mut raw: Vec<RawCondition> = Vec::with_capacity(conditions.len());
        for variable in conditions {
            let first = raw.first().map(|c| (c.variable.as_str(), c.rates.nrows()));
            raw.push(read_condition(&file, variable, neurons, first)?);
        }
        check_complete(&file, &raw)?;
        let factors = match normalization {
            Normalization::None => {
                check_at_most_one(&file, &raw)?;
                None
            }
            Normalization::Peak => Some(factors(&file, &raw, held_out, 0.0)?),
            Normalization::Soft => Some(factors(&file, &raw, held_out, 5.0)?),
        };
        let conditions = raw.into_iter().map(|c| c.scaled(factors.as_deref())).collect();
        let factors = factors.map(|f| NormalizationFactors(f.into_iter().map(|v| v as f32).collect()));
        Ok(Self { file: path.to_path_buf(), conditions, factors })
    }

    /// N (0 without conditions).
    pub fn neurons(&self) -> usize {
        self.conditions.first().map_or(0, |c| c.rates.nrows())
    }
}

impl RawCondition {
    fn scaled(self, factors: Option<&[f64]>) -> ConditionRates {
        let scale = |array: Array2<f64>| match factors {
            None => array.mapv(|v| v as f32),
            Some(f) => Array2::from_shape_fn(array.dim(), |(i, b)| (array[[i, b]] / f[i]) as f32),
        };
        ConditionRates {
            variable: self.variable,
            rates: scale(self.rates).as_standard_layout().into_owned(),
            initial_r: self.initial_r.map(|(_, r)| scale(r).column(0).to_owned()),
            initial_x: self.initial_x,
        }
    }

    /// All arrays of rates, with the names of their variables.
    fn rates_and_initial(&self) -> impl Iterator<Item = (&str, &Array2<f64>)> {
        let initial = self.initial_r.iter().map(|(name, r)| (name.as_str(), r));
        std::iter::once((self.variable.as_str(), &self.rates)).chain(initial)
    }
}

fn check_present(file: &ArrayFile, conditions: &[String]) -> Result<()> {
    let missing: Vec<&str> = conditions.iter().map(String::as_str).filter(|c| !file.contains(c)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let expected = "[neurons × bins] firing rates under each of these names";
    Err(file.error(
        &missing.join(", "),
        expected,
        file.listing(),
        "Rename the variables, or give a task that names them.",
    ))
}

fn read_condition(
    file: &ArrayFile,
    variable: &str,
    neurons: Option<usize>,
    first: Option<(&str, usize)>,
) -> Result<RawCondition> {
    let array = file.array(variable)?;
    let shape = shape_text(array.shape());
    let Ok(rates) = array.into_dimensionality::<Ix2>() else {
        return Err(file.error(variable, "[neurons × bins] firing rates", shape, ""));
    };
    let (n, bins) = rates.dim();
    let expected = neurons.map(|n| (n, String::new()));
    let expected = expected.or(first.map(|(name, n)| (n, format!(" as in {name}"))));
    if let Some((expected, source)) = expected.filter(|(expected, _)| *expected != n) {
        let remedy = if bins == expected { "The array looks transposed: rows are neurons." } else { "" };
        return Err(file.error(variable, format!("{expected} rows (neurons){source}"), shape, remedy));
    }
    if n == 0 || bins == 0 {
        return Err(file.error(variable, "at least one neuron and one bin", shape, ""));
    }
    check_rates(file, variable, &rates)?;

    let (name_r, name_x) = initial_names(variable);
    let initial =
        |name: &str| file.contains(name).then(|| file.vector(name, "values, one per neuron,", Some(n))).transpose();
    let initial_r = match initial(&name_r)? {
        None => None,
        Some(values) => {
            let column = Array2::from_shape_fn((n, 1), |(i, _)| values[i]);
            check_rates(file, &name_r, &column)?;
            Some((name_r, column))
        }
    };
    let initial_x: Option<Array1<f32>> = initial(&name_x)?.map(|v| v.into_iter().map(|x| x as f32).collect());
    if let Some(i) = initial_x.as_ref().and_then(|x| x.iter().position(|x| !x.is_finite())) {
        return Err(file.error(&name_x, "finite values", format!("NaN or infinity for neuron {}", i + 1), ""));
    }
    Ok(RawCondition { variable: variable.into(), rates, initial_r, initial_x })
}

/// The variables that hold r and x at t = 0 of the condition `variable`.
fn initial_names(variable: &str) -> (String, String) {
    match variable.strip_prefix("FR") {
        Some(number) => (format!("IC_FR{number}"), format!("IC_X{number}")),
        None => (format!("IC_{variable}"), format!("IC_X_{variable}")),
    }
}

fn check_rates(file: &ArrayFile, variable: &str, rates: &Array2<f64>) -> Result<()> {
    let bad = |v: f64| !v.is_finite() || v < 0.0;
    let Some(((i, b), value)) = rates.indexed_iter().find(|(_, v)| bad(**v)) else { return Ok(()) };
    let count = rates.iter().filter(|v| bad(**v)).count();
    let others = if count > 1 { format!(" (and {} more such values)", count - 1) } else { String::new() };
    let found = format!("{value} in row {}, column {}{others}", i + 1, b + 1);
    let remedy = if value.is_finite() {
        "Rates below 0 (from a baseline subtraction or z-scores, say) cannot be modelled: save the rates themselves."
    } else {
        "Leave out the neurons or bins without data, or fill them in."
    };
    Err(file.error(variable, "finite firing rates of 0 or more", found, remedy))
}

/// Checks that r, and x, at t = 0 are given for every condition or for none: where only some are, the others have
/// most likely been lost.
fn check_complete(file: &ArrayFile, raw: &[RawCondition]) -> Result<()> {
    let r = raw.iter().map(|c| (initial_names(&c.variable).0, c.initial_r.is_some()));
    let x = raw.iter().map(|c| (initial_names(&c.variable).1, c.initial_x.is_some()));
    for states in [r.collect::<Vec<_>>(), x.collect()] {
        let of = |given: bool| states.iter().find(|(_, g)| *g == given);
        if let (Some((with, _)), Some((without, _))) = (of(true), of(false)) {
            let found = format!("{with} but not {without}");
            return Err(file.error(without, "a given state for every condition or for none", found, ""));
        }
    }
    Ok(())
}

fn check_at_most_one(file: &ArrayFile, raw: &[RawCondition]) -> Result<()> {
    let all = raw.iter().flat_map(RawCondition::rates_and_initial);
    let values = all.flat_map(|(name, rates)| rates.indexed_iter().map(move |(at, v)| (name, at, *v)));
    match values.max_by(|a, b| a.2.total_cmp(&b.2)) {
        Some((name, (i, b), largest)) if largest > 1.0 => Err(file.error(
            name,
            "firing rates in 0…1",
            format!("a maximum of {largest} (row {}, column {})", i + 1, b + 1),
            "Give --normalize peak or --normalize soft to scale each neuron's rates.",
        )),
        _ => Ok(()),
    }
}

/// Each neuron's largest rate in the conditions that are not held out plus `offset`, or 1 for a silent neuron.
fn factors(file: &ArrayFile, raw: &[RawCondition], held_out: &[usize], offset: f64) -> Result<Vec<f64>> {
    let of = |held: bool| raw.iter().enumerate().filter(move |(c, _)| held_out.contains(c) == held).map(|(_, c)| c);
    let largest = largest_rates(raw, of(false));
    let beyond = largest_rates(raw, of(true));
    if let Some(i) = (0..largest.len()).find(|i| largest[*i] == 0.0 && beyond[*i] > 0.0) {
        let found =
            format!("a neuron, in row {}, that is silent in all of them and fires in a held-out condition", i + 1);
        let remedy = "Leave the neuron out, hold out other conditions, or save rates in 0…1 and normalise nothing.";
        return Err(file.error(
            "firing rates",
            "neurons that fire in the conditions that are trained on",
            found,
            remedy,
        ));
    }
    Ok(largest.into_iter().map(|m| if m > 0.0 { m + offset } else { 1.0 }).collect())
}

/// Each neuron's largest rate in `conditions`, `[N]`, 0 where there are none.
fn largest_rates<'a>(raw: &[RawCondition], conditions: impl Iterator<Item = &'a RawCondition>) -> Vec<f64> {
    let mut largest = vec![0.0_f64; raw.first().map_or(0, |c| c.rates.nrows())];
    for (_, rates) in conditions.flat_map(RawCondition::rates_and_initial) {
        for (largest, row) in largest.iter_mut().zip(rates.rows()) {
            *largest = row.iter().fold(*largest, |m, v| m.max(*v));
        }
    }
    largest
}
