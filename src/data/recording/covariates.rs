//! Covariates from tables.

use super::deeplabcut;
use super::session::Covariate;
use super::settings::CovariateSettings;
use super::table::{Table, plain};
use crate::error::{Error, Result};
use std::path::Path;

/// Names of a column of times.
const TIME: &[&str] = &["time", "time (s)", "times", "timestamp", "timestamps", "t"];

/// All columns of a table with a column of times; those without a name are left out.
///
/// # Errors
/// If it is no such table, a cell is no number, or times do not ascend.
pub(super) fn all(path: &Path) -> Result<Vec<Covariate>> {
    let is_header =
        |header: &csv::StringRecord| header.iter().any(|column| TIME.iter().any(|name| plain(name) == plain(column)));
    let table = Table::read(path, is_header, "a column time, and one for each covariate")?;
    let time = table.required(TIME, "")?;
    let times = times_of(&table, time)?;
    let columns = table.header.iter().enumerate().filter(|(i, name)| *i != time && !name.is_empty());
    columns
        .map(|(i, name)| Ok(Covariate { name: name.into(), times: times.clone(), values: samples(&table, i)? }))
        .collect()
}

/// The covariate that `settings` describe, from its file at `path`; and how long it lasts if only its rate says so.
///
/// # Errors
/// As [`all`], and if a column is missing, or nothing says when samples were taken.
pub(super) fn one(path: &Path, settings: &CovariateSettings) -> Result<(Covariate, Option<f64>)> {
    if let Some(points) = &settings.points {
        let values = deeplabcut::distance(path, points, settings.likelihood)?;
        let rate =
            settings.rate.ok_or_else(|| no_times(path, settings, "a DeepLabCut export, whose rows are frames"))?;
        return Ok(at_rate(settings, values, rate));
    }
    let named = settings.column.as_deref().unwrap_or(&settings.name);
    let is_header = |header: &csv::StringRecord| header.iter().any(|column| plain(column) == plain(named));
    let table = Table::read(path, is_header, &format!("a column {named}"))?;
    let column = table.required(&[named], "")?;
    let values = samples(&table, column)?;
    let time = match &settings.time_column {
        Some(name) => Some(table.required(&[name], "Correct `time_column`.")?),
        None if settings.rate.is_none() => table.column(TIME),
        None => None,
    };
    match (time, settings.rate) {
        (Some(time), _) => {
            let times = times_of(&table, time)?.into_iter().map(|t| t + settings.offset_s).collect();
            Ok((Covariate { name: settings.name.clone(), times, values }, None))
        }
        (None, Some(rate)) => Ok(at_rate(settings, values, rate)),
        (None, None) => Err(no_times(path, settings, &format!("the columns {}", table.listing()))),
    }
}

fn at_rate(settings: &CovariateSettings, values: Vec<f64>, rate: f64) -> (Covariate, Option<f64>) {
    let times = (0..values.len()).map(|i| i as f64 / rate + settings.offset_s).collect();
    let lasts = values.len() as f64 / rate;
    (Covariate { name: settings.name.clone(), times, values }, Some(lasts))
}

fn no_times(path: &Path, settings: &CovariateSettings, found: &str) -> Error {
    let remedy = "Name the column of times as `time_column`, or give the samples a second as `rate`.";
    let place = format!("the covariate {}", settings.name);
    Error::variable(path, &place, "something that says when each sample was taken", found, remedy)
}

fn samples(table: &Table, column: usize) -> Result<Vec<f64>> {
    let finite = |v: f64| if v.is_finite() { v } else { f64::NAN };
    table.rows.iter().map(|row| table.sample(row, column, "a number").map(finite)).collect()
}

/// A column of times, which must ascend.
fn times_of(table: &Table, column: usize) -> Result<Vec<f64>> {
    let times: Vec<f64> = table.rows.iter().map(|row| table.time(row, column)).collect::<Result<_>>()?;
    match times.windows(2).position(|pair| pair[1] <= pair[0]) {
        Some(i) => {
            let expected = format!("a time after {} s, that of the line before", times[i]);
            Err(table.error(
                &table.rows[i + 1],
                column,
                &expected,
                "Sort the lines by time, and leave out repeated ones.",
            ))
        }
        None => Ok(times),
    }
}
