//! Quantities that were measured beside the activity.

use super::super::hdf5::{Hdf5, Object};
use super::super::session::Covariate;
use super::super::settings::{CovariateSettings, RecordingSettings};
use super::clock;
use super::walk::{Contents, Found, Kind, label};
use crate::error::{Result, ensure};
use std::collections::BTreeMap;

/// Series that are images, raw voltages or notes.
const NO_COVARIATES: [&str; 10] = [
    "ImageSeries",
    "TwoPhotonSeries",
    "OnePhotonSeries",
    "OpticalSeries",
    "ImageMaskSeries",
    "IndexSeries",
    "ElectricalSeries",
    "SpikeEventSeries",
    "AnnotationSeries",
    "CurrentClampSeries",
];
/// A series with more columns is no covariate, unless it is asked for.
const MOST_COLUMNS: usize = 6;
/// What the columns of positions are called.
const AXES: [&str; 3] = ["x", "y", "z"];

/// The covariates of a file: those that the settings name, or else all that are found.
pub(super) fn read(
    file: &Hdf5,
    contents: &Contents,
    activity: Option<&Object>,
    settings: &RecordingSettings,
    remarks: &mut Vec<String>,
) -> Result<Vec<Covariate>> {
    let named: Vec<&CovariateSettings> =
        settings.covariates.iter().filter(|c| c.file.is_none() && c.column.is_some()).collect();
    if named.is_empty() {
        return all(file, contents, activity, remarks);
    }
    named.into_iter().map(|covariate| one(file, contents, covariate)).collect()
}

/// All series that can be covariates; what cannot be read is said.
fn all(
    file: &Hdf5,
    contents: &Contents,
    activity: Option<&Object>,
    remarks: &mut Vec<String>,
) -> Result<Vec<Covariate>> {
    let is_covariate = |found: &&Found| {
        !NO_COVARIATES.contains(&found.kind_name.as_str()) && activity.is_none_or(|own| own.path != found.object.path)
    };
    let series: Vec<&Found> = contents.all(Kind::Series).filter(is_covariate).collect();
    let mut counts = BTreeMap::new();
    for found in &series {
        *counts.entry(found.object.name()).or_insert(0) += 1;
    }
    let mut covariates = Vec::new();
    for found in &series {
        // A name that several have comes with its path.
        let name = if counts[found.object.name()] == 1 { found.object.name() } else { found.label() };
        match columns(file, found, MOST_COLUMNS).and_then(|columns| covariates_of(file, found, name, &columns, None)) {
            Ok(read) => covariates.extend(read),
            Err(error) => remarks.push(format!("Left out as a covariate: {error}")),
        }
    }
    Ok(covariates)
}

/// The covariate that a setting names: a series, or a column of one behind its name and a blank.
fn one(file: &Hdf5, contents: &Contents, setting: &CovariateSettings) -> Result<Covariate> {
    let asked = setting.column.as_deref().unwrap_or_default();
    let fitting: Vec<(&Found, Option<&str>)> =
        contents.all(Kind::Series).filter_map(|found| fits(found, asked)).collect();
    let place = file.path().display();
    ensure!(
        fitting.len() < 2,
        "{place}: `column = \"{asked}\"`: expected one series, found {}. Name the one that is meant by its path.",
        fitting.iter().map(|(found, _)| found.label()).collect::<Vec<_>>().join(", ")
    );
    let Some((found, axis)) = fitting.first() else {
        let there: Vec<&str> = contents.all(Kind::Series).map(Found::label).collect();
        let there = if there.is_empty() { "none at all".to_string() } else { there.join(", ") };
        return Err(file.fault(
            asked,
            "a series of this name for a covariate",
            there,
            "Name one of these in `column`.",
        ));
    };
    let columns = columns(file, found, usize::MAX)?;
    let name = if setting.name.is_empty() { asked } else { &setting.name };
    let read = covariates_of(file, found, name, &columns, setting.rate)?;
    let count = read.len();
    let mut chosen: Vec<Covariate> =
        read.into_iter().zip(columns.suffixes).filter(|(_, s)| axis.is_none_or(|a| a == s)).map(|(c, _)| c).collect();
    let (Some(mut covariate), true) = (chosen.pop(), chosen.is_empty()) else {
        let expected = "one column, by its name or number behind the name of the series and a blank";
        return Err(file.fault(&found.object.path, expected, format!("{count} columns"), "Name one in `column`."));
    };
    covariate.name = name.to_string();
    covariate.times.iter_mut().for_each(|t| *t += setting.offset_s);
    Ok(covariate)
}

/// Whether `asked` names a series, or a column of it.
fn fits<'a>(found: &'a Found, asked: &'a str) -> Option<(&'a Found, Option<&'a str>)> {
    if found.is(asked) {
        return Some((found, None));
    }
    let (series, axis) = asked.rsplit_once(' ')?;
    found.is(series).then_some((found, Some(axis)))
}

/// The data of a series, its samples, and what stands behind its name for each column.
struct Columns {
    data: Object,
    samples: usize,
    suffixes: Vec<String>,
}

fn columns(file: &Hdf5, found: &Found, most: usize) -> Result<Columns> {
    let fault = |found_: String| {
        let expected = format!("one to {MOST_COLUMNS} columns of numbers");
        Err(file.fault(label(&found.object.path), expected, found_, "Name it in `column` if it is one."))
    };
    let Some(data) = file.member(&found.object, "data")?.filter(|data| data.is_dataset) else {
        return fault("no dataset `data`".into());
    };
    let (samples, columns) = match file.shape(&data)?.as_slice() {
        [samples] => (*samples, 1),
        [samples, columns] if (1..=most).contains(columns) => (*samples, *columns),
        shape => return fault(format!("{shape:?} values")),
    };
    if !file.is_numeric(&data)? {
        return fault("texts".into());
    }
    let is_position = found.kind_name == "SpatialSeries" && columns <= AXES.len();
    let suffix = |k: usize| if is_position { AXES[k].to_string() } else { (k + 1).to_string() };
    Ok(Columns { data, samples, suffixes: (0..columns).map(suffix).collect() })
}

/// A covariate for each column of a series.
fn covariates_of(
    file: &Hdf5,
    found: &Found,
    name: &str,
    columns: &Columns,
    rate: Option<f64>,
) -> Result<Vec<Covariate>> {
    let times = clock::times(file, &found.object, columns.samples, rate, "rate")?;
    let (conversion, offset) = clock::scale(file, &columns.data)?;
    let values = file.numbers(&columns.data)?;
    let width = columns.suffixes.len();
    let covariate = |(k, suffix): (usize, &String)| Covariate {
        name: if width == 1 { name.to_string() } else { format!("{name} {suffix}") },
        times: times.clone(),
        values: values.iter().skip(k).step_by(width).map(|v| v * conversion + offset).collect(),
    };
    Ok(columns.suffixes.iter().enumerate().map(covariate).collect())
}
