//! Recorded firing rates.

use super::array_file::ArrayFile;
use super::arrays::shape_text;
use super::rounding;
use crate::error::{Error, Result};
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
pub struct FiringRates {
    /// The file they were read from.
    pub file: PathBuf,
    /// The conditions, in the task's order.
    pub conditions: Vec<ConditionRates>,
    /// What the rates of each neuron were divided by, where a normalisation was asked for.
    pub factors: Option<NormalizationFactors>,
    /// Neurons, by number from 0, whose rates were nothing but rounding errors and are 0 here.
    pub silenced: Vec<usize>,
}

/// How rates outside 0…1 are brought there, per neuron over all conditions that are trained on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
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

/// The rates of one condition as they were recorded, in any unit.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedCondition {
    /// Name of the variable that holds them, e.g. `FR1`; the task's condition says which is its own.
    pub variable: String,
    /// Rates, `[N × bins]`.
    pub rates: Array2<f64>,
    /// r at t = 0 in the unit of the rates, `[N]` (`IC_FR1`), for all conditions or for none.
    pub initial_r: Option<Array1<f64>>,
    /// x at t = 0, `[N]` (`IC_X1`), for all conditions or for none.
    pub initial_x: Option<Array1<f64>>,
}

impl From<&ConditionRates> for RecordedCondition {
    fn from(condition: &ConditionRates) -> Self {
        let wide = |state: &Option<Array1<f32>>| state.as_ref().map(|s| s.mapv(f64::from));
        Self {
            variable: condition.variable.clone(),
            rates: condition.rates.mapv(f64::from),
            initial_r: wide(&condition.initial_r),
            initial_x: wide(&condition.initial_x),
        }
    }
}

impl FiringRates {
    /// The recording of these conditions, checked and normalised; `source` is how errors name where they come from.
    ///
    /// Rates below 0 by no more than rounding (1e-12 of the largest rate of all, 1e-6 where all are numbers of single
    /// precision) are taken as 0, and so are those of a neuron that has none above that in a condition: it is silent there.
    ///
    /// A normalisation divides the rates of each neuron in all conditions by one factor, r at t = 0 included, which counts
    /// as a rate when the largest is looked for; a silent neuron keeps the factor 1. x at t = 0 is left as it is: it is a
    /// state of the model, in units of the network's input, and not a rate. A normalisation knows nothing of the conditions
    /// whose numbers (from 0) are in `held_out`: their rates may then exceed 1.
    ///
    /// # Errors
    /// If a condition holds no bins, NaN, infinite, negative or (without a normalisation) larger rates than 1; a state is
    /// given for some conditions only; the conditions differ in their number of neurons; or a normalisation finds nothing
    /// to divide the rates of a neuron by, which fires in held-out conditions only.
    pub fn new(
        source: &Path,
        mut recorded: Vec<RecordedCondition>,
        held_out: &[usize],
        normalization: Normalization,
    ) -> Result<Self> {
        let silenced = check_all(source, &mut recorded)?;
        let factors = match normalization {
            Normalization::None => {
                check_at_most_one(source, &recorded)?;
                None
            }
            Normalization::Peak => Some(factors(source, &recorded, held_out, 0.0)?),
            Normalization::Soft => Some(factors(source, &recorded, held_out, 5.0)?),
        };
        let conditions = recorded.into_iter().map(|c| c.scaled(factors.as_deref())).collect();
        let factors = factors.map(|f| NormalizationFactors(f.into_iter().map(|v| v as f32).collect()));
        Ok(Self { file: source.to_path_buf(), conditions, factors, silenced })
    }

    /// The recording of these conditions, checked and divided by `factors`, which belong to another recording of the same
    /// neurons: rates may then exceed 1.
    ///
    /// # Errors
    /// As [`Self::new`], and if the factors are those of another number of neurons.
    pub fn divided_by(
        source: &Path,
        mut recorded: Vec<RecordedCondition>,
        factors: NormalizationFactors,
    ) -> Result<Self> {
        let silenced = check_all(source, &mut recorded)?;
        let (given, neurons) = (factors.0.len(), recorded.first().map_or(0, |c| c.rates.nrows()));
        if given != neurons {
            let (expected, found) = (format!("{given} neurons, as in the training"), neurons.to_string());
            return Err(Error::variable(source, "firing rates", expected, found, ""));
        }
        let wide: Vec<f64> = factors.0.iter().copied().map(f64::from).collect();
        let conditions = recorded.into_iter().map(|c| c.scaled(Some(&wide))).collect();
        Ok(Self { file: source.to_path_buf(), conditions, factors: Some(factors), silenced })
    }

