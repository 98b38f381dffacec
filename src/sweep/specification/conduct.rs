//! What a specification says besides settings: the objective, seeds, halving, confirmation, what is kept.

use super::fields::{Fields, check_repeated, list, whole};
use crate::error::{Error, Result, ensure};
use toml::Value;

/// What settings are ranked by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Objective {
    /// The lowest loss of a run, its regulariser included: of settings that differ in either it says little.
    Loss,
    /// The median over neurons of R², on the conditions that were trained on.
    #[default]
    MedianR2,
    /// R² of all neurons and bins of the conditions that were held out.
    HeldOutR2,
}

impl Objective {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Loss, Self::MedianR2, Self::HeldOutR2];

    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::MedianR2 => "median_r2",
            Self::HeldOutR2 => "held_out_r2",
        }
    }

    /// Whether the lowest value is the best.
    pub fn lower_is_better(self) -> bool {
        match self {
            Self::Loss => true,
            Self::MedianR2 | Self::HeldOutR2 => false,
        }
    }

    pub(super) fn read(value: &Value) -> Result<Self> {
        let name = value.as_str().unwrap_or_default();
        Self::ALL.into_iter().find(|o| o.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name);
            Error::input(format!("`objective = {value}`: expected {}.", names.join(", ")))
        })
    }
}

/// Successive halving: at each rung only the best settings go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Halving {
    /// Steps after which settings are compared, rising.
    pub rungs: Vec<u32>,
    /// The share that goes on, between 0 and 1.
    pub keep: f64,
    /// Settings that are compared with each other; `None` for all of a group.
    pub cohort: Option<usize>,
}

impl Halving {
    pub(super) fn read(section: Value) -> Result<Self> {
        let mut fields = Fields::of("[halving]", section, &["rungs", "keep", "cohort"])?;
        let place = "[halving] `rungs`";
        let rungs = list(place, fields.required("rungs")?)?;
        let rung = |value: &Value| {
            let rung = whole(place, value, 1)?;
            u32::try_from(rung).map_err(|_| Error::input(format!("{place}: {rung} is more steps than any run has.")))
        };
        let rungs = rungs.iter().map(rung).collect::<Result<Vec<_>>>()?;
        if let Some((rung, next)) = rungs.iter().zip(&rungs[1..]).find(|(rung, next)| rung >= next) {
            return Err(Error::input(format!("{place} must rise: {rung} is followed by {next}.")));
        }
        let keep = fields.required("keep")?;
        let share = keep.as_float().filter(|share| *share > 0.0 && *share < 1.0);
        let share = share.ok_or_else(|| {
            Error::input(format!(
                "[halving] `keep`: expected the share of settings that go on, above 0 and below 1, found {keep}."
            ))
        })?;
        let cohort = fields.count("cohort", 2)?.map(|n| n as usize);
        Ok(Self { rungs, keep: share, cohort })
    }
}

/// The best settings are trained again, on fresh seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Confirm {
    /// How many settings.
    pub top: usize,
    /// The fresh seeds of each.
    pub seeds: Vec<u64>,
}

impl Confirm {
    /// The section, in a sweep of these seeds.
    pub(super) fn read(section: Value, used: &[u64]) -> Result<Self> {
        let mut fields = Fields::of("[confirm]", section, &["top", "seeds"])?;
        let top =
            fields.count("top", 1)?.ok_or_else(|| Error::input("[confirm] lacks `top`, the number of settings."))?;
        let place = "[confirm] `seeds`";
        let after = used.iter().max().map_or(0, |last| last + 1);
        let seeds = read_seeds(place, fields.required("seeds")?, after)?;
        if let Some(seed) = seeds.iter().find(|seed| used.contains(seed)) {
            return Err(Error::input(format!(
                "{place}: confirm seeds that were used confirm nothing: {seed} is one of `seeds`, by which the best are chosen. Give others, or their number alone."
            )));
        }
        Ok(Self { top: top as usize, seeds })
    }
}

/// What of the runs is kept besides numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Of how many of the best runs weights are kept; `None` for all.
    pub weights: Option<usize>,
    /// Of how many of the best runs a page is written.
    pub reports: usize,
}

impl Default for Keep {
    fn default() -> Self {
        Self { weights: None, reports: 3 }
    }
}

impl Keep {
    pub(super) fn read(section: Value) -> Result<Self> {
        let mut fields = Fields::of("[keep]", section, &["weights", "reports"])?;
        let weights = match fields.take("weights") {
            None => None,
            Some(Value::String(all)) if all == "all" => None,
            Some(number @ Value::Integer(_)) => Some(whole("[keep] `weights`", &number, 0)? as usize),
            Some(other) => {
                return Err(Error::input(format!(
                    "[keep] `weights`: expected \"all\" or the number of best runs whose weights are kept, found {other}."
                )));
            }
        };
        let reports = fields.count("reports", 0)?.map_or(Self::default().reports, |n| n as usize);
        Ok(Self { weights, reports })
    }
}

/// Seeds from a list, or as many as a number says from `first` on.
pub(super) fn read_seeds(place: &str, value: Value, first: u64) -> Result<Vec<u64>> {
    // A configuration file holds no larger number.
    let last = i64::MAX as u64;
    if let Value::Integer(_) = value {
        let count = whole(place, &value, 1)?;
        // Each has runs of its own.
        ensure!(count <= 100_000, "{place}: expected at most 100000 seeds, found {count}.");
        ensure!(
            first.checked_add(count - 1).is_some_and(|seed| seed <= last),
            "{place}: there are no {count} seeds from {first} on: the last one must stay below 2^63. Give a list."
        );
        return Ok((first..first + count).collect());
    }
    let Value::Array(_) = value else {
        return Err(Error::input(format!("{place}: expected a number of seeds or a list of them, found {value}.")));
    };
    let seeds = list(place, value)?.iter().map(|seed| whole(place, seed, 0)).collect::<Result<Vec<_>>>()?;
    check_repeated(place, &seeds)?;
    Ok(seeds)
}

/// Seeds as files hold them.
pub(super) fn seeds_value(seeds: &[u64]) -> Value {
    Value::Array(seeds.iter().map(|seed| Value::Integer(*seed as i64)).collect())
}

/// `n` as files hold it.
pub(super) fn count_value(n: usize) -> Value {
    Value::Integer(n as i64)
}