    /// N (0 without conditions).
    pub fn neurons(&self) -> usize {
        self.conditions.first().map_or(0, |c| c.rates.nrows())
    }
}

impl RecordedCondition {
    /// Reads the conditions of these variables (e.g. `FR1`) from a MAT or npz file, each `[N × bins]`; the numbers of bins
    /// may differ. The state at t = 0 is optional: r as `IC_FR1`, x as `IC_X1`, rows or columns of N values (`IC_NAME` and
    /// `IC_X_NAME` for a variable `NAME` that does not start with `FR`).
    ///
    /// # Errors
    /// If the file cannot be read, or a variable is missing (all are named) or no matrix.
    pub fn read_all(path: &Path, variables: &[String]) -> Result<Vec<Self>> {
        let file = ArrayFile::open(path)?;
        check_present(&file, variables)?;
        variables.iter().map(|variable| Self::read(&file, variable)).collect()
    }

    fn read(file: &ArrayFile, variable: &str) -> Result<Self> {
        let array = file.array(variable)?;
        let (shape, axes) = (shape_text(array.shape()), array.ndim());
        let Ok(rates) = array.into_dimensionality::<Ix2>() else {
            let remedy = if axes > 2 { STACKED } else { "Give it a second dimension: a row per neuron." };
            return Err(file.error(variable, "[neurons × bins] firing rates", shape, remedy));
        };
        let (name_r, name_x) = initial_names(variable);
        let initial = |name: &str| {
            let values = || file.vector(name, "values, one per neuron,", None);
            file.contains(name).then(|| values().map(Array1::from)).transpose()
        };
        let (initial_r, initial_x) = (initial(&name_r)?, initial(&name_x)?);
        Ok(Self { variable: variable.into(), rates, initial_r, initial_x })
    }

    /// Refuses rates whose columns are as many as a population has neurons, of which `known` has the possible sizes, and
    /// whose rows are not.
    ///
    /// # Errors
    /// Saying that they look transposed.
    pub(crate) fn check_orientation(&self, source: &Path, known: &[usize]) -> Result<()> {
        let (rows, columns) = self.rates.dim();
        if known.contains(&rows) || !known.contains(&columns) {
            return Ok(());
        }
        let (expected, found) = (format!("{columns} rows, one per neuron"), shape_text(self.rates.shape()));
        Err(Error::variable(source, &self.variable, expected, found, TRANSPOSED))
    }

    /// Refuses what are no rates, or not those of as many neurons as in the `first` condition.
    fn check(&self, source: &Path, first: Option<&(String, usize)>) -> Result<()> {
        let (variable, (n, bins)) = (&self.variable, self.rates.dim());
        let shape = shape_text(self.rates.shape());
        if let Some((name, expected)) = first.filter(|(_, expected)| *expected != n) {
            let remedy = if bins == *expected { TRANSPOSED } else { "" };
            let expected = format!("{expected} rows (neurons) as in {name}");
            return Err(Error::variable(source, variable, expected, shape, remedy));
        }
        if n == 0 || bins == 0 {
            return Err(Error::variable(source, variable, "at least one neuron and one bin", shape, ""));
        }
        let (name_r, name_x) = initial_names(variable);
        for (name, state) in [(&name_r, &self.initial_r), (&name_x, &self.initial_x)] {
            if let Some(state) = state.as_ref().filter(|state| state.len() != n) {
                let found = shape_text(state.shape());
                return Err(Error::variable(source, name, format!("{n} values, one per neuron"), found, ""));
            }
        }
        // A state of the model is kept in f32, which holds less than f64.
        let finite = |x: &f64| (*x as f32).is_finite();
        if let Some(i) = self.initial_x.as_ref().and_then(|x| x.iter().position(|x| !finite(x))) {
            let found = format!("NaN or infinity for neuron {}", i + 1);
            return Err(Error::variable(source, &name_x, "finite values", found, ""));
        }
        Ok(())
    }

    /// Refuses rates that are not finite, or below 0 by more than `rounding`, given the `largest` of all rates.
    fn check_rates(&self, source: &Path, rounding: f64, largest: f64) -> Result<()> {
        let bad = |v: f64| !v.is_finite() || v < -rounding;
        for at_start in [false, true] {
            let bad = || self.values().filter(|(initial, _, v)| *initial == at_start && bad(*v));
            let Some((_, (i, b), value)) = bad().next() else { continue };
            let count = bad().count();
            let others = if count > 1 { format!(" (and {} more such values)", count - 1) } else { String::new() };
            let found = format!("{value} in row {}, column {}{others}", i + 1, b + 1);
            let remedy = if !value.is_finite() {
                "Leave out the neurons or bins without data, or fill them in."
            } else if bad().all(|(.., v)| v >= -rounding::SINGLE * largest) {
                "They look like rounding errors of a filter: set rates below 0 to 0."
            } else {
                "Rates below 0 (from a baseline subtraction or z-scores, say) cannot be modelled: save the rates themselves."
            };
            let variable = if at_start { &initial_names(&self.variable).0 } else { &self.variable };
            return Err(Error::variable(source, variable, "finite firing rates of 0 or more", found, remedy));
        }
        Ok(())
    }

    fn scaled(self, factors: Option<&[f64]>) -> ConditionRates {
        // Where nothing is divided, rates above 1 are so by rounding.
        let scale = |i: usize, v: f64| factors.map_or(v.min(1.0) as f32, |f| (v / f[i]) as f32);
        let (rates, initial_r) = (&self.rates, self.initial_r);
        ConditionRates {
            rates: Array2::from_shape_fn(rates.dim(), |(i, b)| scale(i, rates[[i, b]])),
            initial_r: initial_r.map(|r| Array1::from_shape_fn(r.len(), |i| scale(i, r[i]))),
            initial_x: self.initial_x.map(|x| x.mapv(|x| x as f32)),
            variable: self.variable,
        }
    }

    /// All rates: whether it is one at t = 0, row and column, value.
    fn values(&self) -> impl Iterator<Item = (bool, (usize, usize), f64)> + '_ {
        let rates = self.rates.indexed_iter().map(|(at, v)| (false, at, *v));
        let initial = self.initial_r.iter().flat_map(|r| r.indexed_iter());
        rates.chain(initial.map(|(i, v)| (true, (i, 0), *v)))
    }
}

const TRANSPOSED: &str = "The array looks transposed: rows are neurons, columns are bins.";
const STACKED: &str = "Take the mean over trials: where they are the third dimension, mean(FR1, 3) in MATLAB and FR1.mean(axis=2) in NumPy.";

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

/// The variables that hold r and x at t = 0 of the condition `variable`.
pub(crate) fn initial_names(variable: &str) -> (String, String) {
    match variable.strip_prefix("FR") {
        Some(number) => (format!("IC_FR{number}"), format!("IC_X{number}")),
        None => (format!("IC_{variable}"), format!("IC_X_{variable}")),
    }
}

/// Takes rates below 0 by rounding as 0, and those of a neuron that has no others in a condition; refuses what are no rates.
/// Returns the neurons that have no others in any condition.
fn clear_rounding(source: &Path, recorded: &mut [RecordedCondition]) -> Result<Vec<usize>> {
    let values = recorded.iter().flat_map(RecordedCondition::values).map(|(.., v)| v);
    let (top, rounding) = rounding::limit(values.filter(|v| v.is_finite()));
    recorded.iter().try_for_each(|c| c.check_rates(source, rounding, top))?;
    let largest = largest_rates(recorded, recorded.iter());
    let silenced = (0..largest.len()).filter(|i| largest[*i] > 0.0 && largest[*i] <= rounding).collect();
    let in_each: Vec<Vec<f64>> = recorded.iter().map(|c| largest_rates(recorded, std::iter::once(c))).collect();
    for (condition, largest) in recorded.iter_mut().zip(in_each) {
        let initial = condition.initial_r.iter_mut().flat_map(|r| r.indexed_iter_mut());
        for (i, rate) in condition.rates.indexed_iter_mut().map(|((i, _), rate)| (i, rate)).chain(initial) {
            *rate = if largest[i] <= rounding { 0.0 } else { rate.max(0.0) };
        }
    }
    Ok(silenced)
}

/// Refuses what are no rates of one population, and takes those below 0 by rounding as 0. Returns the neurons that have no
/// others.
fn check_all(source: &Path, recorded: &mut [RecordedCondition]) -> Result<Vec<usize>> {
    let first = recorded.first().map(|c| (c.variable.clone(), c.rates.nrows()));
    for (k, condition) in recorded.iter().enumerate() {
        condition.check(source, first.as_ref().filter(|_| k > 0))?;
    }
    let silenced = clear_rounding(source, recorded)?;
    check_complete(source, recorded)?;
    Ok(silenced)
}

/// Checks that r, and x, at t = 0 are given for every condition or for none: where only some are, the others have
/// most likely been lost.
fn check_complete(source: &Path, recorded: &[RecordedCondition]) -> Result<()> {
    let r = recorded.iter().map(|c| (initial_names(&c.variable).0, c.initial_r.is_some()));
    let x = recorded.iter().map(|c| (initial_names(&c.variable).1, c.initial_x.is_some()));
    for states in [r.collect::<Vec<_>>(), x.collect()] {
        let of = |given: bool| states.iter().find(|(_, g)| *g == given);
        if let (Some((with, _)), Some((without, _))) = (of(true), of(false)) {
            let found = format!("{with} but not {without}");
            return Err(Error::variable(source, without, "a given state for every condition or for none", found, ""));
        }
    }
    Ok(())
}

fn check_at_most_one(source: &Path, recorded: &[RecordedCondition]) -> Result<()> {
    let values = recorded.iter().flat_map(|c| c.values().map(move |value| (c, value)));
    match values.max_by(|a, b| a.1.2.total_cmp(&b.1.2)) {
        Some((c, (is_initial, (i, b), largest))) if largest > 1.0 + rounding::SINGLE => Err(Error::variable(
            source,
            &if is_initial { initial_names(&c.variable).0 } else { c.variable.clone() },
            "firing rates in 0…1",
            format!("a maximum of {largest} (row {}, column {})", i + 1, b + 1),
            "Give `normalize = peak` or `normalize = soft` to scale each neuron's rates.",
        )),
        _ => Ok(()),
    }
}

/// Each neuron's largest rate in the conditions that are not held out plus `offset`, or 1 for a silent neuron.
fn factors(source: &Path, raw: &[RecordedCondition], held_out: &[usize], offset: f64) -> Result<Vec<f64>> {
    let of = |held: bool| raw.iter().enumerate().filter(move |(c, _)| held_out.contains(c) == held).map(|(_, c)| c);
    let largest = largest_rates(raw, of(false));
    let beyond = largest_rates(raw, of(true));
    if let Some(i) = (0..largest.len()).find(|i| largest[*i] == 0.0 && beyond[*i] > 0.0) {
        let found =
            format!("a neuron, in row {}, that is silent in all of them and fires in a held-out condition", i + 1);
        let remedy = "Leave the neuron out, hold out other conditions, or save rates in 0…1 and normalise nothing.";
        return Err(Error::variable(
            source,
            "firing rates",
            "neurons that fire in the conditions that are trained on",
            found,
            remedy,
        ));
    }
    Ok(largest.into_iter().map(|m| if m > 0.0 { m + offset } else { 1.0 }).collect())
}

/// Each neuron's largest rate in `conditions`, `[N]`, 0 where there are none.
fn largest_rates<'a>(raw: &[RecordedCondition], conditions: impl Iterator<Item = &'a RecordedCondition>) -> Vec<f64> {
    let mut largest = vec![0.0_f64; raw.first().map_or(0, |c| c.rates.nrows())];
    for (_, (i, _), rate) in conditions.flat_map(RecordedCondition::values) {
        largest[i] = largest[i].max(rate);
    }
    largest
}
